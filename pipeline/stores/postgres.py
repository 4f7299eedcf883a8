"""Connections to PostgreSQL, and what its errors mean to a caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import psycopg2
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pipeline.crash_points import crash_point
from pipeline.errors import CasegraphError, PermanentError, TemporaryError, UnavailableError
from pipeline.stores.idling import bound_idling, may_idle

DRIVER = "postgresql+psycopg2"
# What is not there under a lock is not there: the statement after the one that waited must see what
# was committed meanwhile, whatever server, role or URL say. The driver says it with BEGIN.
ISOLATION = "READ COMMITTED"
CONNECT_SECONDS = 10
POOL_SECONDS = 30
OLDEST_VERSION = 15
# Connections that nobody ends: a line that went dead is noticed within about a minute.
LINE = {
    "keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}  # fmt: skip
# A server that takes no writes for now (a standby, a read-only default), a session that was ended
# for being idle in a transaction or for its length, a lock that was not to be had in time.
TEMPORARY_CODES = frozenset({"25006", "25P03", "25P04", "55P03"})
# Connection, rolled back by the server, out of a resource, ended by an operator, I/O.
TEMPORARY_CLASSES = frozenset({"08", "40", "53", "57", "58"})
PERMANENT_CODES = frozenset({"40002"})  # a constraint, at the end of a transaction
DATA_CLASSES = frozenset({"21", "22", "23", "54"})
# What an administrator decided: a right that the role lacks, a table or schema that is not
# there, a database that is gone.
REFUSED_CODES = frozenset({"42501", "42P01", "3D000", "3F000"})
HINT = "start it, or correct CASEGRAPH_DATABASE_URL"
TLS_HINT = (
    "name the CA that signed the server's certificate with sslrootcert=FILE in "
    "CASEGRAPH_DATABASE_URL, and the host as the certificate does"
)


def engine_of(url: str, *, pool_size: int = 4, ask_first: bool = False) -> Engine:
    """Make a bounded pool of connections; none is opened yet.

    `ask_first` sees that a connection still lives each time before it is used, which takes a round
    trip: for who does not try again when it does not.
    """
    target = _target(url)
    ours = {"connect_timeout": CONNECT_SECONDS, "application_name": "casegraph", **LINE}
    engine = create_engine(
        target,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=ask_first,
        isolation_level=ISOLATION,
        # The values of a statement are a document's words: they stand in no traceback.
        hide_parameters=True,
        # What the URL says itself stays.
        connect_args={name: value for name, value in ours.items() if name not in target.query},
    )
    return bound_idling(engine)


def connect(url: str, *, pool_size: int = 4) -> Engine:
    """Open a bounded pool of connections and see that the server answers.

    Raises UnavailableError that says what is wrong, without the password.
    """
    engine = engine_of(url, pool_size=pool_size, ask_first=True)
    try:
        with engine.connect() as connection:
            _check_server(connection)
    except (OperationalError, psycopg2.OperationalError) as error:
        engine.dispose()
        reason = _reason(error, _target(url))
        hint = TLS_HINT if "certificate" in reason else HINT
        raise UnavailableError(
            f"PostgreSQL at {masked(url)} cannot be reached: {reason}; {hint}"
        ) from error
    except UnavailableError:
        engine.dispose()
        raise
    return engine


def masked(url: str) -> str:
    """Write a database URL without its passwords."""
    try:
        target = make_url(url)
    except ArgumentError:
        return "the URL given"
    hidden = {"password": "***", "sslpassword": "***"}
    secret = {key: hidden[key] for key in target.query if key in hidden}
    return target.update_query_dict(secret).render_as_string(hide_password=True)


def _target(url: str) -> URL:
    """Parse a URL and choose the driver. Raises UnavailableError if it is none of PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UnavailableError(
            "the database URL cannot be read; it should look like "
            "postgresql://user:password@host:5432/database (see CASEGRAPH_DATABASE_URL)"
        ) from error
    if parsed.drivername.split("+")[0] not in {"postgresql", "postgres"}:
        raise UnavailableError(
            f"{masked(url)} is not a PostgreSQL URL; it should look like "
            "postgresql://user:password@host:5432/database (see CASEGRAPH_DATABASE_URL)"
        )
    return parsed.set(drivername=DRIVER)


def _check_server(connection: Connection) -> None:
    """See that the server can hold the schema. Raises UnavailableError."""
    version, encoding = connection.execute(
        text(
            "SELECT current_setting('server_version_num')::int / 10000,"
            " current_setting('server_encoding')"
        )
    ).one()
    if version < OLDEST_VERSION:
        raise UnavailableError(
            f"this PostgreSQL is version {version}; casegraph needs {OLDEST_VERSION} or later"
        )
    if encoding != "UTF8":
        raise UnavailableError(
            f"the database's encoding is {encoding}; make one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def _reason(error: Exception, target: URL) -> str:
    """Take the server's or libpq's own words on one line, without the password."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = " ".join(line.strip() for line in words if line.strip())
    secrets = [target.password, target.query.get("password"), target.query.get("sslpassword")]
    for secret in secrets:
        if isinstance(secret, str) and secret:
            reason = reason.replace(secret, "***").replace(quote_plus(secret), "***")
    return reason


def code_of(error: BaseException) -> str:
    """Get the SQLSTATE of an error; empty when the server gave none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(original, "pgcode", None) or "")


def is_temporary(error: BaseException) -> bool:
    """Say whether the same transaction may succeed later: deadlock, restart, lost connection,
    full disk, failed I/O, a server that is read-only for now.
    """
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, (DBAPIError, psycopg2.Error)):
        return False
    code = code_of(error)
    if not code:
        kinds = (
            OperationalError,
            InterfaceError,
            psycopg2.OperationalError,
            psycopg2.InterfaceError,
        )
        # A connection that is lost within an answer is a bare DatabaseError.
        original = error.orig if isinstance(error, DBAPIError) else error
        return isinstance(error, kinds) or type(original) is psycopg2.DatabaseError
    if code in PERMANENT_CODES:
        return False
    return code in TEMPORARY_CODES or code[:2] in TEMPORARY_CLASSES


def is_about_data(error: BaseException) -> bool:
    """Say whether it is about the values that were to be written: the same rows fail again. What
    PostgreSQL says tells so by its code; whatever else goes wrong on the way is about them as well,
    but for a service's or the machine's trouble.
    """
    if isinstance(error, (DBAPIError, psycopg2.Error)):
        return code_of(error)[:2] in DATA_CLASSES
    if isinstance(error, CasegraphError):
        return isinstance(error, PermanentError)
    return not isinstance(error, (SQLAlchemyError, OSError, MemoryError))


def is_refused_value(error: BaseException) -> bool:
    """Say whether PostgreSQL refuses a value. Text with a NUL or a lone surrogate is refused before
    it is sent.
    """
    return isinstance(error, (DBAPIError, psycopg2.Error, UnicodeEncodeError)) or (
        isinstance(error, ValueError) and "NUL" in str(error)
    )


def words_of(error: BaseException) -> str:
    """Take the first line of an error in the server's words, without statement and values."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, UnicodeEncodeError):
        return "the text holds half a surrogate pair"
    lines = str(original).strip().splitlines()
    return lines[0] if lines else type(original).__name__


@contextmanager
def transaction(engine: Engine, point: str = "") -> Iterator[Connection]:
    """Open a transaction that ends with the block; `point` names it among the crash points.

    Raises TemporaryError for what may go well next time, UnavailableError for what an administrator
    has to allow or put back, everything else as it is.
    """
    with _told():
        with engine.begin() as connection:
            yield connection
            crash_point(f"{point}.before-commit")
        crash_point(f"{point}.after-commit")


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Give a connection for questions each of which is a transaction of its own: one round trip
    instead of three. Raises TemporaryError for what may go well next time.
    """
    with _told(), engine.connect() as connection:
        # By the driver's own switch: SQLAlchemy's takes a round trip to set it back.
        driver: Any = connection.connection.dbapi_connection
        # So does the driver's, for the level that it was given; one statement needs none.
        level, driver.isolation_level = driver.isolation_level, None
        driver.autocommit = True
        try:
            yield connection
        finally:
            if not driver.closed:
                driver.autocommit = False
                driver.isolation_level = level


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that changes nothing: it ends with the block, and nobody waits to hear
    that it did. Raises TemporaryError for what may go well next time.
    """
    with _told(), engine.connect() as connection:
        yield connection


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads what is there now throughout, and may idle. Raises
    TemporaryError for what may go well next time.
    """
    with reading(engine) as connection:
        frozen = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with frozen.begin():
            may_idle(frozen)
            yield frozen


@contextmanager
def _told() -> Iterator[None]:
    """Say of PostgreSQL's errors which may be gone next time, and which an administrator mends."""
    try:
        yield
    except (DBAPIError, psycopg2.Error, PoolTimeoutError) as error:
        if is_temporary(error):
            raise TemporaryError(f"PostgreSQL: {words_of(error)}") from error
        if code_of(error) in REFUSED_CODES:
            raise UnavailableError(
                f"PostgreSQL refuses: {words_of(error)}; give the role of CASEGRAPH_DATABASE_URL "
                "the right, or the database its tables (`casegraph doctor`)"
            ) from error
        raise
