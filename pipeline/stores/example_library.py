"""Examples for questions to a language model, as PostgreSQL keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from pipeline import codec
from pipeline.errors import UsageError
from pipeline.llm.example_sets import (
    ExampleSet,
    Origin,
    Task,
    domains,
    for_task,
    hash_of,
    present,
    shipped_set,
    too_many,
)
from pipeline.llm.examples import Example
from pipeline.stores.postgres import reading, transaction

WRITERS = 0x63617365_6578616D  # "caseexam": one number for all who add examples

_READ = text("""
SELECT e.domain, e.task, e.hash, e.origin, e.value, e.who, e.added_at, d.source,
       p.name AS project
FROM examples e LEFT JOIN documents d ON d.id = e.document_id
LEFT JOIN projects p ON p.id = d.project_id
WHERE (CAST(:domain AS text) IS NULL OR e.domain = :domain)
  AND (CAST(:task AS text) IS NULL OR e.task = :task)
ORDER BY e.id
""")

# Waits for whoever is about to take the document out.
_DOCUMENT = text("SELECT id FROM documents WHERE id = CAST(:document AS uuid) FOR KEY SHARE")

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")

_ACCEPTED = text("""
SELECT domain, task, hash FROM examples WHERE document_id = ANY(CAST(:documents AS uuid[]))
""")

_ADD = text("""
INSERT INTO examples (domain, task, hash, origin, value, document_id, who)
VALUES (:domain, :task, :hash, :origin, :value, CAST(:document AS uuid), :who)
ON CONFLICT (domain, task, hash) DO NOTHING RETURNING id
""")

_REMOVE = text("""
DELETE FROM examples WHERE domain = :domain AND task = :task AND hash = :hash RETURNING id
""")


class Kept(NamedTuple):
    """An example with where it is from; `source` and `project` are of its document."""

    domain: str
    task: Task
    hash: str
    origin: Origin
    example: Example
    who: str = ""
    when: datetime | None = None
    source: str | None = None
    project: str | None = None


@dataclass(frozen=True)
class ExampleLibrary:
    """All examples of one database. Each method is one transaction, and all raise TemporaryError
    where PostgreSQL does not answer.
    """

    engine: Engine

    def listed(self, domain: str | None = None, task: Task | None = None) -> list[Kept]:
        """List the examples, of all domains and for all tasks if none is said: the shipped ones,
        hidden ones among them, and then the others in the order in which they came.
        """
        with reading(self.engine) as connection:
            return _listed(connection, domain, task)

    def add(
        self,
        domain: str,
        examples: Mapping[Task, Sequence[Example]],
        who: str,
        document: str | None = None,
    ) -> list[Kept]:
        """Keep examples for tasks, all or none, and give those that were not there. They must have
        no problem; those with a `document`, by its id, were accepted, and go with it. A shipped one
        that was hidden is shown again.

        Raises UsageError if there would be more than a question can show.
        """
        with transaction(self.engine) as connection:
            values = {"document": document}
            if document is not None and connection.scalar(_DOCUMENT, values) is None:
                raise UsageError("its document is not there any more")
            lock_writers(connection)
            new = [
                kept
                for task, wanted in examples.items()
                for kept in _added(connection, domain, task, wanted)
            ]
            for kept in new:
                _write(connection, kept, who, document)
            listed = _listed(connection, domain, None)
            for task in {kept.task for kept in new}:
                if why := too_many(present_of(listed, domain, task).examples):
                    raise UsageError(
                        f"{task.value}: {why}; remove some first (`casegraph examples remove`)"
                    )
        keys = {(kept.task, kept.hash) for kept in new}
        return [kept for kept in listed if (kept.task, kept.hash) in keys]

    def remove(self, kept: Kept, who: str) -> bool:
        """Remove an example, or hide a shipped one; False if that was done before."""
        if kept.origin is Origin.HIDDEN:
            return False
        key = {"domain": kept.domain, "task": kept.task.value, "hash": kept.hash}
        with transaction(self.engine) as connection:
            gone = connection.scalar(_REMOVE, key) is not None
            if kept.origin is not Origin.SHIPPED:
                return gone
            hidden = {"origin": "hidden", "value": None, "document": None, "who": who}
            return connection.scalar(_ADD, key | hidden) is not None


def present_of(listed: Sequence[Kept], domain: str, task: Task) -> ExampleSet:
    """Give the examples of a domain and task as they are now, of a list that has them."""
    here = [kept for kept in listed if (kept.domain, kept.task) == (domain, task)]
    own = [kept.example for kept in here if kept.origin in {Origin.ADDED, Origin.ACCEPTED}]
    return present(domain, task, own, [kept.hash for kept in here if kept.origin is Origin.HIDDEN])


def lock_writers(connection: Connection) -> None:
    """Wait for whoever adds, pins or forgets examples, and let the next ones wait."""
    connection.execute(_LOCK, {"key": WRITERS})


def accepted_of(
    connection: Connection, documents: Sequence[str]
) -> dict[tuple[str, str], set[str]]:
    """Give the hashes of the examples that go with documents, by domain and task."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in connection.execute(_ACCEPTED, {"documents": documents}):
        found.setdefault((row.domain, row.task), set()).add(row.hash)
    return found


def present_sets(connection: Connection, domain: str) -> dict[Task, ExampleSet]:
    """Give the examples of a domain as they are now."""
    listed = _listed(connection, domain, None)
    return {task: present_of(listed, domain, task) for task in Task}


def _added(
    connection: Connection, domain: str, task: Task, examples: Sequence[Example]
) -> list[Kept]:
    """Give what is not there yet of some examples, as it is now: hidden, or not kept at all."""
    before = {kept.hash: kept for kept in _listed(connection, domain, task)}
    new = {}
    for example in (for_task(example, task) for example in examples):
        hash_ = hash_of(example)
        known = before.get(hash_, Kept(domain, task, hash_, Origin.ADDED, example))
        if hash_ not in before or known.origin is Origin.HIDDEN:
            new[hash_] = known
    return list(new.values())


def _write(connection: Connection, kept: Kept, who: str, document: str | None) -> None:
    """Write what was not there, or show again what is hidden."""
    key = {"domain": kept.domain, "task": kept.task.value, "hash": kept.hash}
    if kept.origin is Origin.HIDDEN:
        connection.execute(_REMOVE, key)
        return
    origin = Origin.ADDED if document is None else Origin.ACCEPTED
    values = {"origin": origin.value, "value": codec.encode(kept.example), "who": who}
    connection.execute(_ADD, {**key, **values, "document": document})


def _listed(connection: Connection, domain: str | None, task: Task | None) -> list[Kept]:
    rows = list(connection.execute(_READ, {"domain": domain, "task": task and task.value}))
    hidden = {(row.domain, row.task, row.hash): row for row in rows if row.value is None}
    shipped = [
        _shipped(of, for_, example, hidden)
        for of in ([domain] if domain is not None else domains())
        for for_ in ([task] if task is not None else Task)
        for example in shipped_set(of, for_).examples
    ]
    # What this version ships, too, is no example of its own.
    own = {(kept.domain, kept.task, kept.hash) for kept in shipped}
    return shipped + [
        Kept(row.domain, Task(row.task), row.hash, Origin(row.origin),
             codec.decode(Example, bytes(row.value)), row.who, row.added_at, row.source,
             row.project)
        for row in rows
        if row.value is not None and (row.domain, row.task, row.hash) not in own
    ]  # fmt: skip


def _shipped(
    domain: str, task: Task, example: Example, hidden: Mapping[tuple[str, str, str], Any]
) -> Kept:
    """Write a shipped example, with who hid it."""
    hash_ = hash_of(example)
    row = hidden.get((domain, task.value, hash_))
    if row is None:
        return Kept(domain, task, hash_, Origin.SHIPPED, example)
    return Kept(domain, task, hash_, Origin.HIDDEN, example, row.who, row.added_at)
