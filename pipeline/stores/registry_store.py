"""Where a project's registry is kept: its lease, what is pending, and what came of it.

Reading takes one moment, so that a change is seen with the names it speaks of. Writing locks names
first, in the order of their ids, as publishers do; a name that has gone since is passed, for a
change that says so is pending.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from pipeline.registry.blocks import BOUND, LiveName, block_key
from pipeline.registry.decisions import Decision
from pipeline.registry.keeping import Behind
from pipeline.registry.updates import LostLeaseError, Pending, Update
from pipeline.stores import registry_statements as statements
from pipeline.stores.copying import staged
from pipeline.stores.decisions import read_decisions
from pipeline.stores.postgres import alone, one_moment, transaction
from pipeline.stores.registry_blocks import StoredBlocks

_STATE = text("""
SELECT epoch, version FROM registries WHERE project_id = CAST(:project AS uuid)
""")

_PENDING = text("""
SELECT id, kind, subject, keys FROM changes WHERE project_id = CAST(:project AS uuid) ORDER BY id
""")

_HOLD = text("""
UPDATE registries
SET holder = CAST(:holder AS uuid), until = now() + make_interval(secs => :seconds)
WHERE project_id = CAST(:project AS uuid)
  AND (holder IS NULL OR holder = CAST(:holder AS uuid) OR until < now())
RETURNING project_id
""")

_LET_GO = text("""
UPDATE registries SET holder = NULL, until = NULL
WHERE project_id = CAST(:project AS uuid) AND holder = CAST(:holder AS uuid)
""")

_CONTENTS_OF = text("""
SELECT id::text, content_id::text FROM documents
WHERE id = ANY(CAST(:documents AS uuid[])) AND content_id IS NOT NULL
""")

_OCCURRING = text("""
SELECT w.name, w.content
FROM unnest(CAST(:names AS uuid[]), CAST(:contents AS uuid[])) AS w(name, content)
WHERE EXISTS (SELECT 1 FROM mentions m WHERE m.name_id = w.name AND m.content_id = w.content)
""")

_SENSES = text("""
SELECT s.name_id::text, s.content_id::text, s.sense FROM senses s JOIN names n ON n.id = s.name_id
WHERE n.project_id = CAST(:project AS uuid)
""")

_NAMESAKES = text("""
SELECT e.name_id::text, e.sense FROM name_entities e JOIN names n ON n.id = e.name_id
WHERE n.project_id = CAST(:project AS uuid) AND e.sense <> 0
""")

_ENTITIES_OF = text("""
SELECT n.id::text, coalesce(e.entity_id, n.id)::text
FROM names n LEFT JOIN name_entities e ON e.name_id = n.id AND e.sense = 0
WHERE n.id = ANY(CAST(:names AS uuid[]))
""")

_BEHIND = text("""
SELECT r.epoch, r.version, c.pending, c.first, c.last
FROM registries r, LATERAL (
    SELECT count(*) AS pending, min(id) AS first, max(id) AS last FROM changes
    WHERE project_id = r.project_id
) AS c
WHERE r.project_id = CAST(:project AS uuid)
""")


class StoredMoment:
    """One project at one moment."""

    def __init__(self, connection: Connection, project: str, bound: int) -> None:
        self._connection = connection
        self._project = project
        state = connection.execute(_STATE, {"project": project}).one_or_none()
        self.epoch: int = state.epoch if state else 0
        self.version: str | None = state.version if state else None
        rows = connection.execute(_PENDING, {"project": project})
        self.pending: Sequence[Pending] = [
            Pending(row.id, row.kind, row.subject, None if row.keys is None else tuple(row.keys))
            for row in rows
        ]
        self.decisions: Sequence[Decision] = read_decisions(connection, project)
        self.blocks = StoredBlocks(connection, project, bound)

    def count(self) -> int:
        """Count the live names."""
        return self.blocks.count()

    def every_name(self) -> Iterator[LiveName]:
        """Yield all live names by id."""
        return self.blocks.every()

    def contents_of(self, documents: Collection[str]) -> Mapping[str, str]:
        """Give the contents that readers see of documents."""
        rows = self._connection.execute(_CONTENTS_OF, {"documents": sorted(documents)})
        return {row[0]: row[1] for row in rows}

    def occurring(self, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Give those (name, content) of which there is a mention."""
        ordered = sorted(pairs)
        rows = self._connection.execute(
            _OCCURRING, {"names": [x for x, _ in ordered], "contents": [x for _, x in ordered]}
        )
        return {(str(row[0]), str(row[1])) for row in rows}

    def stored_senses(self) -> Mapping[tuple[str, str], int]:
        """Give the senses that are stored."""
        rows = self._connection.execute(_SENSES, {"project": self._project})
        return {(row[0], row[1]): row[2] for row in rows}

    def namesakes(self) -> Collection[tuple[str, int]]:
        """Give the (name, sense) other than sense 0 that are in an entity."""
        rows = self._connection.execute(_NAMESAKES, {"project": self._project})
        return [(row[0], row[1]) for row in rows]

    def entities_of(self, names: Collection[str]) -> Mapping[str, str]:
        """Give the stored entity of each of these names, sense 0."""
        rows = self._connection.execute(_ENTITIES_OF, {"names": sorted(names)})
        return {row[0]: row[1] for row in rows}


class PostgresRegistry:
    """One project's registry in PostgreSQL. Safe to use in several processes."""

    def __init__(self, engine: Engine, project: str, bound: int = BOUND) -> None:
        self._engine = engine
        self._project = project
        self._bound = bound

    def hold(self, holder: str, seconds: float) -> bool:
        """Take the lease or renew it; say whether it is the holder's now."""
        values = {"project": self._project, "holder": holder, "seconds": seconds}
        with transaction(self._engine, "registry-hold") as connection:
            return connection.execute(_HOLD, values).one_or_none() is not None

    def let_go(self, holder: str) -> None:
        """Give the lease back."""
        with transaction(self._engine, "registry-let-go") as connection:
            connection.execute(_LET_GO, {"project": self._project, "holder": holder})

    def behind(self) -> Behind | None:
        """Say how far it is; None for a project that is gone."""
        with alone(self._engine) as connection:
            row = connection.execute(_BEHIND, {"project": self._project}).one_or_none()
        return Behind(*row) if row else None

    @contextmanager
    def moment(self) -> Iterator[StoredMoment]:
        """Open one moment of the project."""
        with one_moment(self._engine) as connection:
            yield StoredMoment(connection, self._project, self._bound)

    def write(self, holder: str, update: Update) -> None:
        """Write an update. Raises LostLeaseError for who has not the lease or the last epoch."""
        with transaction(self._engine, "registry") as connection:
            way = _Writing(connection, self._project, update)
            way.fence(holder)
            way.write()


class _Writing:
    """The transaction that writes one update."""

    def __init__(self, connection: Connection, project: str, update: Update) -> None:
        self._connection = connection
        self._update = update
        self._epoch = update.epoch + 1
        self._values = {"project": project, "epoch": self._epoch}

    def fence(self, holder: str) -> None:
        """Raise the epoch, if it is still the holder's to raise."""
        update = self._update
        held = self._connection.execute(
            statements.FENCE,
            {**self._values, "holder": holder, "seen": update.epoch, "version": update.version},
        ).one_or_none()
        if held is None:
            raise LostLeaseError("another process holds the project's registry by now")

    def write(self) -> None:
        """Write what came of the changes, and take them off the list."""
        update, values = self._update, self._values
        self._run(statements.APPLIED, ids=list(update.applied))
        nodes, misses = self._stage()
        self._run(text(f"ANALYZE {nodes}, {misses}"))
        self._run(text(statements.LOCK.format(nodes=nodes, misses=misses)))
        if update.senses is not None:
            self._senses(update.senses)
        if update.retired:
            self._run(statements.NO_SENSE)
            self._lead(statements.RETIRE, update.retired)
        steps = statements.NODES_WHOLE if update.whole else statements.NODES
        for statement in (*steps, *statements.MISSES):
            self._connection.execute(text(statement.format(nodes=nodes, misses=misses)), values)
        for step in statements.FREE if update.freed else ():
            self._lead(step, update.freed)
        self._capped()
        self._dissolved(nodes)

    def _run(self, statement: Any, **more: Any) -> None:
        self._connection.execute(statement, {**self._values, **more})

    def _lead(self, statement: Any, led: Mapping[str, str | None]) -> None:
        self._run(statement, ids=list(led), entities=list(led.values()))

    def _stage(self) -> tuple[str, str]:
        """Put nodes and near misses into tables of this transaction. A node's `epoch` is 1 where it
        needs a row, and 0 where it is its own entity.
        """
        update = self._update
        sizes = Counter(node.entity for node in update.nodes)
        nodes = staged(
            self._connection,
            "name_entities",
            ("name_id", "sense", "entity_id", "reasons", "epoch"),
            (
                (
                    node.name, node.sense, node.entity,
                    json.dumps(node.reasons) if node.reasons else None,
                    int(sizes[node.entity] > 1 or node.sense != 0),
                )
                for node in update.nodes
            ),
        )  # fmt: skip
        misses = staged(
            self._connection,
            "near_misses",
            ("one", "other", "score", "verdict", "why", "reasons"),
            (
                (
                    *sorted((miss.one, miss.other)), miss.comparison.score,
                    miss.comparison.verdict.value, miss.why.value,
                    json.dumps(_reasons(miss.comparison.rules, miss.decision)),
                )
                for miss in update.misses
            ),
        )  # fmt: skip
        return nodes, misses

    def _senses(self, wanted: Mapping[tuple[str, str], int]) -> None:
        """Store which content means which sense of a name."""
        columns = {
            "names": [name for name, _ in wanted],
            "contents": [content for _, content in wanted],
            "senses": list(wanted.values()),
        }
        for statement in statements.SENSES:
            self._run(statement, **columns)

    def _capped(self) -> None:
        """Store what was too large, and take out what is not any more."""
        update = self._update
        if update.whole:
            self._run(statements.UNCAP_ALL)
        else:
            gone = {node.id for node in update.nodes}.union(update.gone, update.retired)
            self._run(
                statements.UNCAP,
                components=sorted(gone - update.capped.keys()),
                keys=[block_key(part) for part in update.thinned],
                single=[one for one, other in update.thinned if one == other],
            )
        rows = [("component", key, size) for key, size in sorted(update.capped.items())]
        rows += [("block", block_key(part), 0) for part in sorted(update.crowds)]
        if rows:
            self._run(
                statements.CAP,
                kinds=[row[0] for row in rows],
                keys=[row[1] for row in rows],
                sizes=[row[2] for row in rows],
            )

    def _dissolved(self, nodes: str) -> None:
        """Store what was one until now, and take out what is one again."""
        if self._update.dissolved:
            self._run(statements.DISSOLVE, groups=json.dumps(self._update.dissolved))
        self._run(text(statements.UNDISSOLVE.format(nodes=nodes)))


def _reasons(rules: Sequence[str], decision: int | None) -> Mapping[str, Any]:
    """Say what a comparison found, and who decided."""
    return {"rules": list(rules)} | ({} if decision is None else {"decision": decision})
