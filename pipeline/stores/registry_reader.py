"""Reads what people ask of the registry: why names are one thing, what stayed out, what to decide.

All lists are bounded, or streamed. Raises TemporaryError where PostgreSQL does not answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Engine, TextClause

from pipeline import identity
from pipeline.blocking_keys import QUIET
from pipeline.name_marks import ENDS_OPEN, ONE_OF_TWO, unmarked
from pipeline.registry.deciding import Named
from pipeline.registry.decisions import Decision
from pipeline.registry.verdicts import FATHER_AND_SON, TELLING, TWO_THINGS
from pipeline.stores import miss_queries
from pipeline.stores import registry_queries as queries
from pipeline.stores.decisions import read_decisions
from pipeline.stores.graph_rows import MentionRow
from pipeline.stores.idling import may_idle
from pipeline.stores.postgres import reading

Row = TypeVar("Row")
Node = tuple[str, int]
"""A name and its sense."""

STREAM_ROWS = 200
EXCLUDING = sorted(TWO_THINGS | TELLING)


class PlaceRow(NamedTuple):
    """A document in which a name is mentioned, and the first page on which it is."""

    name: str
    sense: int
    source: str
    page: int
    mentions: int


class MissRow(NamedTuple):
    """An entity that stayed out of another, by the most alike of `pairs` pairs of names; `entities`
    counts those that stayed out. `telling` is the name whose documents tell the two apart.
    """

    entity: str
    own: str
    their: str
    score: float
    verdict: str
    why: str
    reasons: dict[str, Any] | None
    pairs: int
    entities: int
    telling: str | None


class CappedRow(NamedTuple):
    """What was too large to be compared in full."""

    kind: str
    key: str
    size: int


class CapsRow(NamedTuple):
    """How much of a kind was too large, the size of the largest, and a name in that."""

    kind: str
    groups: int
    largest: int
    name: str | None


class DissolvedRow(NamedTuple):
    """Names, some of them if they are many, that were one until too many were like them."""

    first: str
    names: list[str]
    every: int


class PairRow(NamedTuple):
    """Two entities that may be one, by the most alike of `pairs` pairs of their names; `shorter` is
    that of the two names with fewer letters.
    """

    first: str
    second: str
    one: str
    other: str
    score: float
    verdict: str
    why: str
    reasons: dict[str, Any] | None
    pairs: int
    shorter: str


class RegistryReader:
    """Answers questions about one project's registry."""

    def __init__(self, engine: Engine, project_id: str) -> None:
        self._engine = engine
        self.project_id = project_id

    @contextmanager
    def _asked(self, question: TextClause, **parameters: object) -> Iterator[Any]:
        with reading(self._engine) as connection:
            yield connection.execute(question, {"project": self.project_id, **parameters})

    def _rows(
        self, row: Callable[..., Row], question: TextClause, **parameters: object
    ) -> list[Row]:
        with self._asked(question, **parameters) as found:
            return [row(*map(_plain, values)) for values in found]

    def _one(self, question: TextClause, **parameters: object) -> Any:
        with self._asked(question, **parameters) as found:
            return found.scalar()

    # One entity

    def nodes(self, entity: str, limit: int) -> list[Named]:
        """List an entity's names, the most mentioned first."""
        return self._rows(Named, queries.NODES, entity=entity, limit=limit)

    def count_nodes(self, entity: str) -> int:
        """Count an entity's names."""
        return int(self._one(queries.COUNT_NODES, entity=entity) or 0)

    def places(self, nodes: Sequence[Node], limit: int) -> list[PlaceRow]:
        """List where each of some names is mentioned most."""
        names, senses = [name for name, _ in nodes], [sense for _, sense in nodes]
        return self._rows(PlaceRow, queries.PLACES, names=names, senses=senses, limit=limit)

    def misses(self, entity: str, limit: int) -> list[MissRow]:
        """List the entities that stayed out of one, the most alike first."""
        return self._rows(
            MissRow, miss_queries.MISSES,
            entity=entity, limit=limit, two_things=EXCLUDING, doubted=FATHER_AND_SON,
            of_two=ONE_OF_TWO,
        )  # fmt: skip

    def capped(self, entity: str, limit: int) -> list[CappedRow]:
        """List what was too large and has names of an entity in it."""
        return self._rows(CappedRow, queries.CAPPED, entity=entity, quiet=QUIET, limit=limit)

    def caps(self) -> list[CapsRow]:
        """Sum up what was too large in the project."""
        return self._rows(CapsRow, queries.CAPS)

    def dissolved(self, limit: int, entity: str | None = None) -> list[DissolvedRow]:
        """List what was one until too many names were like it, of all or of an entity's names."""
        if entity is None:
            return self._rows(DissolvedRow, queries.DISSOLVED, limit=limit)
        return self._rows(DissolvedRow, queries.DISSOLVED_OF, entity=entity, limit=limit)

    def occurring(self, entity: str, contents: Collection[str]) -> list[tuple[str, int, str]]:
        """List (name, sense, content) of an entity's mentions in some contents, each once."""
        return self._rows(
            _three, queries.OCCURRING, entity=entity, contents=sorted(contents)
        )  # fmt: skip

    def elsewhere(self, entity: str, contents: Collection[str]) -> bool:
        """Say whether an entity is mentioned in any other content than these."""
        return bool(self._one(queries.ELSEWHERE, entity=entity, contents=sorted(contents)))

    # Names

    def name_texts(self, names: Collection[str]) -> dict[str, str]:
        """Write names as the texts do mostly; one that is not there is left out."""
        rows = self._rows(_two, queries.NAME_TEXTS, names=sorted(names))
        return {name: unmarked(text) for name, text in rows}

    def entities_of(self, nodes: Collection[Node]) -> dict[Node, str]:
        """Give the entity of each of these names; those that are not there are left out."""
        ordered = sorted(nodes)
        names, senses = [name for name, _ in ordered], [sense for _, sense in ordered]
        rows = self._rows(_three, queries.ENTITIES_OF, names=names, senses=senses)
        return {(name, sense): entity for name, sense, entity in rows if entity is not None}

    def live(self, names: Collection[str]) -> set[str]:
        """Give the ids of the nodes that these names have at present."""
        rows = self._rows(_two, queries.LIVE, names=sorted(names))
        return {identity.node_id(name, sense) for name, sense in rows}

    def example(self, name: str, sense: int = 0) -> MentionRow | None:
        """Give a mention of a name, a full form if there is one."""
        found = self._rows(MentionRow, queries.EXAMPLE, name=name, sense=sense)
        return found[0] if found else None

    # What people decided, and may decide

    def decisions(self) -> list[Decision]:
        """Read all decisions in order."""
        with reading(self._engine) as connection:
            return read_decisions(connection, self.project_id)

    def sources(self, documents: Collection[str]) -> Mapping[str, str]:
        """Give the sources of documents, those that are gone left out."""
        return dict(self._rows(_two, queries.SOURCES, documents=sorted(documents)))

    def pairs(self) -> Iterator[PairRow]:
        """Stream the pairs of entities that may be one, the most useful to decide first."""
        with reading(self._engine) as connection:
            may_idle(connection)
            found = connection.execute(
                miss_queries.PAIRS,
                {
                    "project": self.project_id,
                    "two_things": EXCLUDING,
                    "ends_open": ENDS_OPEN,
                    "doubted": FATHER_AND_SON,
                },
                execution_options={"yield_per": STREAM_ROWS},
            )
            for values in found:
                yield PairRow(*map(_plain, values))

    def also(self, names: Collection[str], limit: int) -> list[str]:
        """List the entities that names may stand for, where these are ambiguous."""
        return self._rows(_only, miss_queries.ALSO, names=sorted(names), limit=limit)


def _plain(value: Any) -> Any:
    """Write ids as strings, as everywhere in casegraph; the driver makes objects of them."""
    return str(value) if isinstance(value, uuid.UUID) else value


def _only(value: Any) -> Any:
    return value


def _two(first: Any, second: Any) -> tuple[Any, Any]:
    return first, second


def _three(first: Any, second: Any, third: Any) -> tuple[Any, Any, Any]:
    return first, second, third
