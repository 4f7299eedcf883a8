"""The live state of a project as PostgreSQL has it: what the copies in Redis are made from, and
what serves where there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Engine, TextClause

from pipeline import identity
from pipeline.registry.live import (
    EXTRACTIONS,
    NAME_LENGTH,
    NEIGHBOUR_PREDICATES,
    NEIGHBOURS,
    OTHER_NAMES,
    PATTERNS_SHOWN,
    TOP_ENTITIES,
    TOP_SOURCES,
    Canonical,
    Context,
    Extraction,
    Neighbour,
    Neighbours,
    Pattern,
    Recent,
    Stamp,
    count_patterns,
    most_frequent,
    shortened,
)
from pipeline.stores import live_queries as queries
from pipeline.stores.postgres import one_moment

BATCH_ENTITIES = 4_000


class LiveRows:
    """One project at one moment."""

    def __init__(self, connection: Connection, project: str) -> None:
        self._connection = connection
        self._project = project
        self._read_namesakes: Mapping[str, tuple[str, str]] | None = None

    def _ask(self, question: TextClause, **parameters: Any) -> Sequence[Any]:
        asked = (
            {"project": self._project, **parameters}
            if ":project" in question.text
            else (parameters)
        )
        return self._connection.execute(question, asked).all()

    def stamp(self) -> Stamp | None:
        """Say which state this is; None for a project that is gone."""
        rows = self._ask(queries.STAMP)
        return Stamp(rows[0].born, rows[0].epoch) if rows else None

    def touched(self, nodes: Collection[str], contents: Collection[str]) -> set[str]:
        """Give nodes, and those of names that contents mention, with all namesakes of these names:
        who brought or lost mentions there may be any of them.
        """
        found = set(nodes)
        if contents:
            found |= {row[0] for row in self._ask(queries.NAMES_IN, contents=sorted(contents))}
        return found | {node for node, (name, _) in self._namesakes().items() if name in found}

    def entities_of(self, nodes: Collection[str]) -> dict[str, str]:
        """Give the entity of each node that there is."""
        if not nodes:
            return {}
        found = dict(map(tuple, self._ask(queries.ENTITIES_OF, names=sorted(nodes))))
        if len(found) < len(nodes):
            apart = self._namesakes()
            found |= {node: apart[node][1] for node in nodes if node in apart}
        return found

    def _namesakes(self) -> Mapping[str, tuple[str, str]]:
        """Give the name and the entity of each namesake that was told apart."""
        if self._read_namesakes is None:
            rows = self._ask(queries.NAMESAKES)
            self._read_namesakes = {
                identity.node_id(name, sense): (name, entity) for name, sense, entity in rows
            }
        return self._read_namesakes

    def nodes_of(self, entities: Collection[str]) -> dict[str, str]:
        """Give the nodes of entities, but for those that an entity has its id of."""
        rows = self._ask(queries.NODES_OF, entities=sorted(entities))
        made = {identity.node_id(name, sense): entity for name, sense, entity in rows}
        return {node: entity for node, entity in made.items() if node != entity}

    def canonicals(self, entities: Collection[str]) -> dict[str, Canonical]:
        """Read entities; an id that is none's is left out."""
        if not entities:
            return {}
        rows = self._ask(
            queries.CANONICALS,
            entities=sorted(entities),
            names=OTHER_NAMES + 1,
            length=NAME_LENGTH + 1,
        )
        return {row.id: _canonical(row) for row in rows}

    def neighbours(self, entities: Collection[str]) -> dict[str, Neighbours]:
        """Read the strongest neighbours of entities; who has none is left out."""
        if not entities:
            return {}
        found: dict[str, list[Neighbour]] = {}
        for entity, neighbour, weight, predicates in self._ask(
            queries.NEIGHBOURS,
            entities=sorted(entities),
            neighbours=NEIGHBOURS,
            predicates=NEIGHBOUR_PREDICATES,
        ):
            one = Neighbour(entity=neighbour, weight=weight, predicates=tuple(predicates or ()))
            found.setdefault(entity, []).append(one)
        return {entity: Neighbours(strongest=tuple(those)) for entity, those in found.items()}

    def beside(self, nodes: Collection[str], limit: int) -> set[str]:
        """Give the entities that are related to nodes, or to namesakes of these, or `limit`."""
        if not nodes:
            return set()
        apart = self._namesakes()
        names = {apart[node][0] if node in apart else node for node in nodes}
        return {row[0] for row in self._ask(queries.BESIDE, names=sorted(names), limit=limit)}

    def recent(
        self, contents: Collection[str] | None = None, limit: int | None = EXTRACTIONS
    ) -> Recent:
        """Read the last extractions, of these contents alone where they are given."""
        if contents is None:
            rows = self._ask(queries.RECENT, limit=limit, length=NAME_LENGTH + 1)
        elif contents:
            rows = self._ask(
                queries.RECENT_OF,
                contents=sorted(contents),
                limit=limit,
                length=NAME_LENGTH + 1,
            )
        else:
            rows = ()
        return Recent(extractions=tuple(map(_extraction, rows)))

    def floor(self, limit: int) -> int:
        """Say how often an entity must be mentioned so that at most `limit` are."""
        [[names]] = self._ask(queries.NAMES)
        if names <= limit:
            return 1
        there, floor = 0, 0
        for mentions, entities in self._ask(queries.DISTRIBUTION):
            there += entities
            if there > limit:
                return floor or mentions + 1
            floor = mentions
        return 1

    def every(self, floor: int) -> Iterator[list[str]]:
        """Give all entities that are mentioned so often, some at a time."""
        rows = self._connection.execute(
            queries.EVERY_ENTITY,
            {"project": self._project, "floor": floor},
            execution_options={"yield_per": BATCH_ENTITIES},
        )
        for part in rows.partitions(BATCH_ENTITIES):
            yield [row[0] for row in part]

    def context(self) -> Context:
        """Sum up the project."""
        [[documents, mentions]] = self._ask(queries.COUNTS)
        ids = [row[0] for row in self._ask(queries.TOP, limit=TOP_ENTITIES)]
        top = self.canonicals(ids)
        stamp = self.stamp()
        return Context(
            epoch=stamp.epoch if stamp else 0,
            documents=documents,
            mentions=mentions,
            types=tuple((type_, number) for type_, number in self._ask(queries.TYPES)),
            top=tuple(top[id_] for id_ in ids if id_ in top),
            sources=tuple(
                (folder, number) for folder, number in self._ask(queries.SOURCES, limit=TOP_SOURCES)
            ),
        )


class StoredLiveState:
    """The live state read from PostgreSQL: always there, and slower. Raises TemporaryError."""

    def __init__(self, engine: Engine, project: str) -> None:
        self._engine = engine
        self._project = project

    def canonicals(self, ids: Collection[str]) -> Mapping[str, Canonical]:
        """Give the entities that have these ids, or these names."""
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            entity_of = rows.entities_of(ids)
            found = rows.canonicals({*ids, *entity_of.values()})
        led = {id_: entity_of.get(id_, id_) for id_ in ids}
        return {id_: found[entity] for id_, entity in led.items() if entity in found}

    def neighbours(self, id_: str) -> Sequence[Neighbour]:
        """Give the strongest neighbours of an entity, by its id or that of one of its names."""
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            entity = rows.entities_of([id_]).get(id_, id_)
            found = rows.neighbours([entity]).get(entity)
        return found.strongest if found else ()

    def patterns(self, type_: str) -> Sequence[Pattern]:
        """Give the ways in which most names of a type are written. Reads all entities."""
        counts: dict[str, int] = {}
        with one_moment(self._engine) as connection:
            rows = LiveRows(connection, self._project)
            for ids in rows.every(floor=1):
                for pattern, number in (
                    count_patterns(rows.canonicals(ids).values()).get(type_, {}).items()
                ):
                    counts[pattern] = counts.get(pattern, 0) + number
        return most_frequent(counts, PATTERNS_SHOWN)

    def recent(self) -> Sequence[Extraction]:
        """Give the last extractions, newest first."""
        with one_moment(self._engine) as connection:
            return LiveRows(connection, self._project).recent().extractions

    def context(self) -> Context:
        """Sum up the project."""
        with one_moment(self._engine) as connection:
            return LiveRows(connection, self._project).context()


def _canonical(row: Any) -> Canonical:
    name, *others = map(shortened, row.names)
    return Canonical(
        id=row.id,
        type=row.type,
        name=name,
        others=tuple(others),
        mentions=row.mentions,
        contents=row.contents,
    )


def _extraction(row: Any) -> Extraction:
    return Extraction(
        mention=row.mention_id,
        name=identity.node_id(row.name_id, row.sense),
        entity=row.entity_id,
        type=row.name_type,
        text=shortened(row.text),
        content=row.content_id,
        source=row.source,
        at=row.published_at.astimezone(UTC).isoformat(timespec="microseconds"),
    )
