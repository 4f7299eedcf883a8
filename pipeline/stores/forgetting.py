"""Takes documents out of a project, with their members and all that only they supported.

One transaction a batch. Its locks are those of publishing, in the same order, so a result that
arrives meanwhile is either published before and forgotten with the rest, or finds its document
gone and is dropped. Copies in Redis go after the commit, and objects after the copies, which may
bring back what names them: if that is interrupted, the copies expire, and then a run removes the
objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, text

from pipeline.documents import StageName
from pipeline.patience import patient
from pipeline.stores import loose_objects
from pipeline.stores.example_pins import forget_examples
from pipeline.stores.forgotten_answers import AnswerKey, forget_answers
from pipeline.stores.forgotten_names import Wanted, found, pick
from pipeline.stores.postgres import transaction
from pipeline.stores.protocols import Blobs, CheckpointKey
from pipeline.stores.removal import remove_unseen_contents
from pipeline.stores.snapshot_rows import forget_words

BATCH_DOCUMENTS = 1_000
PATIENCE_SECONDS = 30.0

_PROJECT = text("SELECT id FROM projects WHERE id = CAST(:project AS uuid) FOR SHARE")

_FAMILY = text("""
SELECT id::text, parent_id IS NOT NULL AS inside, blob, content_id::text, next_content_id::text
FROM documents
WHERE id = ANY(CAST(:ids AS uuid[])) OR root_id = ANY(CAST(:ids AS uuid[]))
ORDER BY id
""")

_LOCK_CONTENTS = text("""
SELECT id FROM contents WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""")

_LOCK_DOCUMENTS = text("""
SELECT id FROM documents
WHERE id = ANY(CAST(:ids AS uuid[])) OR root_id = ANY(CAST(:ids AS uuid[]))
ORDER BY id FOR UPDATE
""")

_STILL_THERE = text("""
SELECT EXISTS (SELECT 1 FROM documents
               WHERE id = ANY(CAST(:ids AS uuid[])) AND created_at <= :began)
""")

_DELETE = text("DELETE FROM documents WHERE id = ANY(CAST(:ids AS uuid[]))")

_FACTS = text("""
SELECT c.id::text, (SELECT count(*) FROM mentions m WHERE m.content_id = c.id) AS mentions,
       (SELECT count(*) FROM relationships r WHERE r.content_id = c.id) AS relationships,
       ARRAY(SELECT value ->> 'sha256' FROM jsonb_array_elements(
             CASE WHEN jsonb_typeof(c.members) = 'array' THEN c.members ELSE '[]' END)) AS members
FROM contents c WHERE c.id = ANY(CAST(:ids AS uuid[]))
""")

_RESULTS = text("""
SELECT content_id::text, stage, fingerprint, part, payload_ref, members
FROM stage_results
WHERE content_id = ANY(CAST(:ids AS uuid[]))
""")


class Forgotten(NamedTuple):
    """What is gone. `members` are those of `documents`, which are top-level; `objects` were
    nobody else's. `kept_objects` may be, or a copy in Redis could not be dropped that names them,
    or their store was away; a later run removes them. `kept_contents` were pointed to, and are by
    other documents too.
    """

    documents: int = 0
    members: int = 0
    contents: int = 0
    mentions: int = 0
    relationships: int = 0
    objects: int = 0
    kept_objects: int = 0
    kept_contents: int = 0

    def plus(self, more: Forgotten) -> Forgotten:
        """Add what another batch took."""
        return Forgotten(*(one + other for one, other in zip(self, more, strict=True)))


@dataclass(frozen=True)
class Copies:
    """What one batch leaves outside of PostgreSQL."""

    project: str
    documents: tuple[str, ...]
    contents: tuple[str, ...]
    checkpoints: tuple[CheckpointKey, ...]
    answers: tuple[AnswerKey, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Batch:
    """What one transaction took. `roots` are its top-level documents."""

    roots: Sequence[str]
    forgotten: Forgotten
    copies: Copies
    objects: set[str]


@dataclass(frozen=True)
class Forgetting:
    """Forgets documents of one project. `drop_copies` removes what Redis has of a batch, and
    `sweep_copies` what is left of contents that are gone; both say why they could not.
    """

    engine: Engine
    project: str
    blobs: Blobs
    drop_copies: Callable[[Copies], str | None]
    sweep_copies: Callable[[Engine], str | None] = lambda _: None

    def count(self, names: Sequence[str]) -> Forgotten:
        """Count the documents that would be forgotten. Raises UsageError like `forget`."""
        with transaction(self.engine) as connection:
            wanted = found(connection, self.project, names)
            documents, members = wanted.counted(connection)
        return Forgotten(documents=documents, members=members)

    def forget(self, names: Sequence[str]) -> Forgotten:
        """Forget the documents that paths, URIs and ids mean, batch by batch.

        Raises UsageError that names what is not there, before anything is forgotten, and
        TemporaryError if PostgreSQL does not answer for long; what is forgotten stays so.
        """
        with transaction(self.engine) as connection:
            wanted = found(connection, self.project, names)
            began = connection.scalar(text("SELECT now()"))
        total, trouble = Forgotten(), ""
        objects: set[str] = set()
        while batch := self._batch(wanted, began):
            total = total.plus(batch.forgotten)
            objects |= batch.objects
            trouble = self.drop_copies(batch.copies) or trouble
        trouble = self.sweep_copies(self.engine) or trouble
        away = loose_objects.leave if trouble else loose_objects.remove
        gone, kept = away(self.engine, self.blobs, objects)
        return total._replace(objects=gone, kept_objects=kept)

    def _batch(self, wanted: Wanted, began: datetime) -> _Batch | None:
        """Forget some documents; None if there are none left.

        If the answer to the commit is lost, the next try sees whether it went through.
        """
        tried: list[_Batch] = []

        def attempt() -> _Batch | None:
            with transaction(self.engine, "forget") as connection:
                connection.execute(_PROJECT, {"project": self.project})
                for batch in tried:
                    there = {"ids": list(batch.roots), "began": began}
                    if not connection.scalar(_STILL_THERE, there):
                        return batch
                roots = pick(connection, wanted, began, BATCH_DOCUMENTS)
                if not roots:
                    return None
                batch = _forget(connection, self.project, roots)
                tried[:] = [batch]
            return batch

        return patient(PATIENCE_SECONDS)(attempt)


def _forget(connection: Connection, project: str, roots: Sequence[str]) -> _Batch:
    """Delete top-level documents with their members."""
    # Contents before documents, as everywhere. One that a document comes to point to between the
    # two is locked when it is looked at whether it goes.
    loose = _contents(connection.execute(_FAMILY, {"ids": list(roots)}).all())
    connection.execute(_LOCK_CONTENTS, {"ids": sorted(loose)})
    connection.execute(_LOCK_DOCUMENTS, {"ids": list(roots)})
    family = connection.execute(_FAMILY, {"ids": list(roots)}).all()
    loose = _contents(family)
    ids = {"ids": sorted(loose)}
    facts = {row.id: row for row in connection.execute(_FACTS, ids)}
    results = connection.execute(_RESULTS, ids).all()
    examples = forget_examples(connection, [row.id for row in family])
    connection.execute(_DELETE, {"ids": [row.id for row in family]})
    unseen = remove_unseen_contents(connection, project, loose)
    forget_words(connection, project)
    gone = set(unseen.gone)
    objects = {row.blob for row in family if row.blob}
    objects |= {row.payload_ref for row in results if row.payload_ref and row.content_id in gone}
    objects |= {x for row in results if row.content_id in gone for x in row.members or ()}
    objects |= {sha256 for content in gone for sha256 in facts[content].members}
    forgotten = Forgotten(
        documents=sum(not row.inside for row in family),
        members=sum(row.inside for row in family),
        contents=len(gone),
        mentions=sum(facts[x].mentions for x in (*unseen.gone, *unseen.hidden)),
        relationships=sum(facts[x].relationships for x in (*unseen.gone, *unseen.hidden)),
        kept_contents=len(loose - gone),
    )
    copies = Copies(
        project=project,
        documents=tuple(row.id for row in family),
        contents=tuple(sorted(gone)),
        checkpoints=tuple(
            CheckpointKey(row.content_id, StageName(row.stage), row.fingerprint, row.part)
            for row in results
            if row.content_id in gone
        ),
        answers=forget_answers(connection, project),
        examples=tuple(examples),
    )
    return _Batch(roots, forgotten, copies, objects)


def _contents(family: Sequence[Row[Any]]) -> set[str]:
    """Collect what documents point to."""
    return {id_ for row in family for id_ in (row.content_id, row.next_content_id) if id_}
