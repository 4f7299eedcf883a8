"""Snapshots of what a project knows, as PostgreSQL has them: the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from pipeline import codec
from pipeline.llm.snapshot import CHUNK, NEAR, PROJECT, Wanted, Whole
from pipeline.stores import snapshot_queries as queries
from pipeline.stores.idling import may_idle
from pipeline.stores.postgres import alone, reading

ENTRIES_AT_ONCE = 1_000


class Pinned(NamedTuple):
    """The snapshot that a project uses: when it was made, and how much is in it."""

    hash: str
    names: int
    chunks: int
    made_at: datetime


def pinned(engine: Engine, project: str) -> Pinned | None:
    """Say which snapshot a project uses. Raises TemporaryError."""
    with alone(engine) as connection:
        row = connection.execute(queries.PINNED, {"project": project}).one_or_none()
    return Pinned(*row) if row else None


def forget_words(connection: Connection, project: str) -> None:
    """Empty the snapshots that have words of contents that are gone, and end whoever makes one: it
    may have read them before.
    """
    connection.execute(queries.SPOIL, {"project": project})
    empty = {"project": project, "whole": PROJECT, "empty": codec.encode(Whole())}
    connection.execute(queries.EMPTY, empty)


class StoredSnapshot:
    """A snapshot read from PostgreSQL, by the project's id and its hash. Raises TemporaryError."""

    def __init__(self, engine: Engine, project: str, hash_: str) -> None:
        self._engine = engine
        self._of = {"project": project, "hash": hash_}

    def look(self, wanted: Wanted) -> Mapping[str, bytes] | None:
        """Give the values that are there; None for a snapshot that is gone."""
        asked = {
            **self._of,
            "fields": list(wanted.fields),
            "buckets": list(wanted.buckets),
            "near": NEAR,
            "chunk": CHUNK,
        }
        with alone(self._engine) as connection:
            rows = connection.execute(queries.LOOK, asked).all()
        return {row.field: bytes(row.value) for row in rows} or None

    def entries(self) -> Iterator[Sequence[tuple[str, bytes]]]:
        """Give all fields with their values, some at a time."""
        with reading(self._engine) as connection:
            may_idle(connection)
            options = {"yield_per": ENTRIES_AT_ONCE}
            rows = connection.execute(queries.ENTRIES, self._of, execution_options=options)
            for some in rows.partitions(ENTRIES_AT_ONCE):
                yield [(row.field, bytes(row.value)) for row in some]
