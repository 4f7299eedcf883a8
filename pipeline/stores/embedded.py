"""PostgreSQL and Valkey for a machine that has none: two commands, no root, no Docker.

Both live in the home folder, listen on Unix sockets only, and outlive the command that started
them; commands and notebooks share them. A lock on a file in the home is held while they are
started or stopped, so any number of processes may call `ensure_services` at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from pipeline.documents import Value
from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.stores import embedded_postgres, embedded_valkey, server_process

LOCK_SECONDS = 180.0
SOCKET_PATH_BYTES = 100
FREE_BYTES = 200 << 20
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


class ServiceUrls(Value):
    """Where the services are; with passwords, so not to be shown."""

    database_url: str
    redis_url: str


class ServiceStatus(Value):
    """One service: `where` is `embedded` or `configured`; `pid` and `folder` only if embedded."""

    name: str
    where: str
    running: bool
    pid: int | None = None
    folder: str | None = None


def ensure_services(settings: Settings) -> ServiceUrls:
    """Give the services' URLs, starting what no URL is set for and what does not run.

    Raises UnavailableError if the home cannot hold the services or one does not start.
    """
    database, redis = _configured(settings)
    valkey = redis is None and settings.acceleration == "on"
    if database is None or redis is None:
        home = _prepared(settings.home_folder)
        sockets = _sockets(home)
        if not _all_answer(home, sockets, database is None, valkey):
            with _locked(home), _said(home):
                sockets = _start_missing(settings, home, database is None, valkey)
        database = database or embedded_postgres.url(sockets)
        redis = redis or embedded_valkey.url(sockets)
    return ServiceUrls(database_url=database, redis_url=redis)


def find_services(settings: Settings) -> ServiceUrls:
    """Give the services' URLs, and start nothing: they may not answer."""
    database, redis = _configured(settings)
    sockets = _sockets(settings.home_folder)
    return ServiceUrls(
        database_url=database or embedded_postgres.url(sockets),
        redis_url=redis or embedded_valkey.url(sockets),
    )


def service_status(settings: Settings) -> tuple[ServiceStatus, ...]:
    """Say which services run. Starts nothing, and makes no folder; a configured service is not
    asked (`doctor` does).
    """
    home = settings.home_folder
    database, redis = _configured(settings)
    return (
        _status("postgres", home, database, embedded_postgres.running),
        _status("valkey", home, redis, embedded_valkey.running),
    )


def stop_services(
    settings: Settings, drain: Callable[[ServiceUrls], None] | None = None
) -> tuple[str, ...]:
    """Stop the embedded services that run, and name them; what is configured is left alone.

    `drain` is called before with the URLs, when Valkey is up: what only Valkey has goes to
    PostgreSQL first. If it raises, nothing is stopped.
    """
    home = settings.home_folder
    if not home.is_dir():
        return ()
    _refuse_foreign(home)
    with _locked(home):
        up = {state.name: state for state in service_status(settings) if state.running}
        if drain is not None and "valkey" in up and any(x.pid for x in up.values()):
            drain(find_services(settings))
        stopped = []
        # Valkey first: should PostgreSQL refuse to end, nothing new can reach the queue.
        if embedded_valkey.stop(home):
            stopped.append("valkey")
        if embedded_postgres.stop(home):
            stopped.append("postgres")
        if not any((embedded_postgres.running(home), embedded_valkey.running(home))):
            _remove_sockets(home)
    return tuple(stopped)


def _configured(settings: Settings) -> tuple[str | None, str | None]:
    """Take the URLs of the database and of Redis that are set; None for an embedded one."""
    database, redis = settings.database_url, settings.redis_url
    return (
        database.get_secret_value() if database else None,
        redis.get_secret_value() if redis else None,
    )


def _status(
    name: str,
    home: Path,
    configured: str | None,
    running: Callable[[Path], psutil.Process | None],
) -> ServiceStatus:
    if configured is not None:
        return ServiceStatus(name=name, where="configured", running=True)
    process = running(home)
    return ServiceStatus(
        name=name,
        where="embedded",
        running=process is not None,
        pid=process.pid if process else None,
        folder=str(home / name),
    )


def _all_answer(home: Path, sockets: Path, postgres: bool, valkey: bool) -> bool:
    """Say whether the wanted servers answer, without taking the lock: the usual case is quick."""
    return not (
        (postgres and not (embedded_postgres.running(home) and embedded_postgres.answers(sockets)))
        or (valkey and not (embedded_valkey.running(home) and embedded_valkey.answers(sockets)))
    )


def _start_missing(settings: Settings, home: Path, postgres: bool, valkey: bool) -> Path:
    """Start the wanted servers that do not run; return the folder of their sockets."""
    sockets = _sockets(home)
    # One whose socket is gone (a cleaned temporary folder, a home that was moved and is too deep
    # now) cannot be reached any more and is started anew.
    if not (sockets / embedded_postgres.SOCKET).exists():
        embedded_postgres.stop(home)
    if not (sockets / embedded_valkey.SOCKET).exists():
        embedded_valkey.stop(home)
    starting_postgres = postgres and embedded_postgres.running(home) is None
    starting_valkey = valkey and embedded_valkey.running(home) is None
    if not (starting_postgres or starting_valkey):
        return sockets
    _refuse_full(home)
    sockets = _make_sockets(home)
    if starting_valkey:
        embedded_valkey.start(home, sockets, settings.services.valkey_memory_bytes)
    if starting_postgres:
        embedded_postgres.start(home, sockets)
    return sockets


def _prepared(home: Path) -> Path:
    """Make the home, closed to others. Raises UnavailableError if it cannot hold the services."""
    with _said(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(home)
        home.chmod(0o700)
        (home / "services.lock").touch(mode=0o600)
    return home


@contextmanager
def _said(home: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"the home folder {home} cannot be used ({error.strerror}: {error.filename}); "
            "set CASEGRAPH_HOME to a folder that you may write to"
        ) from error


def _refuse_foreign(home: Path) -> None:
    """Refuse another user's home: servers and files would be mixed between two users."""
    owner = home.stat().st_uid
    if owner != os.geteuid():
        raise UnavailableError(
            f"the home folder {home} belongs to user id {owner}, not to you ({os.geteuid()}); "
            "set CASEGRAPH_HOME to a folder of your own"
        )


def _refuse_full(home: Path) -> None:
    """Refuse to start on a disk that is nearly full: a server that runs out of it stops."""
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES:
        raise UnavailableError(
            f"only {free >> 20} MB are free on the disk of {home}, and the services need "
            f"{FREE_BYTES >> 20}; free some space, or set CASEGRAPH_HOME to a folder on another"
        )


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the home's lock. The system drops it when the holder dies."""
    deadline = time.monotonic() + LOCK_SECONDS
    with (home / "services.lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise UnavailableError(
                        f"another process has been starting or stopping the services of {home} "
                        f"for {LOCK_SECONDS:.0f} s; end it and try again"
                    ) from error
                time.sleep(server_process.POLL_SECONDS)
        yield


def _record(home: Path) -> Path:
    """Name the file that says where the sockets are when the home's path is unfit for them."""
    return home / "sockets"


def _fits(folder: Path) -> bool:
    """Say whether sockets can be in a folder: paths are limited to about 100 bytes, and
    PostgreSQL reads some characters as separators.
    """
    longest = str(folder / f"{embedded_postgres.SOCKET}.lock")
    return len(longest.encode()) < SOCKET_PATH_BYTES and set(longest) <= PLAIN


def _sockets(home: Path) -> Path:
    """Find the folder of the sockets."""
    if _fits(home / "run"):
        return home / "run"
    try:
        return Path(_record(home).read_text()) / "run"
    except OSError:
        return home / "run"


def _make_sockets(home: Path) -> Path:
    """Make the folder of the sockets: in the home, or if its path is unfit, in a temporary one
    (private, since its parent is for everyone) that the home keeps a record of.
    """
    sockets = _sockets(home)
    if not _fits(sockets) or not sockets.is_dir():
        parent = home
        if not _fits(home / "run"):
            parent = Path(tempfile.mkdtemp(prefix="casegraph-"))
            if not _fits(parent / "run"):
                parent.rmdir()
                parent = Path(tempfile.mkdtemp(prefix="casegraph-", dir="/tmp"))
            _record(home).write_text(str(parent))
        sockets = parent / "run"
    server_process.give(sockets, server_process.account())
    return sockets


def _remove_sockets(home: Path) -> None:
    """Remove the temporary folder of the sockets, if there is one of ours."""
    try:
        parent = Path(_record(home).read_text())
        if parent.name.startswith("casegraph-") and parent.stat().st_uid == os.geteuid():
            shutil.rmtree(parent)
    except OSError:
        pass
    _record(home).unlink(missing_ok=True)
