"""Objects in the store that PostgreSQL may not name any more, and when they go.

Whatever deletes a row that names an object leaves the object's hash in `loose_objects`, by a
trigger of its table: no way of deleting can forget to, and one that dies afterwards has left it.
A document on its way may be about to name an object, and none of PostgreSQL's rows says so; while
there is one, nothing is removed. Documents get on their way under the lock that removing holds, and
whether one is there is asked before what is named: what is published between the two questions was
on its way at the first.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

from pipeline.engines.media_types import CONTAINERS
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.stores import store_mark
from pipeline.stores.payloads import hash_of, is_large, members_of
from pipeline.stores.postgres import alone, transaction
from pipeline.stores.protocols import Blobs, Checkpoint

logger = logging.getLogger(__name__)

LOCK = 0x6C6F6F73_65000001
AT_ONCE = 1_000
DELETED_AT_ONCE = 50
"""Objects between two looks at whether the lock is still held."""

# Together with whatever begins to store objects that no row names yet.
HOLD = text("SELECT pg_advisory_xact_lock_shared(:key)").bindparams(key=LOCK)
_REMOVE = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=LOCK)

# What is past `ocr` and not published has put its objects, and nothing in PostgreSQL names them. A
# container that failed after `ocr` goes on from there when it is tried again: what it holds is
# named by its result, but for one that an earlier version stored. While its run may have more in
# the queue than PostgreSQL knows, it is not known how far it came.
_ON_THEIR_WAY = text("""
SELECT EXISTS (SELECT 1 FROM documents
               WHERE next_content_id IS NOT NULL AND status IN ('pending', 'running'))
    OR EXISTS (SELECT 1 FROM documents d JOIN contents c ON c.id = d.next_content_id
               JOIN stage_results r ON r.content_id = c.id AND r.stage = 'ocr'
               WHERE d.status = 'failed' AND r.members IS NULL AND c.published_at IS NULL
                 AND c.media_type = ANY(:containers))
    OR EXISTS (SELECT 1 FROM documents d JOIN contents c ON c.id = d.next_content_id
               JOIN runs r ON r.id = d.claimed_by
               WHERE d.status = 'failed' AND c.media_type = ANY(:containers)
                 AND r.outcome IS DISTINCT FROM 'finished'
                 AND r.lease_until > now() - interval '1 day')
""")

# What names an object: a member, the list of members of its container, what `ocr` said of one that
# is not published, a large payload.
_NAMED = text("""
SELECT d.blob FROM documents d WHERE d.blob = ANY(:objects)
UNION
SELECT m.value ->> 'sha256' FROM contents c CROSS JOIN jsonb_array_elements(c.members) AS m
WHERE m.value ->> 'sha256' = ANY(:objects)
UNION
SELECT m FROM stage_results s CROSS JOIN unnest(s.members) AS m WHERE m = ANY(:objects)
UNION
SELECT s.payload_ref FROM stage_results s WHERE s.payload_ref = ANY(:objects)
""")

_ROWS = text("SELECT id, sha256 FROM loose_objects WHERE sha256 = ANY(:objects)")
# One that came loose more than once is as old as the last time: a copy may be from just before.
_OLD = text("""
SELECT sha256 FROM loose_objects GROUP BY sha256
HAVING max(since) < now() - make_interval(secs => :seconds) ORDER BY sha256 LIMIT :limit
""")
_STILL_OURS = text("SELECT 1")
_LOOSEN = text("INSERT INTO loose_objects (sha256) SELECT unnest(CAST(:objects AS text[]))")
_SETTLED = text("DELETE FROM loose_objects WHERE id = ANY(:ids)")


class Removed(NamedTuple):
    """How many objects went, and how many that nothing names stayed, since a document on its way,
    of whatever project, or a copy in Redis may be about to name them.
    """

    gone: int = 0
    kept: int = 0


def remove(engine: Engine, blobs: Blobs, objects: Collection[str]) -> Removed:
    """Remove those objects that nothing names any more, their rows being deleted.

    What stays is looked at by a later `sweep`: also what a store that is away keeps, since no
    trouble with objects may hide that the rows are gone.
    """
    gone = kept = 0
    ordered = sorted(objects)
    for at in range(0, len(ordered), AT_ONCE):
        some = ordered[at : at + AT_ONCE]
        try:
            part = _remove(engine, blobs, some)
        except (TemporaryError, UnavailableError) as error:
            logger.warning("objects were not removed: %s", error)
            part = Removed(kept=len(some))
        gone, kept = gone + part.gone, kept + part.kept
    return Removed(gone, kept)


def leave(engine: Engine, _: Blobs, objects: Collection[str]) -> Removed:
    """Remove none of them, and count those that nothing names: they are for a later `sweep`, since
    copies that could not be dropped may bring back what names them.
    """
    ordered, named = sorted(objects), 0
    with suppress(TemporaryError), alone(engine) as connection:
        for at in range(0, len(ordered), AT_ONCE):
            some = {"objects": ordered[at : at + AT_ONCE]}
            named += len(connection.scalars(_NAMED, some).all())
    return Removed(kept=len(ordered) - named)


def objects_of(checkpoints: Iterable[Checkpoint]) -> set[str]:
    """Collect what results name, and what holds those that are large."""
    objects: set[str] = set()
    for checkpoint in checkpoints:
        objects.update(members_of(checkpoint) or ())
        if is_large(checkpoint.payload):
            objects.add(hash_of(checkpoint.payload))
    return objects


def loosen(connection: Connection, objects: Collection[str]) -> None:
    """Write down the objects of results that no row is made of: they came too late, or others were
    there first.
    """
    if objects:
        connection.execute(_LOOSEN, {"objects": sorted(objects)})


def sweep(engine: Engine, blobs: Blobs, seconds: float) -> int:
    """Remove the objects that have been loose for so long, and return how many.

    `seconds` is how long a copy of a checkpoint may live in Redis: until then it can bring back
    what it names. Raises what `Blobs.delete` raises, and TemporaryError for another store.
    """
    total = 0
    while True:
        with transaction(engine) as connection:
            wanted = {"seconds": seconds, "limit": AT_ONCE}
            old = list(connection.scalars(_OLD, wanted))
        if not old:
            return total
        part = _remove(engine, blobs, old)
        total += part.gone
        if part.kept:
            return total


def _remove(engine: Engine, blobs: Blobs, objects: Sequence[str]) -> Removed:
    with transaction(engine, "remove") as connection:
        connection.execute(_REMOVE)
        # What becomes loose from here on adds a row of its own, which is not among these.
        rows = connection.execute(_ROWS, {"objects": objects}).all()
        # In this order, since each question sees what is committed when it is asked.
        on_their_way = connection.scalar(_ON_THEIR_WAY, {"containers": list(CONTAINERS)})
        unnamed = sorted(set(objects) - set(connection.scalars(_NAMED, {"objects": objects})))
        if unnamed and on_their_way:
            return Removed(kept=len(unnamed))
        if unnamed:
            store_mark.check(connection, blobs)
        for at in range(0, len(unnamed), DELETED_AT_ONCE):
            # Who was stopped for longer than a transaction may idle has lost it, and the lock with
            # it: this raises then, before what others have named by now goes.
            connection.execute(_STILL_OURS)
            blobs.delete(unnamed[at : at + DELETED_AT_ONCE])
        connection.execute(_SETTLED, {"ids": [row.id for row in rows]})
    return Removed(gone=len(unnamed))
