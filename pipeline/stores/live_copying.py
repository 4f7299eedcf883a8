"""Brings a project's live copies in Redis to what PostgreSQL has: by what updates touched where the
copies are of an epoch that leads there by known updates, else anew.

PostgreSQL is read at one moment. Who forgets drops the copies after its commit; so what is read
before that and written after it finds the copies gone, or those that were brought together since.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Engine

from pipeline.errors import TemporaryError
from pipeline.patience import Stopping, never
from pipeline.registry.live import (
    KEPT_ENTITIES,
    Canonical,
    Context,
    Stamp,
    Touch,
    count_patterns,
    joined,
    recent_after,
)
from pipeline.stores.live_rows import LiveRows
from pipeline.stores.postgres import one_moment
from pipeline.stores.redis_registry import Entries, Filling, Held, RedisRegistry, Shown

TOUCHED_BOUND = 10_000
"""If so many nodes or entities are touched, all are read anew: Redis does nothing else while a
script runs, and one takes about 12 µs an entity.
"""

CROWDED = 1_000
"""To sum up an entity with more mentions than this takes longer than a document may: one is summed
up each time, the others later. Until then its counts are those of an earlier epoch.
"""

KEPT_SLACK = 1.25
"""By so much the entities that have a copy may grow before fewer are chosen."""

CONTEXT_SHARE, FILLING_SHARE = 0.05, 0.25
"""Of the time, for what reads all of the project."""


class Brought(NamedTuple):
    """Up to which state all is done, None if it is to be tried again; whether all copies were made
    anew; how many entities were read, and how many are left to be read again.
    """

    stamp: Stamp | None
    anew: bool = False
    entities: int = 0
    late: int = 0


class LiveCopying:
    """Keeps the copies of one project. `fills` says whether copies that are not there, or of an
    epoch that does not lead here, are brought together anew; else these are dropped. At most `kept`
    entities have a copy; those of more than `crowded` mentions are read again later. `stopping`
    ends what takes long. Raises TemporaryError.
    """

    def __init__(
        self,
        engine: Engine,
        project: str,
        copies: RedisRegistry,
        *,
        fills: bool = True,
        kept: int = KEPT_ENTITIES,
        crowded: int = CROWDED,
        stopping: Stopping = never,
    ) -> None:
        self._engine = engine
        self._project = project
        self._copies = copies
        self._fills = fills
        self._kept, self._most = kept, round(kept * KEPT_SLACK)
        self._crowded = crowded
        self._stopping = stopping
        self._context_due = self._filling_due = 0.0
        self._summed: Stamp | None = None

    def bring(self, touches: Sequence[Touch]) -> Brought:
        """Bring the copies to what PostgreSQL has. `touches` are those of updates not shown yet."""
        there = self._copies.look()
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            now = rows.stamp()
            if now is None or not now.epoch:
                self._copies.drop()
                return Brought(now)
            if there is not None and there.stamp > now:
                return Brought(there.stamp)
            grown = self._grown(rows, there, now, touches) if there is not None else None
        if grown is not None:
            return grown
        if not self._fills:
            self._copies.drop()
            return Brought(now)
        return self._filled()

    def _grown(
        self, rows: LiveRows, there: Shown, now: Stamp, touches: Sequence[Touch]
    ) -> Brought | None:
        """Bring copies from one epoch to another by what was touched; None if that cannot be."""
        touched = joined(touches, there.stamp.epoch, now.epoch)
        if there.stamp.born != now.born or touched is None or there.entities > self._most:
            return None
        nodes = rows.touched(touched.nodes, touched.contents)
        if len(nodes) > TOUCHED_BOUND:
            return None
        entity_of = rows.entities_of(nodes)
        before = self._copies.entities_of(nodes)
        moved = {node for node in nodes if before[node] != entity_of.get(node)}
        beside = rows.beside(moved, TOUCHED_BOUND)
        # The id of an entity that is none any more is that of a node which was settled.
        entities = {*nodes, *entity_of.values()}
        if len(entities) + len(beside) > TOUCHED_BOUND:
            return None
        held = self._copies.held(entities | beside | {*there.late})
        changed = {before[node] for node in moved} | {entity_of.get(node) for node in moved}
        due, late = self._put_off(there, held, (entities | beside) - changed, changed)
        read = (entities - late.keys()) | due
        if not (read or touched.contents) and there.stamp == now:
            self._sum_up(rows, there)
            return Brought(now)
        found = _above(rows.canonicals(read), held.floor)
        were = {id_: held.canonicals[id_] for id_ in read if id_ in held.canonicals}
        if held.floor > 1:
            # All names come and go with their entity, touched or not.
            entity_of |= rows.nodes_of(found.keys() ^ were.keys())
        related = found.keys() | (beside & held.canonicals.keys() - late.keys())
        neighbours = rows.neighbours(related)
        entries = Entries(
            canonicals={id_: found.get(id_) for id_ in found.keys() | were.keys()},
            names={
                node: entity if entity != node and (entity in found or entity in late) else None
                for node in nodes | entity_of.keys()
                for entity in (entity_of.get(node, node),)
            },
            graph={id_: neighbours.get(id_) for id_ in related | were.keys()},
        )
        fresh = rows.recent(touched.contents).extractions
        shown = self._copies.apply(
            there,
            now,
            entries,
            count_patterns(found.values(), were.values()),
            recent_after(held.recent, fresh, touched.contents, entity_of),
            tuple(late),
        )
        if shown is None:
            return None
        self._sum_up(rows, shown)
        return Brought(now, entities=len(found), late=len(late))

    def _put_off(
        self, there: Shown, held: Held, unchanged: Set[str], changed: Collection[str | None]
    ) -> tuple[set[str], dict[str, None]]:
        """Say which crowded entity is due to be read again, and which are to be later, in order.
        What has other names now is neither: that is read at once.
        """
        crowded = (id_ for id_, one in held.canonicals.items() if one.mentions > self._crowded)
        waiting = (id_ for id_ in there.late if id_ not in changed)
        queue = list(dict.fromkeys((*waiting, *sorted(unchanged & set(crowded)))))
        return set(queue[:1]), dict.fromkeys(queue[1:])

    def _filled(self) -> Brought:
        """Bring copies together anew, some entities at a time."""
        began = time.monotonic()
        filling = self._copies.begin() if began >= self._filling_due else None
        if filling is None:
            return Brought(None)
        try:
            brought = self._brought_together(filling)
            if not brought.anew:
                filling.give_up()
        except Exception:
            with suppress(TemporaryError):
                filling.give_up()
            raise
        finally:
            now = time.monotonic()
            self._filling_due = now + (now - began) / FILLING_SHARE
        return brought

    def _brought_together(self, filling: Filling) -> Brought:
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            now = rows.stamp()
            if now is None:
                return Brought(None)
            floor, number = rows.floor(self._kept), 0
            patterns: dict[str, Counter[str]] = {}
            for ids in rows.every(floor):
                found = rows.canonicals(ids)
                number += len(found)
                for type_, counts in count_patterns(found.values()).items():
                    patterns.setdefault(type_, Counter()).update(counts)
                entries = Entries(found, rows.nodes_of(ids), rows.neighbours(ids))
                if self._stopping() or not filling.add(entries):
                    return Brought(None)
            context = self._summed_up(rows, now)
            done = filling.finish(now, floor, patterns, rows.recent(), context)
        return Brought(now if done else None, anew=done, entities=number)

    def _sum_up(self, rows: LiveRows, shown: Shown) -> None:
        """Sum the project up where that is of an earlier epoch, if it does not take more than its
        share of the time. What it is a summary of is shown before.
        """
        if self._summed != shown.stamp and time.monotonic() >= self._context_due:
            self._copies.sum_up(shown, self._summed_up(rows, shown.stamp))

    def _summed_up(self, rows: LiveRows, now: Stamp) -> Context:
        began = time.monotonic()
        context = rows.context()
        ended = time.monotonic()
        self._context_due = ended + (ended - began) / CONTEXT_SHARE
        self._summed = now
        return context


def _above(found: Mapping[str, Canonical], floor: int) -> dict[str, Canonical]:
    """Leave out what is mentioned too rarely to have a copy."""
    return {id_: one for id_, one in found.items() if one.mentions >= floor}
