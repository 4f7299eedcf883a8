"""The end of a project: its rows, its copies in Redis, its objects."""

from __future__ import annotations

from typing import Any

import redis
from sqlalchemy import Connection, Engine, delete, select, text

from pipeline.errors import UsageError
from pipeline.stores import keys, loose_objects, tables
from pipeline.stores.postgres import transaction
from pipeline.stores.project_reader import AT_WORK, find_project
from pipeline.stores.protocols import Blobs

SCAN_ROWS = 1_000

NAMED = text("""
SELECT d.blob FROM documents d WHERE d.blob IS NOT NULL AND d.project_id = :project
UNION
SELECT m.value ->> 'sha256' FROM contents c CROSS JOIN jsonb_array_elements(c.members) AS m
WHERE c.project_id = :project
UNION
SELECT s.payload_ref FROM stage_results s JOIN contents c ON c.id = s.content_id
WHERE s.payload_ref IS NOT NULL AND c.project_id = :project
""")


def delete_project(
    engine: Engine, name: str, client: redis.Redis | None = None, blobs: Blobs | None = None
) -> int:
    """Delete a project with all that was made of its documents; the sources are left alone.

    Returns the number of documents. Raises UsageError if there is no such project, or while a
    run of it goes on. Copies in Redis and objects that nothing names any more go after the
    transaction: if that is interrupted, the copies expire, and a later run removes the objects.
    """
    project = find_project(engine, name)
    with transaction(engine) as connection:
        _refuse_while_running(connection, project, name)
        contents = set(map(str, connection.scalars(_ids(tables.contents, project))))
        runs = set(map(str, connection.scalars(_ids(tables.runs, project))))
        objects = set(connection.scalars(NAMED, {"project": project}))
        # Documents first: a content may not go while a document points to it.
        documents = connection.execute(
            delete(tables.documents).where(tables.documents.c.project_id == project)
        ).rowcount
        connection.execute(delete(tables.projects).where(tables.projects.c.id == project))
    if client is not None:
        _drop_copies(client, project, contents | runs)
    if blobs is not None and objects:
        loose_objects.remove(engine, blobs, objects)
    return documents


def _ids(table: Any, project: str) -> Any:
    """Select the ids of a table's rows of one project."""
    return select(table.c.id).where(table.c.project_id == project)


def _refuse_while_running(connection: Connection, project: str, name: str) -> None:
    """Lock the project's row and raise UsageError if a run holds its lease."""
    connection.execute(
        select(tables.projects.c.id).where(tables.projects.c.id == project).with_for_update()
    )
    if name in set(connection.scalars(AT_WORK)):
        raise UsageError(f"a run of {name!r} is going on; stop it first, then delete the project")


def _drop_copies(client: redis.Redis, project: str, owners: set[str]) -> None:
    """Remove a project's keys that expire: what PostgreSQL had. A checkpoint that is still to be
    written is left to the queue, which finds its document gone.
    """
    for pattern in (keys.project(project, "*"), "doc:*", "run:*"):
        batch: list[bytes] = []
        for key in client.scan_iter(match=pattern, count=SCAN_ROWS):
            owner = key.split(b":")[1].decode()
            if owner == project or owner in owners:
                batch.append(key)
        for at in range(0, len(batch), SCAN_ROWS):
            part = batch[at : at + SCAN_ROWS]
            asked = client.pipeline(transaction=False)
            for key in part:
                asked.ttl(key)
            safe = [key for key, ttl in zip(part, asked.execute(), strict=True) if ttl >= 0]
            if safe:
                client.unlink(*safe)
