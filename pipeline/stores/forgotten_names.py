"""Which documents paths, URIs and ids mean, as `forget` and `invalidate` take them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.errors import UsageError
from pipeline.walking import printable, uri_of

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Top-level documents by id, by URI, or under a folder's URI or an S3 prefix.
_MEANT = """
d.project_id = CAST(:project AS uuid) AND d.parent_id IS NULL AND (
    d.id = ANY(CAST(:ids AS uuid[])) OR d.uri = ANY(CAST(:uris AS text[]))
    OR EXISTS (SELECT 1 FROM unnest(CAST(:uris AS text[])) AS u (uri)
               WHERE starts_with(d.uri, u.uri || '/')))
"""

_PICK = text(f"""
SELECT d.id::text, 1 + (SELECT count(*) FROM documents m WHERE m.root_id = d.id) AS size
FROM documents d WHERE {_MEANT} AND d.created_at <= :began ORDER BY d.id LIMIT :limit
""")  # noqa: S608 - a constant

_COUNT = text(f"""
SELECT count(*), coalesce(sum((SELECT count(*) FROM documents m WHERE m.root_id = d.id)), 0)::bigint
FROM documents d WHERE {_MEANT}
""")  # noqa: S608 - a constant

_THERE = text(f"SELECT 1 FROM documents d WHERE {_MEANT} LIMIT 1")  # noqa: S608 - a constant

# As it was typed when it was run, which is what commands print; or what lies under that folder.
_AS_PRINTED = text("""
SELECT d.id::text, d.uri, d.parent_id IS NOT NULL AS inside, d.source = :name AS whole,
       r.source AS root
FROM documents d LEFT JOIN documents r ON r.id = d.root_id
WHERE d.project_id = CAST(:project AS uuid)
  AND (d.id::text = :name OR d.uri = :name OR d.source = :name
       OR d.parent_id IS NULL AND starts_with(d.source, rtrim(:name, '/') || '/'))
ORDER BY d.source = :name DESC, d.id LIMIT 2
""")

_FOLDER = text("""
SELECT DISTINCT left(d.uri, length(d.uri) - length(d.source) + length(rtrim(:name, '/')))
FROM documents d
WHERE d.project_id = CAST(:project AS uuid) AND d.parent_id IS NULL
  AND starts_with(d.source, rtrim(:name, '/') || '/') AND right(d.uri, length(d.source)) = d.source
LIMIT 2
""")


@dataclass(frozen=True)
class Wanted:
    """The documents that were asked for: by id, and by URIs at or under which they lie."""

    project: str
    ids: tuple[str, ...]
    uris: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Give what the questions take."""
        return {"project": self.project, "ids": list(self.ids), "uris": list(self.uris)}

    def counted(self, connection: Connection) -> tuple[int, int]:
        """Count the documents, and the members inside them."""
        documents, members = connection.execute(_COUNT, self.parameters).one()
        return int(documents), int(members)


def found(connection: Connection, project: str, names: Sequence[str]) -> Wanted:
    """Find what each name means. Raises UsageError for one that means nothing, or a member."""
    ids: list[str] = []
    uris: list[str] = []
    for name in names:
        one = _meaning(connection, project, name)
        ids += one.ids
        uris += one.uris
    return Wanted(project, tuple(ids), tuple(uris))


def pick(connection: Connection, wanted: Wanted, began: datetime, limit: int) -> list[str]:
    """Take as many of the documents as have, with their members, about `limit` rows; at least one.

    One that was recorded after `began` came back meanwhile, and is not meant.
    """
    picked: list[str] = []
    rows = 0
    for id_, size in connection.execute(
        _PICK, {**wanted.parameters, "began": began, "limit": limit}
    ):
        rows += size
        if picked and rows > limit:
            break
        picked.append(id_)
    return picked


def _meaning(connection: Connection, project: str, name: str) -> Wanted:
    """Find what one name means: an id, a URI, a path from here, else a path as it is printed."""
    shown = printable(name)
    if not shown.strip():
        raise UsageError("a document without a name cannot be found; give a path, a URI or an id")
    if ID.fullmatch(shown.lower()):
        guess = Wanted(project, (shown.lower(),), ())
    elif "://" in shown:
        guess = Wanted(project, (), (shown.rstrip("/"),))
    else:
        guess = Wanted(project, (), (uri_of(name).rstrip("/"),))
    if connection.execute(_THERE, guess.parameters).first():
        return guess
    rows = connection.execute(_AS_PRINTED, {"project": project, "name": shown}).all()
    if not rows:
        raise UsageError(
            f"the project has no document {shown!r}; `casegraph status` says how many there are, "
            "and `casegraph export` lists them"
        )
    first = rows[0]
    if first.inside:
        raise UsageError(
            f"{shown!r} is inside {first.root!r} and comes back whenever that is read; "
            f"name {first.root!r} as a whole"
        )
    if first.whole and (len(rows) == 1 or not rows[1].whole):
        return Wanted(project, (first.id,), ())
    if first.whole:
        raise UsageError(
            f"{shown!r} means several documents; say which: {', '.join(row.uri for row in rows)}"
        )
    folders = list(connection.scalars(_FOLDER, {"project": project, "name": shown}))
    if len(folders) != 1:
        raise UsageError(f"{shown!r} is a folder as seen from elsewhere; give its absolute path")
    return Wanted(project, (), (folders[0],))
