"""The end of a project: its rows, its copies in Redis, its objects."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, select, text

from pipeline.errors import UsageError
from pipeline.stores import loose_objects, tables
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.postgres import transaction
from pipeline.stores.project_reader import AT_WORK, find_project
from pipeline.stores.protocols import Blobs

NAMED = text("""
SELECT d.blob FROM documents d WHERE d.blob IS NOT NULL AND d.project_id = :project
UNION
SELECT m.value ->> 'sha256' FROM contents c CROSS JOIN jsonb_array_elements(c.members) AS m
WHERE c.project_id = :project
UNION
SELECT unnest(s.members) FROM stage_results s JOIN contents c ON c.id = s.content_id
WHERE c.project_id = :project
UNION
SELECT s.payload_ref FROM stage_results s JOIN contents c ON c.id = s.content_id
WHERE s.payload_ref IS NOT NULL AND c.project_id = :project
""")


def delete_project(
    engine: Engine, name: str, copies: ForgottenCopies | None = None, blobs: Blobs | None = None
) -> int:
    """Delete a project with all that was made of its documents; the sources are left alone.

    Returns the number of documents. Raises UsageError if there is no such project, or while a
    run of it goes on. Copies in Redis, dead letters among them, and objects that nothing names
    any more go after the transaction: if that is interrupted, the copies expire, and a later run
    removes the objects. `copies` says whether Redis could be asked.
    """
    project = find_project(engine, name)
    with transaction(engine) as connection:
        _refuse_while_running(connection, project, name)
        objects = set(connection.scalars(NAMED, {"project": project}))
        # Documents first: a content may not go while a document points to it.
        documents = connection.execute(
            delete(tables.documents).where(tables.documents.c.project_id == project)
        ).rowcount
        connection.execute(delete(tables.projects).where(tables.projects.c.id == project))
    if copies is not None:
        copies.sweep(engine)
    if blobs is not None and objects:
        loose_objects.remove(engine, blobs, objects)
    return documents


def _refuse_while_running(connection: Connection, project: str, name: str) -> None:
    """Lock the project's row and raise UsageError if a run holds its lease."""
    connection.execute(
        select(tables.projects.c.id).where(tables.projects.c.id == project).with_for_update()
    )
    if name in set(connection.scalars(AT_WORK)):
        raise UsageError(f"a run of {name!r} is going on; stop it first, then delete the project")
