"""Texts of a project with the mentions of its entities marked."""

from __future__ import annotations

from pipeline import graph_cards
from pipeline.graph_cards import Splitter
from pipeline.marking import Mark, Marked, passages, whole
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.graph_rows import DocumentRow, EntityRow


def of_entity(reader: GraphReader, entity: EntityRow, limit: int, splitter: Splitter) -> Marked:
    """Mark the first `limit` mentions of an entity in their sentences."""
    rows = []
    for mention in reader.mentions(entity.id, limit):
        found = graph_cards.mention_passage(mention, splitter)
        marks = [Mark(*span, mention.type, entity.name) for span in found.marks]
        rows.append((f"{mention.source}, page {mention.page}", found.text, marks))
    return passages(rows)


def of_document(reader: GraphReader, document: DocumentRow, start: int, length: int) -> Marked:
    """Mark all mentions in a part of a document's text."""
    text = reader.text(document.id)
    end = min(start + length, len(text))
    inside = [
        mention
        for mention in reader.document_mentions(document.id)
        if start <= mention.start and mention.end <= end
    ]
    names = reader.entities_by_id([mention.entity_id for mention in inside])
    marks = [
        Mark(
            mention.start - start,
            mention.end - start,
            mention.type,
            f"{mention.type}: {names[mention.entity_id].name}",
        )
        for mention in inside
    ]
    more = f"… {len(text) - end:,} more characters" if end < len(text) else ""
    return whole(document.source, text[start:end], marks, more)
