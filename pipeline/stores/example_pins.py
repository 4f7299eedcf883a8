"""Which examples a project uses: pinned until a person says otherwise, and kept whole till then.

A set is known by the hash of what it says. A project without a pin uses what is shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine, text

from pipeline import codec, identity
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.llm.example_sets import ExampleSet, Task, shipped_set
from pipeline.stage import Plan
from pipeline.stores.example_library import accepted_of, lock_writers, present_sets
from pipeline.stores.postgres import reading, transaction

_PINNED = text("""
SELECT hash FROM example_pins
WHERE project_id = CAST(:project AS uuid) AND domain = :domain AND task = :task
""")

_HASHES = text("""
SELECT hash FROM example_sets
WHERE project_id = CAST(:project AS uuid) AND domain = :domain AND task = :task
""")

_SET = text("""
SELECT value FROM example_sets
WHERE project_id = CAST(:project AS uuid) AND domain = :domain AND task = :task AND hash = :hash
""")

# One pins at a time, and none while the project is taken out.
_PROJECT = text("SELECT id FROM projects WHERE id = CAST(:project AS uuid) FOR NO KEY UPDATE")

_KEEP = text("""
INSERT INTO example_sets (project_id, domain, task, hash, value)
VALUES (CAST(:project AS uuid), :domain, :task, :hash, :value)
ON CONFLICT (project_id, domain, task, hash) DO NOTHING
""")

_PIN = text("""
INSERT INTO example_pins (project_id, domain, task, hash)
VALUES (CAST(:project AS uuid), :domain, :task, :hash)
ON CONFLICT (project_id, domain, task) DO UPDATE SET hash = excluded.hash, pinned_at = now()
""")

# What the plan was made with is there for a run at work.
_DROP = text("""
DELETE FROM example_sets s
WHERE s.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM example_pins p WHERE p.project_id = s.project_id
                  AND p.domain = s.domain AND p.task = s.task AND p.hash = s.hash)
  AND NOT EXISTS (SELECT 1 FROM projects p
                  WHERE p.id = s.project_id AND strpos(p.configuration::text, s.hash) > 0)
""")

# Of all projects: what is accepted serves each.
_SETS = text("""
SELECT project_id::text AS project, hash, value FROM example_sets
WHERE domain = :domain AND task = :task
""")

_CHANGE = text("""
UPDATE example_sets SET value = :value
WHERE project_id = CAST(:project AS uuid) AND domain = :domain AND task = :task AND hash = :hash
""")

_DOMAINS = text("""
SELECT DISTINCT domain, task FROM example_sets WHERE project_id = CAST(:project AS uuid)
""")


class Pinned(NamedTuple):
    """What a project used for a task, and what it uses from now on. `earlier` are the hashes of all
    that it may have been made with.
    """

    task: Task
    before: ExampleSet
    now: ExampleSet
    earlier: frozenset[str]

    def runs_again(self, plan: Plan) -> StageName | None:
        """Name the stage that a project of this plan did with other examples."""
        stage = self.task.stage
        made_with = identity.canonical_json(plan.identity_of(stage).configuration)
        same = self.now.hash in made_with
        return None if same or not any(x in made_with for x in self.earlier) else stage


class UsedExamples(Protocol):
    """Says which examples a project uses. Raises TemporaryError while PostgreSQL is away."""

    def used(self, project: str, domain: str, task: Task) -> ExampleSet:
        """Give the set that a project, by its id, has pinned, or what is shipped."""
        ...


@dataclass(frozen=True)
class ExamplePins:
    """The sets that the projects of one database use. Each method is one transaction."""

    engine: Engine

    def pin(self, project: str, domain: str) -> list[Pinned]:
        """Take the examples of a domain, as they are now, for a project, by its id.

        Raises UsageError if there is no such project.
        """
        with transaction(self.engine) as connection:
            if connection.scalar(_PROJECT, {"project": project}) is None:
                raise UsageError("this project is not there any more")
            lock_writers(connection)
            pinned = [
                Pinned(
                    task,
                    _used(connection, project, domain, task),
                    now,
                    _earlier(connection, project, domain, task),
                )
                for task, now in present_sets(connection, domain).items()
            ]
            for task, _, now, _ in pinned:
                values = {"project": project, "domain": domain, "task": task.value}
                values |= {"hash": now.hash}
                connection.execute(_KEEP, {**values, "value": codec.encode(now)})
                connection.execute(_PIN, values)
            drop_unused(connection, project)
        return pinned

    def hash_of(self, project: str, domain: str, task: Task) -> str:
        """Read the hash of the set that a project uses."""
        with reading(self.engine) as connection:
            return _hash_of(connection, project, domain, task)

    def used(self, project: str, domain: str, task: Task) -> ExampleSet:
        """See `UsedExamples`."""
        with reading(self.engine) as connection:
            return _used(connection, project, domain, task)

    def set_of(self, project: str, domain: str, task: Task, hash_: str) -> ExampleSet:
        """Give the set of a hash: one that the project has pinned or its plan was made with, or
        what is shipped. Raises UsageError if there is no such set.
        """
        with reading(self.engine) as connection:
            return _set_of(connection, project, domain, task, hash_)


def drop_unused(connection: Connection, project: str) -> None:
    """Drop the sets that a project has neither pinned nor was made with."""
    connection.execute(_DROP, {"project": project})


def forget_examples(connection: Connection, documents: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Take what was accepted of documents, which are locked and about to go, out of the sets of all
    projects; these keep their hash, which fingerprints have. Give the domains and tasks.
    """
    gone = accepted_of(connection, documents)
    if gone:
        lock_writers(connection)
    for (domain, task), hashes in sorted(gone.items()):
        key = {"domain": domain, "task": task}
        for row in connection.execute(_SETS, key).all():
            before = codec.decode(ExampleSet, bytes(row.value))
            after = before.without(hashes)
            if after != before:
                values = {**key, "project": row.project, "hash": row.hash}
                connection.execute(_CHANGE, {**values, "value": codec.encode(after)})
    return sorted(gone)


def kept_for(connection: Connection, project: str) -> Sequence[tuple[str, str]]:
    """List the domains and tasks that a project has sets for."""
    rows = connection.execute(_DOMAINS, {"project": project})
    return [(row.domain, row.task) for row in rows]


def _earlier(connection: Connection, project: str, domain: str, task: Task) -> frozenset[str]:
    values = {"project": project, "domain": domain, "task": task.value}
    stored = connection.scalars(_HASHES, values)
    return frozenset([*stored, shipped_set(domain, task).hash])


def _hash_of(connection: Connection, project: str, domain: str, task: Task) -> str:
    values = {"project": project, "domain": domain, "task": task.value}
    pinned: str | None = connection.scalar(_PINNED, values)
    return shipped_set(domain, task).hash if pinned is None else pinned


def _used(connection: Connection, project: str, domain: str, task: Task) -> ExampleSet:
    hash_ = _hash_of(connection, project, domain, task)
    return _set_of(connection, project, domain, task, hash_)


def _set_of(
    connection: Connection, project: str, domain: str, task: Task, hash_: str
) -> ExampleSet:
    shipped = shipped_set(domain, task)
    if hash_ == shipped.hash:
        return shipped
    values = {"project": project, "domain": domain, "task": task.value, "hash": hash_}
    stored = connection.scalar(_SET, values)
    if stored is None:
        raise UsageError(
            f"the examples that this project was made with ({task.value}, {hash_[:8]}) are not "
            "there any more; run it with --reconfigure"
        )
    return codec.decode(ExampleSet, bytes(stored))
