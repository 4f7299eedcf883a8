"""Which documents paths, URIs and ids mean, as `forget` and `invalidate` take them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.errors import UsageError
from pipeline.s3_names import is_s3
from pipeline.walking import printable, uri_of

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Top-level documents by id, by URI, or under a folder's URI or an S3 prefix.
_MEANT = """
d.project_id = CAST(:project AS uuid) AND d.parent_id IS NULL AND (
    d.id = ANY(CAST(:ids AS uuid[])) OR d.uri = ANY(CAST(:uris AS text[]))
    OR EXISTS (SELECT 1 FROM unnest(CAST(:prefixes AS text[])) AS p (prefix)
               WHERE starts_with(d.uri, p.prefix)))
"""

_PICK = text(f"""
SELECT d.id::text, 1 + (SELECT count(*) FROM documents m WHERE m.root_id = d.id) AS size
FROM documents d WHERE {_MEANT} AND d.created_at <= :began ORDER BY d.id LIMIT :limit
""")  # noqa: S608 - a constant

_COUNT = text(f"""
SELECT count(*), coalesce(sum((SELECT count(*) FROM documents m WHERE m.root_id = d.id)), 0)::bigint
FROM documents d WHERE {_MEANT}
""")  # noqa: S608 - a constant

_FIRST = text(f"""
SELECT d.id::text, d.uri, d.source FROM documents d WHERE {_MEANT} LIMIT 1
""")  # noqa: S608 - a constant

# As it was typed when it was run, which is what commands print; or what lies under that folder.
_PRINTED = "(d.source = :name OR starts_with(d.source, :below))"

_AS_PRINTED = text(f"""
SELECT d.id::text, d.uri, d.source, d.parent_id IS NOT NULL AS inside, r.source AS root
FROM documents d LEFT JOIN documents r ON r.id = d.root_id
WHERE d.project_id = CAST(:project AS uuid)
  AND (d.id::text = :name OR d.uri = :name OR d.source = :name
       OR d.parent_id IS NULL AND {_PRINTED})
ORDER BY d.source = :name DESC, d.id LIMIT 1
""")  # noqa: S608 - a constant

_PRINTED_ELSEWHERE = text(f"""
SELECT d.id::text, d.uri, d.source FROM documents d
WHERE d.project_id = CAST(:project AS uuid) AND d.parent_id IS NULL AND {_PRINTED}
  AND NOT ({_MEANT}) LIMIT 1
""")  # noqa: S608 - a constant


@dataclass(frozen=True)
class Wanted:
    """The documents that were asked for: by id, by URI, and by how their URIs begin."""

    project: str
    ids: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def at(cls, project: str, uri: str) -> Wanted:
        """Ask for what is at a URI or under it, as `casegraph run` takes a source."""
        if not is_s3(uri):
            uri = uri.rstrip("/")  # in a key each `/` counts, at the end of a path none
        below = uri if uri.endswith("/") else f"{uri}/"
        return cls(project, uris=(uri,), prefixes=(below,))

    @property
    def parameters(self) -> dict[str, Any]:
        """Give what the questions take."""
        return {
            "project": self.project,
            "ids": list(self.ids),
            "uris": list(self.uris),
            "prefixes": list(self.prefixes),
        }

    def counted(self, connection: Connection) -> tuple[int, int]:
        """Count the documents, and the members inside them."""
        documents, members = connection.execute(_COUNT, self.parameters).one()
        return int(documents), int(members)


def found(connection: Connection, project: str, names: Sequence[str]) -> Wanted:
    """Find what each name means. Raises UsageError for one that means nothing, a member, or
    documents of which another reading of it means others.
    """
    each = [_meaning(connection, project, name) for name in names]
    return Wanted(
        project,
        ids=tuple(id_ for one in each for id_ in one.ids),
        uris=tuple(uri for one in each for uri in one.uris),
        prefixes=tuple(prefix for one in each for prefix in one.prefixes),
    )


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
    """Find what one name means: an id, a source as `run` takes it, a URI, else what is printed so.

    What is taken out does not come back: where two of these are there, nothing is guessed.
    """
    shown = printable(name)
    if not shown.strip():
        raise UsageError("a document without a name cannot be found; give a path, a URI or an id")
    there = [
        (wanted, first)
        for wanted in _readings(project, name)
        if (first := connection.execute(_FIRST, wanted.parameters).first())
    ]
    below = shown if shown.endswith("/") and is_s3(shown) else shown.rstrip("/") + "/"
    printed = {"project": project, "name": shown, "below": below}
    if not there:
        wanted = _printed(connection, printed)
        there = [(wanted, connection.execute(_FIRST, wanted.parameters).one())]
    wanted, first = there[0]
    elsewhere = connection.execute(_PRINTED_ELSEWHERE, {**printed, **wanted.parameters}).first()
    if other := there[1][1] if there[1:] else elsewhere:
        raise UsageError(
            f"{shown!r} can mean {_told(first)}, and {_told(other)}; give the id of what is meant, "
            "or for a path the whole of it"
        )
    return wanted


def _readings(project: str, name: str) -> list[Wanted]:
    """Read a name in each way that does not depend on what is there."""
    shown = printable(name)
    if ID.fullmatch(shown.lower()):
        return [Wanted(project, ids=(shown.lower(),))]
    if is_s3(shown):
        # A key may look like a URI: `a%23b` is a key, and what the URI of `a#b` ends in.
        readings = [Wanted.at(project, uri_of(name)), Wanted.at(project, shown)]
        return readings[: 1 if readings[0].prefixes == readings[1].prefixes else 2]
    return [Wanted.at(project, shown if "://" in shown else uri_of(name))]


def _printed(connection: Connection, printed: Mapping[str, str]) -> Wanted:
    """Find the one document or folder that commands print so, seen from where it was run."""
    name = printed["name"]
    first = connection.execute(_AS_PRINTED, printed).first()
    if first is None:
        raise UsageError(
            f"the project has no document {name!r}; `casegraph status` says how many there are, "
            "and `casegraph export` lists them"
        )
    if first.inside:
        raise UsageError(
            f"{name!r} is inside {first.root!r} and comes back whenever that is read; "
            f"name {first.root!r} as a whole"
        )
    if first.source == name:
        return Wanted.at(printed["project"], first.uri)
    # No `/` is percent-encoded, so the folder's URI ends where as many parts are left.
    parts = first.source.removeprefix(printed["below"]).split("/")
    if ".." in parts and not is_s3(name):
        raise UsageError(f"{name!r} is a folder as seen from elsewhere; give its absolute path")
    return Wanted.at(printed["project"], first.uri.rsplit("/", len(parts))[0])


def _told(document: Row[Any]) -> str:
    """Tell a document from others that may be printed like it."""
    shown = document.source if is_s3(document.uri) else document.uri
    return f"{shown} (id {document.id})"
