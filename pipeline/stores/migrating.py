"""Brings a database to this version's schema and views."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import UnavailableError
from pipeline.stores import migrations
from pipeline.stores.chunk_vectors import has_vectors
from pipeline.stores.postgres import code_of, connect, transaction

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK = 0x63617365_67726170  # "casegrap": one number for all who migrate


def migrate(url: str) -> None:
    """Bring a database to this version's schema and views.

    Any number of processes may do so at once: the first one works, the others wait and find it
    done. All or nothing. Raises UnavailableError, also for a database of a newer casegraph.
    """
    engine = connect(url, pool_size=1)
    try:
        with transaction(engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if _revision(connection) != migrations.HEAD:
                _upgrade(connection)
            _add_vectors(connection)
            _create_views(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    """Read which revision the database has; None if it is empty."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')::text")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def alembic_config(connection: Connection) -> Config:
    """Describe the migrations as they lie in the installed package."""
    from alembic.config import Config

    config = Config()
    folder = Path(migrations.__file__).parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    """Run the revisions that are missing. Raises UnavailableError if the database is ahead."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise UnavailableError(
            f"the database was made by a newer casegraph ({error}); update casegraph"
        ) from error


def _add_vectors(connection: Connection) -> None:
    """Add the columns for vectors where pgvector is there; go on without where it is not.

    Not in a revision: an extension may be installed at any time.
    """
    if has_vectors(connection):
        return
    available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
    if not connection.scalar(text(available)):
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        if code_of(error) != "42501":  # insufficient privilege: an administrator's decision
            raise
        return
    connection.execute(
        text("ALTER TABLE chunks ADD COLUMN vector vector(384), ADD COLUMN vector_model text")
    )
    connection.execute(text("CREATE INDEX ix_chunks_no_vector ON chunks (id) WHERE vector IS NULL"))


def _create_views(connection: Connection) -> None:
    """Make the readers' views; they say themselves whether anything is to be done."""
    from pipeline.stores.views import CREATE_VIEWS

    for statement in CREATE_VIEWS:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
