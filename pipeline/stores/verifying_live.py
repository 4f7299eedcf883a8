"""Compares a project's live copies in Redis with PostgreSQL, where both are of one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, text

from pipeline.documents import MentionType
from pipeline.registry.live import (
    PATTERNS,
    Canonical,
    Neighbours,
    Recent,
    count_patterns,
)
from pipeline.stores import keys
from pipeline.stores.live_rows import LiveRows
from pipeline.stores.postgres import one_moment
from pipeline.stores.redis_connection import value_at
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_registry import RedisRegistry, Shown, read_value
from pipeline.verification import Finding

SCAN_FIELDS = 1_000

_UNSETTLED = text("""
SELECT EXISTS (SELECT 1 FROM changes WHERE project_id = CAST(:project AS uuid))
    OR EXISTS (SELECT 1 FROM registries
               WHERE project_id = CAST(:project AS uuid) AND version <> CAST(:rules AS text))
""")


class LiveInRedis:
    """The live copies of one project. `rules` is the version of those by which entities are made:
    one of other rules has other labels too. Raises RedisAwayError.
    """

    def __init__(
        self, engine: Engine, link: RedisLink, project: str, rules: str | None = None
    ) -> None:
        self._rules = rules
        self._engine = engine
        self._link = link
        self._project = project
        self._copies = RedisRegistry(link, project)

    def findings(self) -> Iterator[Finding]:
        """Say what is wrong with them. Nothing is told of copies that are not whole, that are of
        another state or other rules than PostgreSQL, or that become so meanwhile: they are brought
        about anew.
        """
        there = self._copies.look(renew=False)
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            unsettled = connection.scalar(
                _UNSETTLED, {"project": self._project, "rules": self._rules}
            )
            if there is None or unsettled or rows.stamp() != there.stamp:
                return
            found = list(self._compared(rows, there))
        if self._copies.look(renew=False) == there:
            yield from found

    def _compared(self, rows: LiveRows, there: Shown) -> Iterator[Finding]:
        """Hold the copies against rows: all that are there, then those that ought to be."""
        patterns: dict[str, Counter[str]] = {}
        floor, seen = self._copies.held(()).floor, 0
        for fields in self._scanned(keys.canonicals(self._project)):
            copies = {
                id_: read_value(Canonical, value)
                for id_, value in fields.items()
                if not id_.startswith("@")
            }
            seen += len(copies)
            for type_, counts in count_patterns(filter(None, copies.values())).items():
                patterns.setdefault(type_, Counter()).update(counts)
            yield from self._entities(
                rows, {id_: one for id_, one in copies.items() if id_ not in there.late}
            )
        # An entity that is summed up later has the mentions of an earlier epoch: whether it is one
        # of those that are kept is not known.
        if not (floor and there.late):
            yield from self._kept(rows, floor, seen)
        yield from self._patterns(patterns)
        yield from self._recent(rows)

    def _kept(self, rows: LiveRows, floor: int, seen: int) -> Iterator[Finding]:
        """See that all entities of so many mentions are there, and the names that lead to them."""
        number = nodes = 0
        for ids in rows.every(floor):
            number += len(ids)
            led = rows.nodes_of(ids)
            nodes += len(led)
            yield from self._names(led, ids)
        if seen != number:
            what = f"it has {seen:,} entities, and PostgreSQL {number:,} of as many mentions"
            yield Finding("live", keys.canonicals(self._project), what)
        with self._link.answering() as client:
            fields = client.hlen(keys.names(self._project)) - 1  # the stamp
        if fields != nodes:
            what = f"it has {fields:,} names of others, and PostgreSQL {nodes:,}"
            yield Finding("live", keys.names(self._project), what)

    def _entities(
        self, rows: LiveRows, copies: Mapping[str, Canonical | None]
    ) -> Iterator[Finding]:
        """See that entities and their neighbours are what PostgreSQL has."""
        now, beside = rows.canonicals(copies), rows.neighbours(copies)
        graph = self._fields(keys.graph(self._project), list(copies))
        for id_, copy in copies.items():
            if copy is None or copy != now.get(id_):
                yield self._wrong(keys.canonicals(self._project), id_)
            kept = graph[id_]
            if (None if kept is None else read_value(Neighbours, kept)) != beside.get(id_):
                yield self._wrong(keys.graph(self._project), id_)

    def _names(self, entity_of: Mapping[str, str], entities: Collection[str]) -> Iterator[Finding]:
        """See that the names of entities lead to them."""
        led = self._copies.entities_of(entity_of.keys() | set(entities))
        for node, entity in led.items():
            if entity != entity_of.get(node, node):
                yield self._wrong(keys.names(self._project), node)

    def _patterns(self, counted: dict[str, Counter[str]]) -> Iterator[Finding]:
        """See that patterns are those of the entities beside them, where none was left out."""
        for type_ in MentionType:
            name = keys.patterns(self._project, type_)
            with self._link.answering() as client:
                fields = client.hgetall(name)
            kept = {x.decode(): int(n) for x, n in fields.items() if x != b"@stamp"}
            if len(kept) < PATTERNS / 2 and kept != counted.get(type_, {}):
                yield Finding("live", name, "its counts are not those of the entities there are")

    def _recent(self, rows: LiveRows) -> Iterator[Finding]:
        """See that extractions are there, and of the entity that they say."""
        name = keys.recent(self._project)
        with self._link.answering() as client:
            recent = read_value(Recent, value_at(client, name) or b"") or Recent()
        now = rows.recent({one.content for one in recent.extractions}, limit=None)
        there = {one.mention: one.entity for one in now.extractions}
        for one in recent.extractions:
            if there.get(one.mention) != one.entity:
                yield self._wrong(name, one.mention)

    def _wrong(self, key: str, field: str) -> Finding:
        return Finding("live", f"{key} {field}", "PostgreSQL has something else")

    def _scanned(self, key: str) -> Iterator[dict[str, bytes]]:
        """Scan a hash, one exchange a page. Each field comes once."""
        cursor, seen = 0, set[bytes]()
        while True:
            with self._link.answering() as client:
                cursor, page = client.hscan(key, cursor, count=SCAN_FIELDS)
            fresh = {field: value for field, value in page.items() if field not in seen}
            seen |= fresh.keys()
            yield {field.decode(): value for field, value in fresh.items()}
            if not cursor:
                return

    def _fields(self, key: str, ids: list[str]) -> dict[str, Any]:
        if not ids:
            return {}
        with self._link.answering() as client:
            return dict(zip(ids, client.hmget(key, ids), strict=True))
