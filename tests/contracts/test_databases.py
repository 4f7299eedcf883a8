"""What tests rely on: a database that was another test's is as a new one."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest
from databases import Databases

PROJECT = (
    "INSERT INTO projects (id, name, configuration, configuration_digest)"
    " VALUES (gen_random_uuid(), 'left', '{}', 'x')"
)


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Execute statements, and give what the last one returns."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def identity_of(url: str) -> list[tuple[object, ...]]:
    """Tell which database is behind a URL, whatever it is called."""
    return execute(url, "SELECT oid FROM pg_database WHERE datname = current_database()")


def test_rows_are_deleted_and_numbers_begin_anew(databases: Databases) -> None:
    with databases.fresh() as url:
        was = identity_of(url)
        version = execute(url, "SELECT version_num FROM alembic_version")
        execute(url, PROJECT, "SELECT nextval('claims')")
    with databases.fresh() as url:
        assert identity_of(url) == was
        assert execute(url, "SELECT name FROM projects") == []
        assert execute(url, "SELECT nextval('claims')") == [(1,)]
        assert execute(url, "SELECT version_num FROM alembic_version") == version


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE projects ADD COLUMN more text",
        "ALTER TABLE mentions DROP CONSTRAINT pk_mentions",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        (
            "CREATE TRIGGER t BEFORE UPDATE ON projects FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "REVOKE ALL ON projects FROM CURRENT_USER",
        "DROP INDEX ix_documents_content_id",
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database());"
            " END $$"
        ),
        "UPDATE alembic_version SET version_num = 'other'",
    ],
)
def test_one_whose_definitions_a_test_changed_is_not_taken_again(
    databases: Databases, change: str
) -> None:
    with databases.fresh() as url:
        was = identity_of(url)
        execute(url, change)
    with databases.fresh() as url:
        assert identity_of(url) != was


def test_who_comes_late_does_not_find_it(databases: Databases) -> None:
    with databases.fresh() as old:
        late = psycopg2.connect(old)
    with databases.fresh(), closing(late):
        with pytest.raises(psycopg2.OperationalError, match=r"terminat|closed"):
            late.cursor().execute(PROJECT)
        with pytest.raises(psycopg2.OperationalError, match="does not exist"):
            psycopg2.connect(old)
