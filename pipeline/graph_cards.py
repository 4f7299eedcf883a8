"""Gathers what is worth knowing of one entity, one document, one search: plain, JSON-able values.

Commands print them, notebooks make tables of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pipeline.errors import UsageError
from pipeline.passages import (
    Nearness,
    Passage,
    Span,
    around,
    best_sentence,
    found_words,
    nearest_sentence,
    one_line,
)
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.graph_rows import DocumentRow, EntityRow, FactRow, HitRow, MentionRow

Card = dict[str, Any]
Splitter = Callable[[str], Sequence[Span]]

ALIASES = 200
METADATA = ("title", "author", "created", "modified", "sender", "recipients", "copied", "subject",
            "sent")  # fmt: skip


def entity_card(
    reader: GraphReader, entity: EntityRow, splitter: Splitter, limit: int | None
) -> Card:
    """Gather an entity: aliases, typed relationships, strongest co-mentions, mentions in their
    sentences; `limit` bounds each list, but for the aliases, of which there are ALIASES.
    """
    aliases = reader.aliases(entity.id)
    facts = reader.entity_facts(entity.id, limit)
    neighbours = reader.co_mentions(entity.id, limit)
    names = reader.entities_by_id(
        [*(fact.subject_id for fact in facts), *(fact.object_id for fact in facts),
         *(row.entity_id for row in neighbours)]
    )  # fmt: skip
    return {
        "kind": "entity",
        **entity._asdict(),
        "aliases": [row._asdict() for row in aliases[:ALIASES]],
        "alias_count": len(aliases),
        "relationships": fact_cards(facts, names),
        "co_mentions": [
            {"id": row.entity_id, "name": names[row.entity_id].name,
             "type": names[row.entity_id].type, "weight": row.weight}
            for row in neighbours if row.entity_id in names
        ],
        "occurrences": [
            mention_card(mention, splitter) for mention in reader.mentions(entity.id, limit)
        ],
    }  # fmt: skip


def document_card(reader: GraphReader, document: DocumentRow, limit: int | None) -> Card:
    """Gather a document: what it says about itself, its members, who is in it, what it states."""
    counts: dict[str, int] = {}
    for mention in reader.document_mentions(document.id):
        counts[mention.entity_id] = counts.get(mention.entity_id, 0) + 1
    facts = reader.document_facts(document.id, limit)
    names = reader.entities_by_id(
        [*counts, *(fact.subject_id for fact in facts), *(fact.object_id for fact in facts)]
    )
    listed = sorted(counts.items(), key=lambda item: (-item[1], names[item[0]].name, item[0]))
    return {
        "kind": "document",
        "id": document.id,
        "source": document.source,
        "uri": document.uri,
        "media_type": document.media_type,
        "sha256": document.sha256,
        "size": document.size,
        "pages": document.pages,
        "language": document.language,
        "stale": document.stale,
        "partial": document.partial,
        "metadata": {
            name: value for name in METADATA if (value := getattr(document, name)) not in (None, [])
        },
        "warnings": document.warnings or [],
        "parent": document.parent_id,
        "members": [{"id": row.id, "source": row.source} for row in reader.members(document.id)],
        "entities": [
            {"id": id_, "type": names[id_].type, "name": names[id_].name, "mentions": count}
            for id_, count in listed[:limit]
        ],
        "relationships": fact_cards(facts, names),
    }


def fact_cards(facts: Iterable[FactRow], names: dict[str, EntityRow]) -> list[Card]:
    """Write relationships with the names of both sides and the words that state them."""

    def name(entity: str) -> str:
        return names[entity].name if entity in names else entity

    return [
        {
            "subject": fact.subject_id,
            "subject_name": name(fact.subject_id),
            "predicate": fact.predicate,
            "object": fact.object_id,
            "object_name": name(fact.object_id),
            "score": fact.score,
            "source": fact.source,
            "document_id": fact.document_id,
            "page": fact.page,
            "start": fact.start,
            "end": fact.end,
            "quote": fact.quote,
            "model": fact.model,
            "stage_version": fact.stage_version,
        }
        for fact in facts
    ]


def mention_card(mention: MentionRow, splitter: Splitter) -> Card:
    """Write a mention with the sentence it stands in; `at` is its span in that sentence."""
    passage = mention_passage(mention, splitter)
    return {
        "source": mention.source,
        "document_id": mention.document_id,
        "page": mention.page,
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "type": mention.type,
        "subtype": mention.subtype,
        "role": mention.role,
        "via": mention.via,
        "score": mention.score,
        "model": mention.model,
        "stage_version": mention.stage_version,
        "sentence": passage.text,
        "at": list(passage.marks[0]),
    }


def mention_passage(mention: MentionRow, splitter: Splitter) -> Passage:
    """Cut out the sentence of a mention; one that lies across two chunks stands for itself."""
    if mention.chunk_text is None or mention.chunk_start is None:
        width = mention.end - mention.start
        return Passage(mention.start, mention.end, mention.text, ((0, width),))
    offset = mention.chunk_start
    span = (mention.start - offset, mention.end - offset)
    return around(splitter, mention.chunk_text, offset, [span])


def hit_card(hit: HitRow, splitter: Splitter, nearness: Nearness | None = None) -> Card:
    """Write a search's hit in its sentence: the one with the words, or where it was searched by
    meaning the nearest. `matches` are spans in that sentence.
    """
    if nearness is None:
        marks = found_words(hit.text, hit.marked) if hit.marked else ()
        passage = best_sentence(splitter, hit.text, hit.start, marks)
    else:
        passage = nearest_sentence(splitter, hit.text, hit.start, nearness)
    return {
        "source": hit.source,
        "document_id": hit.document_id,
        "page": hit.page_of(passage.start),
        "start": passage.start,
        "end": passage.end,
        "sentence": passage.text,
        "matches": [list(mark) for mark in passage.marks],
        "score": hit.score,
        "copies": hit.copies,
    }


def suggestions(reader: GraphReader, what: str, count: int = 5) -> list[str]:
    """List names that hold one of the words of a name nobody has."""
    words = [word for word in one_line(what).split() if len(word) > 2]
    found: dict[str, None] = {}
    for word in sorted(words, key=len, reverse=True)[:3]:
        found |= {row.name: None for row in reader.entities(None, limit=count, match=word)}
    return list(found)[:count]


def one_document(reader: GraphReader, what: str) -> DocumentRow:
    """Find one document. Raises UsageError if there is none of that name, or several."""
    found = reader.find_documents(what)
    if len(found) == 1:
        return found[0]
    if found:
        listed = "; ".join(f"{row.id} {row.source}" for row in found[:8])
        raise UsageError(f"{len(found)} documents are called {what!r}; ask by id: {listed}")
    raise UsageError(f"no document with results is called {what!r}")
