"""A PostgreSQL and a Valkey of a test's own, to be killed, paused, emptied and started again.

They are the embedded ones, in a folder of the test. SIGKILL and SIGSTOP go to all processes of a
server: what is left is what is on the disk, or in memory and still.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import redis

from pipeline.errors import UnavailableError
from pipeline.stores import embedded_postgres, embedded_valkey, server_process

GONE_SECONDS = 30.0


class _Server:
    """What both have in common. `home` holds the data and outlives every kill."""

    def __init__(self, home: Path) -> None:
        self.home, self.sockets = home, home / "run"
        server_process.give(self.sockets, server_process.account())

    def _running(self) -> psutil.Process | None:
        raise NotImplementedError

    def _folder(self) -> Path:
        raise NotImplementedError

    def start(self) -> None:
        """Start on the data that is there."""
        raise NotImplementedError

    @property
    def processes(self) -> list[psutil.Process]:
        """List the live processes of the server, the first one that was started first."""
        first = self._running()
        if first is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [first, *first.children(recursive=True)]
        return []

    def kill(self) -> None:
        """End all processes by SIGKILL, and wait until they are gone."""
        doomed = self.processes
        for process in doomed:
            _signal(process, signal.SIGKILL)
        deadline = time.monotonic() + GONE_SECONDS
        while any(server_process.alive(process) for process in doomed):
            assert time.monotonic() < deadline, f"not gone after SIGKILL: {doomed}"
            time.sleep(server_process.POLL_SECONDS)
        server_process.wait_for_orphans(self._folder())

    def pause(self) -> None:
        """Stop all processes by SIGSTOP: connections stay open, and nobody answers."""
        # The first one before the others are listed: stopped, it starts no more of them.
        for process in self.processes[:1]:
            _signal(process, signal.SIGSTOP)
        for process in self.processes[1:]:
            _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let paused processes go on."""
        for process in reversed(self.processes):
            _signal(process, signal.SIGCONT)

    def restart(self) -> None:
        """Kill and start again."""
        self.kill()
        self.start()

    def end(self) -> None:
        """End for good, also where it is paused."""
        self.kill()


class OwnPostgres(_Server):
    """A PostgreSQL. `parameters` go into its configuration at each start."""

    def __init__(self, home: Path, parameters: Mapping[str, str] | None = None) -> None:
        super().__init__(home)
        self._parameters = dict(parameters or {})
        self.url = embedded_postgres.url(self.sockets)

    def _running(self) -> psutil.Process | None:
        return embedded_postgres.running(self.home)

    def _folder(self) -> Path:
        return embedded_postgres.folder(self.home)

    def start(self) -> None:
        """Start on the data that is there; recovery is over when it returns."""
        embedded_postgres.start(self.home, self.sockets)
        for name, value in self._parameters.items():
            self.set(name, value)

    def set(self, name: str, value: str) -> None:
        """Change a parameter that needs no restart, and wait until new sessions have it."""
        with self.cursor() as cursor:
            cursor.execute("SELECT pg_conf_load_time()")
            [before] = cursor.fetchone()
            cursor.execute(f"ALTER SYSTEM SET {name} = %s", (value,))
            cursor.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + GONE_SECONDS
        while self._loaded() == before:
            assert time.monotonic() < deadline, f"{name} was not taken over"
            time.sleep(server_process.POLL_SECONDS)

    def end(self) -> None:
        """End for good, also where it is paused; what it shares with the system goes, too."""
        self.resume()
        for process in self.processes[:1]:
            with contextlib.suppress(UnavailableError):
                server_process.end(process, signal.SIGQUIT, GONE_SECONDS)
        self.kill()

    def _loaded(self) -> Any:
        """Say when the configuration was read that a new session gets."""
        with self.cursor() as cursor:
            cursor.execute("SELECT pg_conf_load_time()")
            return cursor.fetchone()[0]

    @contextmanager
    def cursor(self, database: str = embedded_postgres.DATABASE) -> Iterator[Any]:
        """Open a session of an administrator's, without a transaction."""
        connection = psycopg2.connect(embedded_postgres.url(self.sockets, database))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                # Also where the server is set to refuse writing.
                cursor.execute("SET default_transaction_read_only = off")
                cursor.execute("SET statement_timeout = 0")
                yield cursor
        finally:
            connection.close()

    def file_of(self, relation: str) -> Path:
        """Find the file in which a table or index of the database lies."""
        with self.cursor() as cursor:
            cursor.execute("SELECT pg_relation_filepath(%s)", (relation,))
            return self._folder() / str(cursor.fetchone()[0])


class OwnValkey(_Server):
    """A Valkey with so many bytes of memory."""

    def __init__(self, home: Path, memory_bytes: int = 1 << 30) -> None:
        super().__init__(home)
        self._memory_bytes = memory_bytes
        self.url = embedded_valkey.url(self.sockets)

    def _running(self) -> psutil.Process | None:
        return embedded_valkey.running(self.home)

    def _folder(self) -> Path:
        return embedded_valkey.folder(self.home)

    def start(self, *, empty: bool = False) -> None:
        """Start on the data that is there, or `empty`: as after a lost disk."""
        if empty:
            shutil.rmtree(self._folder(), ignore_errors=True)
        embedded_valkey.start(self.home, self.sockets, self._memory_bytes)

    def restart(self, *, empty: bool = False) -> None:
        """Kill and start again."""
        self.kill()
        self.start(empty=empty)

    def flush(self) -> None:
        """Drop all data."""
        with self.client() as client:
            client.flushall()

    def limit_memory(self, size_bytes: int | None = None) -> None:
        """Set how much it may hold; None for what it holds now: the next write is refused, where
        nothing may be evicted.
        """
        with self.client() as client:
            client.config_set("maxmemory", size_bytes or client.info("memory")["used_memory"])

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """Open a client of the test's."""
        client = redis.Redis.from_url(self.url)
        try:
            yield client
        finally:
            client.close()


def _signal(process: psutil.Process, number: int) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


@contextmanager
def own_postgres(**parameters: str) -> Iterator[OwnPostgres]:
    """Run a PostgreSQL in a folder of its own; afterwards both are gone, whatever happened."""
    with _own_folder() as home:
        yield from _served(OwnPostgres(home, parameters))


@contextmanager
def own_valkey(memory_bytes: int = 1 << 30) -> Iterator[OwnValkey]:
    """Run a Valkey in a folder of its own; afterwards both are gone, whatever happened."""
    with _own_folder() as home:
        yield from _served(OwnValkey(home, memory_bytes))


def _served(server: Any) -> Iterator[Any]:
    try:
        server.start()
        yield server
    finally:
        server.end()


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Make a folder whose path is short enough for sockets."""
    home = Path(tempfile.mkdtemp(prefix="casegraph-own-"))
    try:
        yield home
    finally:
        shutil.rmtree(home)
