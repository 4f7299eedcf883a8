"""The end of a project: its rows, its copies in Redis, its objects."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, select, text

from pipeline.errors import UsageError
from pipeline.stores import example_pins, keys, loose_objects, tables
from pipeline.stores.forgotten_answers import forget_answers_of_project, redis_keys
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.postgres import transaction
from pipeline.stores.project_reader import LEASE_LEFT, find_project
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

_WITH_EXAMPLES = text("""
SELECT DISTINCT d.id::text FROM examples e JOIN documents d ON d.id = e.document_id
WHERE d.project_id = :project
""")


class Deleted(NamedTuple):
    """What went with a project. `kept_objects` are as in `Forgotten`."""

    documents: int
    objects: int = 0
    kept_objects: int = 0


def delete_project(
    engine: Engine, name: str, copies: ForgottenCopies | None = None, blobs: Blobs | None = None
) -> Deleted:
    """Delete a project with all that was made of its documents; the sources are left alone.

    Raises UsageError if there is no such project, or while a run of it goes on. Copies in Redis,
    dead letters among them, go after the transaction, and then the objects that nothing names any
    more: if that is interrupted, or Redis cannot be asked, the copies expire, and then a run
    removes the objects. `copies` says whether Redis could be asked.
    """
    project = find_project(engine, name)
    with transaction(engine, "delete") as connection:
        _refuse_while_running(connection, project, name)
        objects = set(connection.scalars(NAMED, {"project": project}))
        own = list(connection.scalars(_WITH_EXAMPLES, {"project": project}))
        examples = {
            *example_pins.kept_for(connection, project),
            *example_pins.forget_examples(connection, own),
        }
        answers = forget_answers_of_project(connection, project)
        # Documents first: a content may not go while a document points to it.
        documents = connection.execute(
            delete(tables.documents).where(tables.documents.c.project_id == project)
        ).rowcount
        connection.execute(delete(tables.projects).where(tables.projects.c.id == project))
    trouble = ""
    if copies is not None:
        copies.drop(
            [*(keys.examples(domain, task) for domain, task in examples), *redis_keys(answers)]
        )
        trouble = copies.sweep(engine)
    if blobs is None:
        return Deleted(documents)
    away = loose_objects.leave if trouble else loose_objects.remove
    gone, kept = away(engine, blobs, objects)
    return Deleted(documents, gone, kept)


def _refuse_while_running(connection: Connection, project: str, name: str) -> None:
    """Lock the project's row and raise UsageError if a run holds its lease."""
    connection.execute(
        select(tables.projects.c.id).where(tables.projects.c.id == project).with_for_update()
    )
    if seconds := connection.scalar(LEASE_LEFT, {"project": project}):
        raise UsageError(
            f"a run of {name!r} is going on; stop it first, or wait {seconds} s if it was killed, "
            "then delete the project"
        )
