"""Whole tables of a database as one value, without what no two runs have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, Engine, Identity, text

from pipeline.stores.tables import metadata

Dump = dict[str, list[str]]


def dump(engine: Engine) -> Dump:
    """Read every row of every table. Times and running numbers are left out, and runs have the
    number in which they began in the place of their random id.
    """
    with engine.connect() as connection:
        runs = connection.execute(text("SELECT id::text FROM runs ORDER BY started_at, id"))
        names = {id_: f"run {number}" for number, (id_,) in enumerate(runs)}
        found: Dump = {}
        for table in metadata.sorted_tables:
            columns = ", ".join(
                f"{column.name}::text"
                if column.name not in {"start", "end"}
                else f'"{column.name}"::text'
                for column in table.columns
                if not isinstance(column.type, DateTime) and not _running(column)
            )
            rows = connection.exec_driver_sql(f"SELECT {columns} FROM {table.name}")
            lines = ["|".join(names.get(x, x or "-") for x in row) for row in rows]
            found[table.name] = sorted(lines)
    return found


def _running(column: Column[Any]) -> bool:
    """Say whether a column is a running number: what was rolled back has used some up."""
    return isinstance(column.server_default, Identity) or column.name == "claim"
