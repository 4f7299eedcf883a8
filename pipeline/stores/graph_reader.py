"""Reads a project's published graph through the views, and never holds more of it than it must."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, TextClause, text

from pipeline import graph_digest
from pipeline.documents import MentionType
from pipeline.stores import bulk_queries, graph_queries
from pipeline.stores.graph_rows import (
    AliasRow,
    DocumentRow,
    EdgeRow,
    EntityRow,
    FactRow,
    HitRow,
    MentionRow,
    NeighbourRow,
)
from pipeline.stores.idling import may_idle
from pipeline.stores.matching_query import MATCHING_ENTITIES
from pipeline.stores.postgres import one_moment, reading
from pipeline.stores.registry_queries import FIND_ENTITIES_BY_ID

WHO_WHAT_WHERE: tuple[MentionType, ...] = (
    MentionType.PERSON,
    MentionType.ORG,
    MentionType.GPE,
    MentionType.LOC,
    MentionType.FAC,
    MentionType.NORP,
    MentionType.EVENT,
)
"""The types that a list of entities shows unless others are asked for."""

STREAM_ROWS = 1_000
WHOLE_ANSWERS: Final = text("SET LOCAL cursor_tuple_fraction = 1")
"""PostgreSQL plans a cursor as if only a tenth of its rows were wanted: it then looks up each
row by itself, which takes far longer when all are.
"""

SHORTEST_PREFIX = 6

# What is left of entities by name and type is guessed far too low.
NO_NESTED_LOOPS: Final = text("SET LOCAL enable_nestloop = off")
ANY_PLAN: Final = text("SET LOCAL enable_nestloop = on")

Row = TypeVar("Row")


class GraphReader:
    """Answers questions about one project. A reader of an engine sees what is published at each
    question; one from `snapshot` sees one moment throughout. Raises TemporaryError where PostgreSQL
    does not answer, also in the middle of a stream.
    """

    def __init__(
        self, engine: Engine, project_id: str, connection: Connection | None = None
    ) -> None:
        self._engine = engine
        self._connection = connection
        self.project_id = project_id

    def close(self) -> None:
        """Close the engine's idle connections."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[GraphReader]:
        """Open a reader that sees the graph as it is now until the block ends."""
        with one_moment(self._engine) as frozen:
            yield GraphReader(self._engine, self.project_id, frozen)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Use the snapshot's connection, or one for this question alone."""
        if self._connection is not None:
            yield self._connection
        else:
            with reading(self._engine) as connection:
                yield connection

    def _rows(
        self, row: Callable[..., Row], question: TextClause, **parameters: object
    ) -> list[Row]:
        """Answer a question whose answer is short."""
        with self._connected() as connection:
            found = connection.execute(question, {"project": self.project_id, **parameters})
            return [row(*map(_plain, values)) for values in found]

    def _stream(
        self, row: Callable[..., Row], question: TextClause, **parameters: object
    ) -> Iterator[Row]:
        """Answer a question from a server-side cursor, some rows at a time."""
        with self._connected() as connection:
            may_idle(connection)
            connection.execute(WHOLE_ANSWERS)
            if question is MATCHING_ENTITIES:
                connection.execute(NO_NESTED_LOOPS)
            found = connection.execute(
                question,
                {"project": self.project_id, **parameters},
                execution_options={"yield_per": STREAM_ROWS},
            )
            connection.execute(ANY_PLAN)
            for values in found:
                yield row(*map(_plain, values))

    # Documents

    def documents(self) -> Iterator[DocumentRow]:
        """Stream the documents in order of URI."""
        return self._stream(DocumentRow, graph_queries.DOCUMENTS)

    def find_documents(self, what: str) -> list[DocumentRow]:
        """Find documents by source, URI or id (its first six digits or more), else by the end of
        the path: `letter.eml` finds `mail/letter.eml`.
        """
        low, high = id_range(what)
        exact = self._rows(DocumentRow, graph_queries.FIND_DOCUMENTS, what=what, low=low, high=high)
        return exact or self._rows(DocumentRow, graph_queries.FIND_DOCUMENTS_BY_END, what=what)

    def members(self, document: str) -> list[DocumentRow]:
        """List the documents inside a container."""
        return self._rows(DocumentRow, graph_queries.MEMBERS, document=document)

    def text(self, document: str) -> str:
        """Read a document's text; empty for one that is not published."""
        texts: list[str | None] = self._rows(_only, graph_queries.TEXT, document=document)
        return (texts[0] or "") if texts else ""

    # Entities

    def entities(
        self,
        types: Sequence[str] | None = WHO_WHAT_WHERE,
        limit: int | None = None,
        match: str | None = None,
    ) -> Iterator[EntityRow]:
        """Stream the entities, most connected first. `types` None means all; `match` is a part
        of any form of the name, in any case.
        """
        wanted = None if types is None else [str(type_) for type_ in types]
        if match:
            return self._stream(
                EntityRow, MATCHING_ENTITIES, types=wanted, limit=limit, match=match
            )
        return self._stream(EntityRow, graph_queries.ENTITIES, types=wanted, limit=limit)

    def entities_by_id(self, ids: Sequence[str]) -> dict[str, EntityRow]:
        """Read some entities by id; an id that is no entity's is left out."""
        rows = self._rows(EntityRow, graph_queries.ENTITIES_BY_ID, entities=sorted(set(ids)))
        return {row.id: row for row in rows}

    def find_entities(self, what: str) -> list[EntityRow]:
        """Find entities by id, by that of one of their names or of what they took in, by the first
        six digits or more of these, or by any form of the name in any case; most mentioned first.
        """
        low, high = id_range(what)
        found: dict[str, EntityRow] = {}
        if low is not None:
            led: list[tuple[int, str]] = self._rows(_both, FIND_ENTITIES_BY_ID, low=low, high=high)
            for way in sorted({way for way, _ in led}):
                found = self.entities_by_id([id_ for each, id_ in led if each == way])
                if found:
                    break
        if not found:
            words = " ".join(what.split())
            ids = self._rows(_only, graph_queries.FIND_ENTITIES_BY_TEXT, what=words)
            found = self.entities_by_id(ids) if ids else {}
        return sorted(found.values(), key=lambda row: (-row.mentions, row.name, row.id))

    def aliases(self, entity: str) -> list[AliasRow]:
        """List the ways in which an entity is written, most frequent first."""
        return self._rows(AliasRow, graph_queries.ALIASES, entities=[entity])

    def mentions(self, entity: str, limit: int | None = None) -> Iterator[MentionRow]:
        """Stream an entity's mentions in order of document and place."""
        return self._stream(
            MentionRow, graph_queries.ENTITY_MENTIONS, entities=[entity], limit=limit
        )

    def document_mentions(self, document: str) -> Iterator[MentionRow]:
        """Stream a document's mentions in order; they hold no chunk."""
        return self._stream(MentionRow, graph_queries.DOCUMENT_MENTIONS, document=document)

    # Relationships

    def facts(self, limit: int | None = None, co_mentions: bool = False) -> Iterator[FactRow]:
        """Stream the relationships in order of document and place."""
        return self._stream(FactRow, graph_queries.FACTS, limit=limit, co_mentions=co_mentions)

    def entity_facts(self, entity: str, limit: int | None = None) -> list[FactRow]:
        """List an entity's typed relationships by predicate, the surest first."""
        return self._rows(FactRow, graph_queries.ENTITY_FACTS, entities=[entity], limit=limit)

    def document_facts(self, document: str, limit: int | None = None) -> list[FactRow]:
        """List a document's typed relationships in order of place."""
        return self._rows(FactRow, graph_queries.DOCUMENT_FACTS, document=document, limit=limit)

    def co_mentions(self, entity: str, limit: int | None = None) -> list[NeighbourRow]:
        """List the entities that share most sentences with one."""
        return self._rows(NeighbourRow, graph_queries.CO_MENTIONS, entities=[entity], limit=limit)

    def edges(self) -> Iterator[EdgeRow]:
        """Stream the edges: relationships of the same predicate between the same two entities."""
        return self._stream(EdgeRow, graph_queries.EDGES)

    # Search

    def has_words(self, words: str) -> bool:
        """Say whether a search asks for any word that is looked for ("the" is not)."""
        return bool(self._rows(_only, graph_queries.WORDS_ASKED, words=words)[0])

    def search(self, words: str, limit: int) -> list[HitRow]:
        """Find chunks by words, as web searches take them (quotes, `or`, a minus), best first."""
        return self._rows(HitRow, graph_queries.SEARCH, words=words, limit=limit)

    def vector_counts(self) -> tuple[int, int]:
        """Count the chunks that have a vector, and all chunks."""
        if not self._rows(_only, graph_queries.HAS_VECTORS)[0]:
            return 0, 0
        counts: list[tuple[int, int]] = self._rows(_both, graph_queries.VECTOR_COUNTS)
        return counts[0]

    def similar(self, vector: Sequence[float], limit: int) -> list[HitRow]:
        """Find the chunks nearest to a vector; `score` is the cosine. The vectors must be there
        (`vector_counts`).
        """
        literal = "[" + ",".join(repr(float(value)) for value in vector) + "]"
        return self._rows(HitRow, graph_queries.SIMILAR, vector=literal, limit=limit)

    # Everything

    def export_documents(self) -> Iterator[tuple[Any, ...]]:
        """Stream (id, source, media_type, sha256, pages, text)."""
        return self._stream(_all, bulk_queries.EXPORT_DOCUMENTS)

    def export_mentions(self) -> Iterator[tuple[Any, ...]]:
        """Stream (source, document_id, start, end, text, type, score, page, name_id, entity_id)."""
        return self._stream(_all, bulk_queries.EXPORT_MENTIONS)

    def export_entities(self) -> Iterator[tuple[Any, ...]]:
        """Stream (id, type, name, aliases, mentions, documents)."""
        for id_, type_, name, aliases, mentions, documents in self._stream(
            _all, bulk_queries.EXPORT_ENTITIES
        ):
            yield id_, type_, name, aliases or [], mentions, documents

    def export_relationships(self) -> Iterator[tuple[Any, ...]]:
        """Stream (subject, predicate, object, score, source, start, end, quote)."""
        shown, text = "", ""
        for *row, document in self._stream(_all, bulk_queries.EXPORT_RELATIONSHIPS):
            if document != shown:
                shown, text = document, self.text(document)
            yield (*row, text[row[5] : row[6]])

    def digest(self) -> str:
        """Hash the published graph, as `graph_digest` does, at one moment."""
        with self.snapshot() as graph:
            return graph_digest.graph_digest(
                graph._stream(graph_digest.ContentFact, bulk_queries.DIGEST_CONTENTS),
                graph._stream(graph_digest.MentionFact, bulk_queries.DIGEST_MENTIONS),
                graph._stream(graph_digest.RelationshipFact, bulk_queries.DIGEST_RELATIONSHIPS),
                graph._stream(graph_digest.NodeFact, bulk_queries.DIGEST_ENTITIES),
            )


def id_range(what: str) -> tuple[str | None, str | None]:
    """Give the smallest and largest id that begins with `what`; (None, None) if no id does."""
    digits = what.strip().lower().replace("-", "")
    is_id = SHORTEST_PREFIX <= len(digits) <= 32 and not set(digits) - set("0123456789abcdef")
    if not is_id:
        return None, None
    return str(uuid.UUID(digits.ljust(32, "0"))), str(uuid.UUID(digits.ljust(32, "f")))


def _plain(value: Any) -> Any:
    """Write ids as strings, as everywhere in casegraph; the driver makes objects of them."""
    return str(value) if isinstance(value, uuid.UUID) else value


def _only(value: Any) -> Any:
    return value


def _both(first: Any, second: Any) -> tuple[Any, Any]:
    return first, second


def _all(*values: Any) -> tuple[Any, ...]:
    return values
