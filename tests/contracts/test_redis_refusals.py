"""What Redis says of itself is no fault of a document: PostgreSQL serves meanwhile."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from checkpoint_case import link_to
from faults.servers import OwnValkey, own_valkey
from redis._parsers.base import BaseParser

from actors import diagnosis, service_diagnosis
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import RedisAwayError, UnavailableError
from pipeline.settings import Settings
from pipeline.stores import embedded_valkey
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_checkpoints import RedisCheckpoints
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


@pytest.fixture
def cluster_url() -> Iterator[str]:
    """Give the URL of a Valkey that is a cluster by itself, with no slot assigned."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, bus = one.getsockname()[1], other.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="casegraph-own-") as name:
        folder = Path(name)
        path = folder / "valkey.sock"
        command = [
            str(embedded_valkey.binary()), "--cluster-enabled", "yes", "--bind", "127.0.0.1",
            "--port", str(port), "--cluster-port", str(bus), "--unixsocket", str(path),
            "--dir", name, "--save", "",
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
