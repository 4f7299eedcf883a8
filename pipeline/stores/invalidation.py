"""Drops what Redis has of documents or of a project, but for what PostgreSQL does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from sqlalchemy import Engine, text

from pipeline.errors import PermanentError
from pipeline.stores import loose_objects
from pipeline.stores.forgotten_names import found
from pipeline.stores.postgres import transaction
from pipeline.stores.protocols import Blobs, Checkpoint
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_removal import RedisRemoval, Value
from pipeline.stores.redis_values import named, unpack

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Also what belonged to contents that are gone: nobody else will ask for it.
_LONE = """
NOT EXISTS (SELECT 1 FROM contents WHERE id = o.id)
AND NOT EXISTS (SELECT 1 FROM documents WHERE id = o.id)
AND NOT EXISTS (SELECT 1 FROM runs WHERE id = o.id)
AND NOT EXISTS (SELECT 1 FROM projects WHERE id = o.id)
"""

_OF_PROJECT = text(f"""
SELECT id::text FROM unnest(CAST(:ids AS uuid[])) AS o (id)
WHERE id = CAST(:project AS uuid)
   OR EXISTS (SELECT 1 FROM contents c WHERE c.id = o.id AND c.project_id = :project)
   OR EXISTS (SELECT 1 FROM documents d WHERE d.id = o.id AND d.project_id = :project)
   OR EXISTS (SELECT 1 FROM runs r WHERE r.id = o.id AND r.project_id = :project)
   OR ({_LONE})
""")  # noqa: S608 - a constant

_OF_NOBODY = text(f"""
SELECT id::text FROM unnest(CAST(:ids AS uuid[])) AS o (id) WHERE {_LONE}
""")  # noqa: S608 - a constant

_MEANT = """
EXISTS (SELECT 1 FROM documents d LEFT JOIN documents r ON r.id = d.root_id
        WHERE d.{column} = o.id AND d.project_id = CAST(:project AS uuid)
          AND (coalesce(d.root_id, d.id) = ANY(CAST(:ids AS uuid[]))
               OR coalesce(r.uri, d.uri) = ANY(CAST(:uris AS text[]))
               OR EXISTS (SELECT 1 FROM unnest(CAST(:prefixes AS text[])) AS p (prefix)
                          WHERE starts_with(coalesce(r.uri, d.uri), p.prefix))))
"""

# A document's keys are named by it or by its content.
_BY_ANY = " OR ".join(
    _MEANT.format(column=name) for name in ("id", "content_id", "next_content_id")
)
_OF_DOCUMENTS = text(f"""
SELECT o.id::text FROM unnest(CAST(:owners AS uuid[])) AS o (id) WHERE {_BY_ANY}
""")  # noqa: S608 - constants


def drop_project(engine: Engine, link: RedisLink, project: str) -> int:
    """Drop a project's keys and return how many. Raises TemporaryError."""

    def belonging(owners: Collection[str]) -> Collection[str]:
        ids = [owner for owner in owners if ID.fullmatch(owner)]
        with transaction(engine) as connection:
            return list(connection.scalars(_OF_PROJECT, {"project": project, "ids": ids}))

    return RedisRemoval(link).drop_owned(belonging)


def drop_lone(engine: Engine, link: RedisLink, blobs: Blobs | None = None) -> int:
    """Drop the keys and dead letters of what is gone: a deleted project's, or what a changed
    document said before. What only Redis has of it goes, too: its entries find nothing, and the
    objects that it names are for a sweep. Returns how many keys. Raises TemporaryError.
    """

    def belonging(owners: Collection[str]) -> Collection[str]:
        ids = [owner for owner in owners if ID.fullmatch(owner)]
        with transaction(engine) as connection:
            return list(connection.scalars(_OF_NOBODY, {"ids": ids}))

    def heir(values: Iterator[Value]) -> None:
        objects = loose_objects.objects_of(_readable(values, blobs))
        if objects:
            with transaction(engine, "loosen") as connection:
                loose_objects.loosen(connection, objects)

    removal = RedisRemoval(link)
    removal.drop_letters(belonging)
    return removal.drop_owned(belonging, heir)


def _readable(values: Iterable[Value], blobs: Blobs | None) -> Iterator[Checkpoint]:
    """Read checkpoints; what is none, or cannot be read, names nothing that is known."""
    for name, value in values:
        if (key := named(name)) is not None:
            with suppress(PermanentError):
                yield unpack(key, value, blobs)


def drop_documents(engine: Engine, link: RedisLink, project: str, names: Sequence[str]) -> int:
    """Drop the keys of documents and of what is inside them; return how many.

    Raises UsageError for a name that means no document, and TemporaryError.
    """
    with transaction(engine) as connection:
        wanted = found(connection, project, names)

    def belonging(owners: Collection[str]) -> Collection[str]:
        ids = [owner for owner in owners if ID.fullmatch(owner)]
        with transaction(engine) as connection:
            parameters = {**wanted.parameters, "owners": ids}
            return list(connection.scalars(_OF_DOCUMENTS, parameters))

    return RedisRemoval(link).drop_owned(belonging)
