"""Databases for tests: copies of a migrated one, emptied and taken again where that is all that a
test changed.

To copy a database is to make some 300 files, and a file system that keeps away from inodes deleted
a moment ago looks for free ones ever longer: tenths of a second a test.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2.errors import InvalidCatalogName, ObjectInUse

# What a test left larger than this is dropped: its dead rows would be passed again and again.
LARGEST = 24 << 20
TRIES = 100

# Every definition, by the transaction that made its present version; settings and rights too.
# What autovacuum notes there it notes in place. Temporary tables go with their session.
DEFINITIONS = """
SELECT md5(string_agg(of, ',' ORDER BY of)) FROM (
    SELECT format('class %s %s', oid, xmin) AS of FROM pg_class WHERE relpersistence <> 't'
    UNION ALL SELECT format('column %s %s %s', attrelid, attnum, a.xmin)
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relpersistence <> 't'
    UNION ALL SELECT format('constraint %s %s', oid, xmin) FROM pg_constraint
    UNION ALL SELECT format('default %s %s', oid, xmin) FROM pg_attrdef
    UNION ALL SELECT format('trigger %s %s', oid, xmin) FROM pg_trigger
    UNION ALL SELECT format('function %s %s', oid, xmin) FROM pg_proc
    UNION ALL SELECT format('rule %s %s', oid, xmin) FROM pg_rewrite
    UNION ALL SELECT format('sequence %s %s', seqrelid, xmin) FROM pg_sequence
    UNION ALL SELECT format('extension %s %s', oid, xmin) FROM pg_extension
    UNION ALL SELECT format('schema %s %s', oid, xmin) FROM pg_namespace
        WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL SELECT format('setting %s %s', setdatabase, setconfig) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT format('rights %s %s %s', datacl, datallowconn, datconnlimit)
        FROM pg_database WHERE datname = current_database()
) AS definitions
"""
TABLES = """
SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY 1
"""
SEQUENCES = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class Databases:
    """Copies of one database, each for one test at a time.

    None of a test's sessions lives on, and what reconnects late does not find its database: a
    name is used once.
    """

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._idle: list[str] = []
        self._server = psycopg2.connect(url)
        self._server.autocommit = True
        self._definitions, self._rows = self._look()

    def close(self) -> None:
        """Leave the server. The databases end with it."""
        self._server.close()

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the URL of a database with the template's rows and no others."""
        name = self._idle.pop() if self._idle else self._copy(self._template)
        try:
            yield self._url_of(name)
        finally:
            with suppress(InvalidCatalogName):  # the test dropped it
                self._take_back(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the URL of a database without a schema."""
        name = self._copy("template1")
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    def _copy(self, template: str) -> str:
        name = _new_name()
        self._end_sessions(template)  # one that is being closed may linger
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _end_sessions(self, name: str) -> None:
        """End them all, then wait for each: PostgreSQL looks for one that goes every 0.1 s only."""
        for wait in ("", ", 5000"):
            self._execute(
                f"SELECT pg_terminate_backend(pid{wait}) FROM pg_stat_activity WHERE datname = %s",
                name,
            )

    def _take_back(self, name: str) -> None:
        name = self._named(name)
        if self._emptied(name):
            self._idle.append(name)
        else:
            self._drop(name)

    def _named(self, name: str) -> str:
        """Give a database a new name, which takes it from whoever has it."""
        new = _new_name()
        for attempt in range(TRIES):
            self._end_sessions(name)
            try:
                self._execute(f"ALTER DATABASE {name} RENAME TO {new}")
            except ObjectInUse:
                if attempt + 1 == TRIES:
                    raise
            else:
                return new
        raise AssertionError("unreachable")

    def _emptied(self, name: str) -> bool:
        """Delete every row that the template has not; say whether it is like the template then."""
        connection = psycopg2.connect(self._url_of(name))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_database_size(current_database())")
                [(size,)] = cursor.fetchall()
                if size > LARGEST or not self._is_like_the_template(cursor):
                    return False
                cursor.execute("SET LOCAL session_replication_role = replica")
                for table, rows in self._rows.items():
                    if not rows:
                        cursor.execute(f"DELETE FROM {table}")
                cursor.execute(SEQUENCES)
                return True
        finally:
            connection.close()

    def _is_like_the_template(self, cursor: psycopg2.extensions.cursor) -> bool:
        cursor.execute(DEFINITIONS)
        if cursor.fetchone() != self._definitions:
            return False
        return all(_rows_of(cursor, table) == rows for table, rows in self._rows.items() if rows)

    def _look(self) -> tuple[object, dict[str, object]]:
        """See the template's definitions, and the rows that it has in each table."""
        connection = psycopg2.connect(self._url_of(self._template))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(TABLES)
                tables = [table for (table,) in cursor.fetchall()]
                rows = {table: _rows_of(cursor, table) for table in tables}
                cursor.execute(DEFINITIONS)
                return cursor.fetchone(), rows
        finally:
            connection.close()

    def _execute(self, statement: str, *values: object) -> None:
        with self._server.cursor() as cursor:
            cursor.execute(statement, values or None)

    def _url_of(self, database: str) -> str:
        return self._url.replace("/casegraph?", f"/{database}?")


def _rows_of(cursor: psycopg2.extensions.cursor, table: str) -> object:
    """Hash the rows of a table; None if it has none."""
    cursor.execute(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")
    [(rows,)] = cursor.fetchall()
    return rows


def _new_name() -> str:
    return f"test_{uuid.uuid4().hex}"
