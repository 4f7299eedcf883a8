"""Writes the rows of contents that are published: all of a batch at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import JSONB

from pipeline import publication
from pipeline.errors import TemporaryError
from pipeline.stores import chunk_vectors, tables
from pipeline.stores.chunk_vectors import CachedVectors
from pipeline.stores.copying import copy_rows, staged

HOLD_TRIES = 5


def fill_contents(connection: Connection, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what was found out about contents into their rows, all at once."""
    columns = tuple(next(iter(rows.values())))
    of_json = {column for column in columns if isinstance(tables.contents.c[column].type, JSONB)}
    table = staged(
        connection,
        "contents",
        ("id", *columns),
        (
            (id_, *(_json(row[column]) if column in of_json else row[column] for column in columns))
            for id_, row in rows.items()
        ),
    )
    filled = ", ".join(f"{column} = s.{column}" for column in columns)
    connection.exec_driver_sql(
        f"UPDATE contents c SET {filled}, published_at = now() "  # noqa: S608 - our own names
        f"FROM {table} s WHERE s.id = c.id"
    )


def _json(value: object) -> str | None:
    """Write a value for a JSONB column. None is no value there, not JSON's null."""
    return None if value is None else json.dumps(value)


def hold_names(connection: Connection, rows: Sequence[publication.Row]) -> None:
    """Insert names that are not there, and keep all of them from going until the end. The registry
    is told of those that were inserted, and of those that had other keys, with these.

    Another transaction may delete a name that lost its last mention between the insertion, which
    finds it there, and the lock, which does not: then it is inserted again.
    """
    unique = {str(row[0]): row for row in rows}
    if not unique:
        return
    columns = ", ".join(publication.NAME_COLUMNS)
    ordered = [unique[id_] for id_ in sorted(unique)]
    table = staged(connection, "names", publication.NAME_COLUMNS, ordered)
    # What this transaction inserted is held already. Two statements, so that the second sees what
    # others inserted; sent together. Own names are counted by a filter: as a condition PostgreSQL
    # takes it for so rare that it reads all names there are to find them.
    hold = f"""
WITH added AS (
    INSERT INTO names ({columns}) SELECT {columns} FROM {table} ORDER BY id ON CONFLICT DO NOTHING
    RETURNING project_id, id
)
INSERT INTO changes (project_id, kind, subject) SELECT project_id, 'name_added', id FROM added;
WITH others AS (
    SELECT n.keys IS DISTINCT FROM s.keys AS has_other_keys
    FROM names n JOIN {table} s ON s.id = n.id WHERE n.xmin <> pg_current_xact_id()::xid
    ORDER BY n.id FOR KEY SHARE OF n
), own AS (
    SELECT count(*) FILTER (WHERE n.xmin = pg_current_xact_id()::xid) AS number
    FROM names n JOIN {table} s ON s.id = n.id
)
SELECT (SELECT count(*) FROM others) + (SELECT number FROM own),
       (SELECT coalesce(bool_or(has_other_keys), false) FROM others)
"""  # noqa: S608 - our own names
    for _ in range(HOLD_TRIES):
        held, has_other_keys = connection.exec_driver_sql(hold).one()
        if held == len(unique):
            break
    else:
        raise TemporaryError("names were deleted as fast as they were written")
    if has_other_keys:
        # Keys change with the version of `resolve`; in one configuration they are all the same.
        connection.exec_driver_sql(f"""
WITH others AS (
    SELECT n.project_id, n.id, n.keys AS had, s.keys FROM names n JOIN {table} s ON s.id = n.id
    WHERE n.keys IS DISTINCT FROM s.keys ORDER BY n.id FOR NO KEY UPDATE OF n
), rekeyed AS (
    UPDATE names n SET keys = o.keys FROM others o WHERE o.id = n.id
)
INSERT INTO changes (project_id, kind, subject, keys)
SELECT project_id, 'name_rekeyed', id, had FROM others
""")  # noqa: S608 - our own names


def copy_chunks(
    connection: Connection, vectors: CachedVectors | None, rows: Sequence[publication.Row]
) -> None:
    """Write chunks with the vectors that are in the cache; the others get theirs later."""
    columns = publication.CHUNK_COLUMNS
    if vectors is None:
        copy_rows(connection, "chunks", columns, rows)
        return
    place = columns.index("text")
    found = vectors.of(str(row[place]) for row in rows)
    copy_rows(
        connection,
        "chunks",
        (*columns, *chunk_vectors.COLUMNS),
        ((*row, *vector) for row, vector in zip(rows, found, strict=True)),
    )
