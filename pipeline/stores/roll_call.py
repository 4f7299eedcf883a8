"""Which documents of a project a walk over its sources does not find again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from pipeline import identity
from pipeline.stores.copying import staged
from pipeline.stores.idling import may_idle
from pipeline.stores.postgres import transaction
from pipeline.walking import FoundFile

# The sources are looked at last: there may be thousands, but hardly ever so many missing files.
_MISSING = """
WITH missing AS MATERIALIZED (
    SELECT d.uri, d.source FROM documents d
    WHERE d.project_id = CAST(:project AS uuid) AND d.parent_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM {found} f WHERE f.id = d.id)
)
SELECT {what} FROM missing m
WHERE EXISTS (SELECT 1 FROM unnest(CAST(:sources AS text[])) AS s (uri)
              WHERE m.uri = s.uri OR starts_with(m.uri, regexp_replace(s.uri, '([^/])$', '\\1/')))
"""
_TAKE = """
INSERT INTO {found} (id) SELECT unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING
RETURNING id::text
"""
_SOME = " ORDER BY m.source, m.uri LIMIT :most"


class RollCall:
    """The files that one walk has found. Their ids are kept in PostgreSQL, in a temporary table:
    nothing is held here, and no document is written to because it was seen.
    """

    def __init__(self, connection: Connection, project: str) -> None:
        self._connection = connection
        self._project = project
        self._table = staged(connection, "documents", ("id",), ())
        connection.exec_driver_sql(f"ALTER TABLE {self._table} ADD PRIMARY KEY (id)")
        self._take = text(_TAKE.format(found=self._table))

    def found(self, files: Sequence[FoundFile]) -> list[FoundFile]:
        """Take down a batch of files, and return those that this walk had not found before: sources
        may overlap, and what is worked on meanwhile is not to be looked at twice.
        """
        of = {identity.document_id(self._project, file.uri): file for file in files}
        fresh = set(self._connection.scalars(self._take, {"ids": sorted(of)}))
        return [file for id_, file in of.items() if id_ in fresh]

    def missing(self, sources: Sequence[str]) -> int:
        """Count the documents at or under these URIs that were not found, without members."""
        return missing_from(self._connection, self._table, self._project, sources)

    def missing_some(self, sources: Sequence[str], most: int) -> list[str]:
        """Name some of these, as they were given, in order."""
        question = text(_MISSING.format(found=self._table, what="m.source") + _SOME)
        wanted = {"project": self._project, "sources": list(sources), "most": most}
        return list(self._connection.scalars(question, wanted))


def missing_from(connection: Connection, table: str, project: str, sources: Sequence[str]) -> int:
    """Count a project's documents at or under these URIs, without members, that a table of ids
    does not have.
    """
    question = text(_MISSING.format(found=table, what="count(*)"))
    return int(connection.scalar(question, {"project": project, "sources": list(sources)}) or 0)


@contextmanager
def roll_call(engine: Engine, project: str) -> Iterator[RollCall]:
    """Open a roll call; it is forgotten with the block."""
    with transaction(engine) as connection:
        may_idle(connection)  # the walk may be slow, and work goes on beside it
        yield RollCall(connection, project)
