"""The embedded services as commands meet them: started by any of several processes, killed,
moved, copied, in a home whose path is too long for a socket.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis
from store_case import StoreCase

from actors import persistence_actor
from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.stores import (
    detach,
    embedded,
    embedded_postgres,
    embedded_valkey,
    migrating,
    postgres,
    server_process,
)
from pipeline.stores.redis_write_behind import RedisWriteBehind


def stop_and_remove(home: Path) -> None:
    embedded.stop_services(Settings(home=home))
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder into which sockets fit, however often tests ran here: pytest's own has a
    counter and the test's name in its path.
    """
    folder = Path(tempfile.mkdtemp(prefix="casegraph-services-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give a home that is not there yet; whatever runs in it is stopped at the end."""
    folder = tmp_path / "home"
    yield folder
    stop_and_remove(folder)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home whose services were started once, and are stopped."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    try:
        embedded.ensure_services(Settings(home=folder))
    finally:
        embedded.stop_services(Settings(home=folder))
    return folder


@pytest.fixture
def used_home(prepared: Path, home: Path) -> Path:
    """Give a home of this test's own whose services were started before."""
    return copy_of(prepared, home)


def copy_of(prepared: Path, home: Path) -> Path:
    subprocess.run(["cp", "-a", prepared, home], check=True)
    return home


def command(home: Path, *arguments: str) -> list[dict]:
    """Run `casegraph services … --json` in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "actors.cli", "services", *arguments, "--json"],
        env={**os.environ, "CASEGRAPH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and server_process.alive(psutil.Process(pid))


def pids(home: Path) -> list[int | None]:
    return [state.pid for state in embedded.service_status(Settings(home=home))]


def test_one_start_serves_all_commands_until_stop(home: Path) -> None:
    down = command(home, "status")
    assert [(state["name"], state["running"]) for state in down] == [
        ("postgres", False),
        ("valkey", False),
    ]
    assert not home.exists(), "asking must not make a home"

    first = command(home, "start")
    assert all(state["running"] for state in first)
    assert command(home, "start") == first
    assert command(home, "status") == first

    urls = embedded.ensure_services(Settings(home=home))
    assert_as_designed(urls, home)
    assert command(home, "stop") == [{"stopped": ["valkey", "postgres"], "queue": 0}]
    assert not any(is_alive(state["pid"]) for state in first)
    assert command(home, "stop") == [{"stopped": [], "queue": None}]
    assert command(home, "status") == down


def assert_as_designed(urls: embedded.ServiceUrls, home: Path) -> None:
    connection = psycopg2.connect(urls.database_url)
    with connection.cursor() as cursor:
        for name, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "max_connections": "100",
            "shared_buffers": "128MB",
            "listen_addresses": "",
            "server_encoding": "UTF8",
        }.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,), name
        cursor.execute("CREATE EXTENSION vector")
    connection.close()
    client = redis.Redis.from_url(urls.redis_url, decode_responses=True)
    told = client.config_get("maxmemory-policy", "port", "appendonly", "appendfsync", "maxmemory")
    client.close()
    assert told == {
        "maxmemory-policy": "volatile-lru",
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": str(1 << 30),
    }
    for folder in (home, home / "run", home / "postgres", home / "valkey"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_processes_that_start_at_once_share_one_pair(home: Path) -> None:
    # An initialisation that was cut is done again.
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "actors.cli", "services", "start", "--json"],
            env={**os.environ, "CASEGRAPH_HOME": str(home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(set(said)) == 1
    assert not (home / "postgres.new").exists()
    # An unwritten loser would still run, in the same folder.
    running = [
        process
        for process in psutil.process_iter(["name", "cwd", "ppid"])
        if process.info["cwd"] == str(home / "valkey")
    ]
    assert len(running) == 1


def test_killed_servers_start_again_with_what_they_had(used_home: Path) -> None:
    settings = Settings(home=used_home)
    urls = embedded.ensure_services(settings)
    write(urls)
    killed = pids(used_home)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    while any(is_alive(pid) for pid in killed):
        time.sleep(0.01)
    assert not any(state.running for state in embedded.service_status(settings))
    # Since then the numbers went to other programs; this one must survive it.
    (used_home / "valkey.pid").write_text(f"{os.getpid()}\n")
    pid_file = used_home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert embedded.stop_services(settings) == ()

    again = embedded.ensure_services(settings)
    assert again == urls
    assert not set(pids(used_home)) & {None, *killed, os.getpid()}
    assert_written(again)


def write(urls: embedded.ServiceUrls) -> None:
    connection = psycopg2.connect(urls.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 'this' AS word")
    connection.close()
    client = redis.Redis.from_url(urls.redis_url)
    client.set("kept", "this")
    client.close()


def assert_written(urls: embedded.ServiceUrls) -> None:
    connection = psycopg2.connect(urls.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT word FROM kept")
        assert cursor.fetchone() == ("this",)
    connection.close()
    client = redis.Redis.from_url(urls.redis_url)
    assert client.get("kept") == b"this"
    client.close()


def test_a_home_may_be_moved_even_while_it_serves(used_home: Path, tmp_path: Path) -> None:
    write(embedded.ensure_services(Settings(home=used_home)))
    before = pids(used_home)
    elsewhere = tmp_path / "elsewhere"
    used_home.rename(elsewhere)
    try:
        assert_written(embedded.ensure_services(Settings(home=elsewhere)))
        assert pids(elsewhere) == before
        assert embedded.stop_services(Settings(home=elsewhere)) == ("valkey", "postgres")
        assert_written(embedded.ensure_services(Settings(home=elsewhere)))
    finally:
        stop_and_remove(elsewhere)


def test_a_copied_home_does_not_stop_the_originals_servers(used_home: Path, tmp_path: Path) -> None:
    embedded.ensure_services(Settings(home=used_home))
    copy = tmp_path / "copy"
    (copy / "postgres").mkdir(parents=True)
    (copy / "valkey").mkdir()
    shutil.copy(used_home / "valkey.pid", copy)
    shutil.copy(used_home / "postgres" / "postmaster.pid", copy / "postgres")
    assert embedded.stop_services(Settings(home=copy)) == ()
    assert all(pids(used_home))


@pytest.mark.parametrize("name", ["x" * 120, "with a 'blank', \"quotes\" & $signs – ü"])
def test_a_home_whose_path_is_unfit_for_sockets(prepared: Path, tmp_path: Path, name: str) -> None:
    home = copy_of(prepared, tmp_path / name)
    settings = Settings(home=home)
    try:
        urls = embedded.ensure_services(settings)
        write(urls)
        assert embedded.ensure_services(settings) == urls
        short = Path((home / "sockets").read_text())
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
        assert str(short) in urls.redis_url

        # The system may clean its temporary folder while the servers run.
        shutil.rmtree(short)
        assert_written(embedded.ensure_services(settings))
        short = Path((home / "sockets").read_text())
        assert embedded.stop_services(settings) == ("valkey", "postgres")
        assert not short.exists()
    finally:
        stop_and_remove(home)


def test_stopping_drains_first_and_not_at_all_if_that_fails(used_home: Path) -> None:
    settings = Settings(home=used_home)
    urls = embedded.ensure_services(settings)
    write(urls)

    def fails(given: embedded.ServiceUrls) -> None:
        assert given == urls
        raise UnavailableError("cannot drain")

    with pytest.raises(UnavailableError, match="cannot drain"):
        embedded.stop_services(settings, drain=fails)
    assert all(pids(used_home))
    assert embedded.stop_services(settings, drain=assert_written) == ("valkey", "postgres")


WORDS, PEOPLE = "Ann Lee met Bob Moss.", ("Ann Lee", "Bob Moss")


@contextmanager
def opened_case(urls: embedded.ServiceUrls) -> Iterator[StoreCase]:
    migrating.migrate(urls.database_url)
    engine = postgres.connect(urls.database_url)
    case = StoreCase(engine, url=urls.redis_url)
    try:
        yield case
    finally:
        case.close()
        engine.dispose()


def leave_queued(case: StoreCase) -> None:
    """Bring a document through a run that ends before its results are in PostgreSQL."""
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=WORDS)
    case.put(case.checkpoints(WORDS, None, *PEOPLE))
    case.ledger.end_run(run, "stopped", {})


def test_stopping_waits_for_what_a_dead_reader_holds(
    used_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEGRAPH_RUN__LEASE_SECONDS", "2")
    settings = Settings(home=used_home)
    with opened_case(embedded.ensure_services(settings)) as case:
        leave_queued(case)
        taken = RedisWriteBehind(case.link, "a reader that was killed", 1000).read(3, 0)
        assert len(taken) == 3
    assert command(used_home, "stop") == [{"stopped": ["valkey", "postgres"], "queue": 0}]
    with opened_case(embedded.ensure_services(settings)) as case:
        assert case.queue.backlog().entries == 0
        assert case.status("a.txt")[0] == "completed"


def test_what_a_dead_reader_holds_for_longer_is_counted(
    used_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence_actor, "LONGEST_WAIT_SECONDS", 0.3)
    settings = Settings(home=used_home)
    urls = embedded.ensure_services(settings)
    with opened_case(urls) as case:
        leave_queued(case)
        RedisWriteBehind(case.link, "a reader that was killed", 1000).read(3, 0)
    assert persistence_actor.drain_queue(settings, urls) == 3


def test_stopping_without_postgresql_says_what_stays_and_the_next_takes_it_up(
    used_home: Path,
) -> None:
    settings = Settings(home=used_home)
    with opened_case(embedded.ensure_services(settings)) as case:
        leave_queued(case)
    assert embedded_postgres.stop(used_home)
    said = subprocess.run(
        [sys.executable, "-m", "actors.cli", "services", "stop"],
        env={**os.environ, "CASEGRAPH_HOME": str(used_home)},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert "stopped: valkey\n" in said
    assert "5 results stay in the queue, not in PostgreSQL yet" in said

    embedded.ensure_services(settings)
    assert command(used_home, "stop") == [{"stopped": ["valkey", "postgres"], "queue": 0}]
    with opened_case(embedded.ensure_services(settings)) as case:
        assert case.status("a.txt")[0] == "completed"


@pytest.mark.parametrize("acceleration", ["on", "off"])
def test_a_redis_of_ones_own_that_is_dead_keeps_no_postgresql_up(
    used_home: Path, monkeypatch: pytest.MonkeyPatch, acceleration: str
) -> None:
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("CASEGRAPH_ACCELERATION", acceleration)
    command(used_home, "start")
    done = subprocess.run(
        [sys.executable, "-m", "actors.cli", "services", "stop", "--json"],
        env={**os.environ, "CASEGRAPH_HOME": str(used_home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"stopped": ["postgres"], "queue": None}
    assert done.stderr.splitlines() == [
        (
            "the queue cannot be drained: Redis does not answer (Connection refused); what your "
            "Redis has of it stays there, and the next `casegraph run` that reaches it writes it"
        )
    ]
    assert embedded_postgres.running(used_home) is None


def test_a_valkey_that_does_not_answer_is_not_stopped(used_home: Path) -> None:
    """Nobody knows what only it has."""
    settings = Settings(home=used_home)
    embedded.ensure_services(settings)
    before = pids(used_home)
    [valkey] = [state.pid for state in embedded.service_status(settings) if state.name == "valkey"]
    assert valkey is not None
    os.kill(valkey, signal.SIGSTOP)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "actors.cli", "services", "stop"],
            env={**os.environ, "CASEGRAPH_HOME": str(used_home)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.kill(valkey, signal.SIGCONT)
    assert done.returncode == 1
    assert "the queue cannot be drained: Redis does not answer" in done.stderr
    assert pids(used_home) == before


def test_what_has_a_url_is_neither_started_nor_stopped(home: Path) -> None:
    settings = Settings(home=home, database_url="postgresql://x/y", redis_url="redis://z")
    urls = embedded.ensure_services(settings)
    assert (urls.database_url, urls.redis_url) == ("postgresql://x/y", "redis://z")
    assert not home.exists()
    assert embedded.stop_services(settings) == ()


def test_only_what_has_no_url_is_started(home: Path) -> None:
    settings = Settings(home=home, database_url="postgresql://x/y")
    urls = embedded.ensure_services(settings)
    client = redis.Redis.from_url(urls.redis_url)
    assert client.ping()
    client.close()
    states = embedded.service_status(settings)
    assert [(state.where, state.pid is not None) for state in states] == [
        ("configured", False),
        ("embedded", True),
    ]
    assert not (home / "postgres").exists()
    assert embedded.stop_services(settings) == ("valkey",)


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="set CASEGRAPH_HOME"):
        embedded.ensure_services(Settings(home=tmp_path / "file" / "home"))


def test_another_users_home_is_refused(tmp_path: Path) -> None:
    home = Path("/")
    if os.geteuid() == 0:
        home = tmp_path / "theirs"
        home.mkdir()
        os.chown(home, 12345, 12345)
    with pytest.raises(UnavailableError, match="belongs to user id"):
        embedded.ensure_services(Settings(home=home))


def test_a_full_disk_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FREE_BYTES", 1 << 60)
    with pytest.raises(UnavailableError, match="MB are free on the disk"):
        embedded.ensure_services(Settings(home=home))
    assert server_process.explain("PANIC: …: No space left on device").startswith("the disk is")


def test_data_of_another_postgresql_is_refused(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(UnavailableError, match="made by PostgreSQL 16"):
        embedded.ensure_services(Settings(home=home))
    assert (home / "postgres" / "PG_VERSION").read_text() == "16\n"


def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    home.mkdir()
    settings = Settings(home=home, database_url="postgresql://x/y")
    embedded.ensure_services(settings)
    embedded.stop_services(settings)
    manifest = home / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("nonsense\n")
    with pytest.raises(UnavailableError, match=r"ended while starting: .*manifest"):
        embedded.ensure_services(settings)


ORDINARY = """
import os, sys
from pathlib import Path
from pipeline.settings import Settings
from pipeline.stores import embedded
assert os.geteuid() != 0
settings = Settings(home=Path(sys.argv[1]))
embedded.ensure_services(settings)
assert all(state.running for state in embedded.service_status(settings))
assert {(Path(sys.argv[1]) / name).stat().st_uid for name in ("postgres", "valkey")} == {
    os.geteuid()
}
print(embedded.stop_services(settings))
"""


def test_an_ordinary_user_needs_nothing_more(tmp_path: Path) -> None:
    """As root, become an ordinary user that may only pass through folders, as detach.py does:
    the Python that runs this may be in a folder that is closed to others.
    """
    run = [sys.executable, "-c", ORDINARY, str(tmp_path / "home")]
    if os.geteuid() == 0:
        uid, gid = server_process.account() or (65534, 65534)
        os.chown(tmp_path, uid, gid)
        run = [sys.executable, detach.__file__, "--account", f"{uid}:{gid}", "--", *run]
    result = subprocess.run(
        run, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.returncode) == ("('valkey', 'postgres')\n", 0), result.stderr


CONTAINER = """
import ctypes, os, signal, sys, time
from pathlib import Path
import psutil
PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE = 24, 2, 19
if len(sys.argv) == 2:
    for capability in (CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, "-c", os.environ["CONTAINER"], sys.argv[1], "again"])
from pipeline.settings import Settings
from pipeline.stores import embedded, server_process
settings = Settings(home=Path(sys.argv[1]))
embedded.ensure_services(settings)
first = embedded.service_status(settings)
assert all(state.running for state in first), first
embedded.ensure_services(settings)
assert embedded.service_status(settings) == first
if os.geteuid() == 0:
    try:
        psutil.Process(first[0].pid).cwd()
        sys.exit("this root sees what a container's does not")
    except psutil.AccessDenied:
        pass
os.kill(first[0].pid, signal.SIGKILL)
while embedded.service_status(settings)[0].running:
    time.sleep(0.01)
embedded.ensure_services(settings)
print(embedded.stop_services(settings))
"""


def test_the_root_of_a_container_has_fewer_rights_and_needs_no_more(used_home: Path) -> None:
    """It has neither the right to look into another account's processes nor the weaker of the
    two rights to pass through folders. An ordinary user has none of them to lose.
    """
    result = subprocess.run(
        [sys.executable, "-c", CONTAINER, str(used_home)],
        env={**os.environ, "CONTAINER": CONTAINER},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.returncode) == ("('valkey', 'postgres')\n", 0), result.stderr


def test_an_account_is_left_for_good() -> None:
    """What runs as another account has its rights and one capability at most."""
    if os.geteuid() != 0:
        with pytest.raises(OSError):  # noqa: PT011
            os.setuid(0)
        return
    code = "import os; print(os.getresuid(), os.getgroups(), open('/proc/self/status').read())"
    leave = [sys.executable, detach.__file__, "--account", "65534:65534", "--"]
    result = subprocess.run(
        [*leave, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith("(65534, 65534, 65534) []")
    held = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("CapEff")]
    assert [int(value, 16).bit_count() <= 1 for value in held] == [True] * len(held)


def test_urls_name_the_sockets() -> None:
    assert embedded_postgres.url(Path("/a b")) == "postgresql://postgres@/casegraph?host=/a%20b"
    assert embedded_valkey.url(Path("/a b")) == "unix:///a%20b/valkey.sock?db=0"
