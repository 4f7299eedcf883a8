"""Fills in the rows of contents that are published: one statement for all of a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.stores import tables
from pipeline.stores.copying import staged


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
