"""What Redis says of itself is no fault of a document: PostgreSQL serves meanwhile."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from checkpoint_case import link_to
from faults.servers import OwnValkey, own_valkey
from faults.small_run import SmallRun, write_documents
from pydantic import SecretStr
from redis._parsers.base import BaseParser

from actors import diagnosis, service_diagnosis
from pipeline import assembly, identity
from pipeline.documents import StageName
from pipeline.errors import RedisAwayError, UnavailableError
from pipeline.settings import RunSettings, Settings
from pipeline.stores import embedded_valkey, postgres
from pipeline.stores.project_reader import failures
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_checkpoints import RedisCheckpoints
from pipeline.stores.redis_connection import connect
from pipeline.stores.redis_link import FAILURES, RedisLink
from pipeline.stores.redis_write_behind import RedisWriteBehind

PROJECT = "11111111-1111-5111-8111-111111111111"


def made(number: int = 1) -> Checkpoint:
    return Checkpoint(
        content=f"content-{number}", stage=StageName.OCR, fingerprint="f", digest="d", payload=b"x"
    )


def again_and_again(fast: RedisCheckpoints) -> None:
    while True:
        fast.get([made().key])


@pytest.fixture(scope="module")
def server() -> Iterator[OwnValkey]:
    with own_valkey() as server:
        yield server


@pytest.fixture
def link(server: OwnValkey) -> Iterator[RedisLink]:
    server.flush()
    link = link_to(server.url)
    yield link
    link.client.close()


@pytest.mark.parametrize(
    "said",
    [
        "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "NOPERM User default has no permissions to run the 'xadd' command",
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "ERR The user executing the script can't run this command or subcommand script: 1",
        "MOVED 3999 127.0.0.1:6381",
        "ASK 3999 127.0.0.1:6381",
        "CLUSTERDOWN Hash slot not served",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "UNBLOCKED force unblock from blocking operation, instance state changed",
        "LOADING Valkey is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "READONLY You can't write against a read only replica.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "NOREPLICAS Not enough good replicas to write.",
        "ERR unknown command 'EVALSHA', with args beginning with: 'f' '1'",
        "DENIED Redis is running in protected mode because protected mode is enabled",
        "NOSCRIPT No matching script.",
        "ERR Unknown Redis command called from script script: 8f6, on @user_script:3.",
        "ERR Unknown command called from script script: on @user_script:3.",
        "MISCONF Errors writing to the AOF file: script: 8f6, on @user_script:3.",
        "ERR Script killed by user with SCRIPT KILL. script: 8f6, on @user_script:1.",
        "SOMETHING that no version has said before",
    ],
)
@pytest.mark.parametrize("through_a_pipeline", [False, True])
def test_a_refusal_is_told_and_opens_the_breaker(
    link: RedisLink, said: str, through_a_pipeline: bool
) -> None:
    for _ in range(FAILURES):
        error = BaseParser.parse_error(said)
        if through_a_pipeline:
            link.client.pipeline().annotate_exception(error, 1, ("SET", "doc:1", "value"))
        with pytest.raises(RedisAwayError) as told, link.answering():
            raise error
        assert said.partition(" ")[2][:60] in str(told.value)
        assert "doc:1" not in str(told.value)
    assert said.partition(" ")[2][:60] in link.trouble
    with pytest.raises(RedisAwayError), link.answering():
        pytest.fail("Redis is asked again at once")


def test_a_fault_of_ours_comes_through(link: RedisLink) -> None:
    for _ in range(FAILURES + 1):
        link.client.set("text", "1")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"), link.answering() as client:
            client.lpush("text", "2")
        with (
            pytest.raises(redis.ResponseError, match="nonexistent global"),
            link.answering() as client,
        ):
            client.eval("return nothing.at.all", 0)
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"), link.answering() as client:
            client.eval("return redis.call('LPUSH', KEYS[1], '2')", 1, "text")
    with link.answering() as client:
        assert client.ping()


def test_a_user_who_may_not_write_any_more(server: OwnValkey, link: RedisLink) -> None:
    fast = RedisCheckpoints(link, 100)
    fast.put(PROJECT, [made(1)])
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-xadd")
        try:
            with pytest.raises(RedisAwayError, match="permissions"):
                fast.put(PROJECT, [made(2)])
        finally:
            client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert fast.put(PROJECT, [made(2)]) == [made(2)]


def test_a_script_that_does_not_end(server: OwnValkey, link: RedisLink) -> None:
    fast = RedisCheckpoints(link, 100)
    fast.put(PROJECT, [made(1)])

    def endless() -> None:
        with server.client() as client, pytest.raises(redis.ResponseError):
            client.eval("while true do end", 0)

    with server.client() as client:
        client.config_set("busy-reply-threshold", 20)
        busy = threading.Thread(target=endless)
        busy.start()
        try:
            with pytest.raises(RedisAwayError, match="busy running a script"):
                again_and_again(fast)
        finally:
            client.script_kill()
            busy.join()


def test_a_reader_whose_server_becomes_a_replica(server: OwnValkey, link: RedisLink) -> None:
    queue = RedisWriteBehind(link, "reader", 100)
    queue.read(1, 0)
    troubles: list[RedisAwayError] = []

    def read() -> None:
        while not troubles:
            try:
                queue.read(1, 900)
            except RedisAwayError as error:
                troubles.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    with server.client() as client:
        while not client.info("clients")["blocked_clients"]:
            pass
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            reader.join(30)
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")
    [trouble] = troubles
    assert "Redis refuses" in str(trouble)


def test_a_stream_that_is_flushed_while_it_is_waited_for(
    server: OwnValkey, link: RedisLink
) -> None:
    queue = RedisWriteBehind(link, "reader", 100)
    queue.read(1, 0)
    answers: list[object] = []
    reader = threading.Thread(target=lambda: answers.append(queue.read(1, 900)))
    reader.start()
    with server.client() as client:
        while not client.info("clients")["blocked_clients"]:
            pass
        client.flushall()
    reader.join(30)
    assert answers == [[]]


@contextmanager
def valkey_with(*options: str) -> Iterator[str]:
    """Run a Valkey with options that the embedded one has not, and give its URL."""
    with tempfile.TemporaryDirectory(prefix="casegraph-own-") as name:
        folder = Path(name)
        command = [
            str(embedded_valkey.binary()), "--unixsocket", str(folder / "valkey.sock"),
            "--dir", name, "--save", "", *options,
        ]  # fmt: skip
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            while not embedded_valkey.answers(folder):
                assert process.poll() is None, (folder / "log").read_text()
            yield embedded_valkey.url(folder)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def cluster_url() -> Iterator[str]:
    """Give the URL of a Valkey that is a cluster by itself, with no slot assigned."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, bus = one.getsockname()[1], other.getsockname()[1]
    with valkey_with(
        "--cluster-enabled", "yes", "--bind", "127.0.0.1",
        "--port", str(port), "--cluster-port", str(bus),
    ) as url:  # fmt: skip
        yield url


@pytest.fixture
def denied_url() -> Iterator[str]:
    """Give the URL of what answers like a Redis that takes no connection from here."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def deny() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.sendall(b"-DENIED Redis is running in protected mode\r\n")
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(1 << 16):
                            pass

        denying = threading.Thread(target=deny)
        denying.start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        listening.shutdown(socket.SHUT_RDWR)
        denying.join()


def pointed_at(settings: Settings, url: str) -> Settings:
    run = RunSettings(window=8, persist_seconds=0.02)
    return settings.model_copy(update={"redis_url": SecretStr(url), "run": run})


@pytest.mark.parametrize("command", ["EVALSHA", "XADD", "XAUTOCLAIM", "INFO"])
def test_a_command_that_was_renamed_fails_no_document(
    settings: Settings, tmp_path: Path, command: str
) -> None:
    write_documents(tmp_path / "documents", 6)
    with valkey_with("--port", "0", "--rename-command", command, "") as url:
        run = SmallRun(pointed_at(settings, url), tmp_path / "documents")
        assembly.open_services(run.settings)
        result = run()
    assert result.outcome == "finished", result.reason
    assert run.counts()["completed"] == result.completed >= 6
    if command != "XAUTOCLAIM":  # that is asked for by persistence alone
        assert result.mode == "database"
        assert "Redis refuses" in result.mode_reason


def test_a_server_that_takes_no_script_is_not_taken_for_one_that_answers_again() -> None:
    with valkey_with("--port", "0", "--rename-command", "EVALSHA", "") as url:
        link = link_to(url, probe_seconds=0.01)
        fast = RedisCheckpoints(link, 100)
        for _ in range(5):
            with pytest.raises(RedisAwayError):
                fast.get([made().key])
            time.sleep(0.02)
        assert "EVALSHA" in link.trouble


def test_a_server_that_denies_connections_is_gone_on_without(
    settings: Settings, tmp_path: Path, denied_url: str
) -> None:
    write_documents(tmp_path / "documents", 6)
    run = SmallRun(pointed_at(settings, denied_url), tmp_path / "documents")
    assembly.open_services(run.settings)
    result = run()
    assert (result.outcome, result.mode) == ("finished", "database"), result.reason
    assert "protected mode" in result.mode_reason
    with pytest.raises(RedisAwayError, match="protected mode"):
        RedisWriteBehind(link_to(denied_url), "status", 1).backlog()
    with pytest.raises(UnavailableError, match="protected mode"):
        connect(denied_url)


def test_scripts_that_are_forgotten_all_the_time_end_no_run(
    settings: Settings, tmp_path: Path, valkey_url: str, valkey: redis.Redis
) -> None:
    write_documents(tmp_path / "documents", 40)
    run = SmallRun(pointed_at(settings, valkey_url), tmp_path / "documents")
    over = threading.Event()

    def forget() -> None:
        while not over.is_set():
            valkey.script_flush()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    try:
        result = run()
    finally:
        over.set()
        forgetting.join()
    assert result.outcome == "finished", result.reason
    assert run.left() == 0
    engine = postgres.engine_of(run.urls.database_url)
    try:
        reasons = {row.error for row in failures(engine, identity.project_id(run.project))}
    finally:
        engine.dispose()
    assert reasons <= {"unreadable"}


def test_a_cluster_is_refused_before_a_run_and_by_doctor(
    cluster_url: str, migrated_url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=migrated_url, redis_url=cluster_url)  # type: ignore[arg-type]
    with pytest.raises(UnavailableError, match=r"cluster mode.*set CASEGRAPH_REDIS_URL"):
        assembly.open_services(settings)
    check = dict(service_diagnosis.CHECKS)["redis"]
    [finding] = diagnosis.findings([("redis", check)], settings)
    assert finding.state is diagnosis.State.FAIL
    assert "CASEGRAPH_REDIS_URL" in finding.advice
    with pytest.raises(RedisAwayError, match="cluster mode"):
        RedisCheckpoints(link_to(cluster_url), 100).get([made().key])
