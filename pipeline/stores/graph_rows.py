"""What the graph reader answers with: one frozen row type for each question."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple


class EntityRow(NamedTuple):
    """An entity. `degree` counts its distinct neighbours; `mentions` counts per content, and
    `documents` every document that shows one of them.
    """

    id: str
    type: str
    name: str
    mentions: int
    documents: int
    degree: int


class AliasRow(NamedTuple):
    """One way in which the documents write an entity, and how often they do; `via` says how often
    it is a short form there, by the rule that linked it to the full one.
    """

    text: str
    mentions: int
    via: Mapping[str, int]


class DocumentRow(NamedTuple):
    """A document with the content that readers see; text is asked for apart."""

    id: str
    source: str
    uri: str
    content_id: str
    sha256: str
    media_type: str
    pages: int
    size: int
    language: str | None
    title: str | None
    author: str | None
    created: str | None
    modified: str | None
    sender: str | None
    recipients: list[str] | None
    copied: list[str] | None
    subject: str | None
    sent: str | None
    warnings: list[str] | None
    parent_id: str | None
    stale: bool
    partial: bool


class MentionRow(NamedTuple):
    """A mention in the first document that shows it, with the chunk around it.

    `start` and `end` are code points in the document's text; `chunk_start` is the chunk's own.
    """

    id: str
    entity_id: str
    document_id: str
    source: str
    content_id: str
    page: int
    start: int
    end: int
    text: str
    type: str
    subtype: str | None
    role: str | None
    via: str | None
    score: float
    model: str
    stage_version: str
    document_date: str | None
    chunk_start: int | None
    chunk_text: str | None


class FactRow(NamedTuple):
    """A relationship between two entities, with the words that state it and where they stand."""

    id: str
    subject_id: str
    predicate: str
    object_id: str
    score: float
    document_id: str
    source: str
    page: int
    start: int
    end: int
    quote: str
    model: str
    stage_version: str


class NeighbourRow(NamedTuple):
    """An entity that is mentioned together with another; `weight` counts how often."""

    entity_id: str
    weight: int


class EdgeRow(NamedTuple):
    """All statements of one thing about two entities; `quote` is the best one's."""

    subject_id: str
    predicate: str
    object_id: str
    weight: int
    score: float
    contents: int
    quote: str


class HitRow(NamedTuple):
    """A chunk that a search found, `start` in its document. `marked` has the words found between
    U+E000 and U+E001; `copies` counts the documents that show it.
    """

    chunk_id: str
    document_id: str
    source: str
    start: int
    text: str
    score: float
    marked: str | None
    copies: int
    page_starts: list[int]

    def page_of(self, offset: int) -> int:
        """Give the page on which an offset of the document lies; pages count from 1."""
        return max(bisect_right(self.page_starts, offset), 1)
