"""What is published of a content: payloads → rows. Pure, and the same in whatever order they come.

A fact whose quoted words are not in the text at its offsets is dropped and counted, and with a
mention go the relationships that stand on it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import identity
from pipeline.documents import (
    Box,
    Chunk,
    Mention,
    Name,
    NameScope,
    Relationship,
    StageName,
    Words,
)
from pipeline.errors import PermanentError
from pipeline.published_record import ChunkText, Record
from pipeline.stage import Chain, Plan
from pipeline.text_lines import lines_of

LONGEST_NAME = 2_000
"""Bytes of a normal form: an index entry in PostgreSQL holds some 2,700."""

CHUNK_COLUMNS = ("id", "content_id", "ordinal", "page", "start", "end", "text")
NAME_COLUMNS = ("id", "project_id", "type", "normal", "scope", "keys")
MENTION_COLUMNS = (
    "id", "content_id", "name_id", "start", "end", "text", "type", "subtype", "role", "via",
    "score", "page", "boxes", "model", "stage_version",
)  # fmt: skip
RELATIONSHIP_COLUMNS = (
    "id", "content_id", "subject_name_id", "predicate", "object_name_id", "subject_mention_id",
    "object_mention_id", "start", "end", "score", "model", "stage_version",
)  # fmt: skip

Row = tuple[object, ...]


@dataclass(frozen=True)
class PublishedRows:
    """The rows of one content, each in the order of its `…_COLUMNS`; boxes are JSON already.

    `content` are the columns of `contents` that publishing fills. `dropped` counts the facts
    that are not in the text.
    """

    content: Mapping[str, Any]
    chunks: tuple[Row, ...]
    names: tuple[Row, ...]
    mentions: tuple[Row, ...]
    relationships: tuple[Row, ...]
    dropped: int


def rows_of(project: str, content: str, chain: Chain, plan: Plan, record: Record) -> PublishedRows:
    """Make the rows of a content from its five payloads.

    Raises PermanentError("inconsistent") where payloads do not fit together, which no document
    can cause, only a stage.
    """
    if len(record.names.links) != len(record.mentions.mentions):
        raise PermanentError(
            "inconsistent",
            f"resolve linked {len(record.names.links)} of {len(record.mentions.mentions)} mentions",
        )
    text = record.pages.text
    names = _names(project, content, record.names.names)
    mentions = _Mentions(content, plan.identity_of(StageName.EXTRACT).version, record)
    kept = mentions.kept(text, names)
    relationships, lost = _relationships(
        content, plan.identity_of(StageName.RELATE).version, record, kept, len(text)
    )
    used = {str(row[2]) for row in kept.values()}
    chunks = _chunks(content, record, text)
    return PublishedRows(
        content=_content(record, chain, plan),
        chunks=chunks,
        names=tuple(sorted((row for row in names if row[0] in used), key=lambda row: str(row[0]))),
        mentions=tuple(kept.values()),
        relationships=relationships,
        dropped=len(record.mentions.mentions)
        - len(kept)
        + lost
        + len(record.chunks.chunks)
        - len(chunks),
    )


def _content(record: Record, chain: Chain, plan: Plan) -> dict[str, Any]:
    """Collect the columns of the content itself."""
    pages = record.pages
    return {
        **pages.metadata.model_dump(mode="json"),
        "text": pages.text,
        "pages": [page.model_dump(mode="json", exclude={"words"}) for page in pages.pages],
        "members": [member.model_dump(mode="json") for member in pages.members] or None,
        "warnings": [*pages.warnings, *record.mentions.warnings, *record.relationships.warnings],
        "dropped": _dropped(record),
        "language": pages.language,
        "language_score": pages.language_score,
        "chain": [
            {**link.model_dump(mode="json"), "version": plan.identity_of(link.stage).version}
            for link in chain.links
        ],
    }


def _dropped(record: Record) -> dict[str, dict[str, int]] | None:
    """Say, by stage, how much of what a model said the text does not say; None for nothing."""
    said = {
        StageName.EXTRACT.value: dict(sorted(record.mentions.dropped.items())),
        StageName.RELATE.value: dict(sorted(record.relationships.dropped.items())),
    }
    return {stage: counts for stage, counts in said.items() if counts} or None


def _within(start: int, end: int, length: int) -> bool:
    """Say whether a span has a place in a text of that length."""
    return 0 <= start < end <= length


def _chunks(content: str, record: Record, text: str) -> tuple[Row, ...]:
    """Make the rows of the chunks that are in the text."""
    rows: dict[str, Row] = {}
    chunks: Sequence[Chunk | ChunkText] = record.chunks.chunks
    for ordinal, chunk in enumerate(chunks):
        if _within(chunk.start, chunk.end, len(text)) and text[chunk.start : chunk.end] == (
            chunk.text
        ):
            id_ = identity.chunk_id(content, chunk.start, chunk.end)
            rows.setdefault(
                id_, (id_, content, ordinal, chunk.page, chunk.start, chunk.end, chunk.text)
            )
    return tuple(rows.values())


def _names(project: str, content: str, names: Sequence[Name]) -> list[Row]:
    """Make a row for each name; a name of narrow scope belongs to this content."""
    rows: list[Row] = []
    for name in names:
        scope = content if name.scope is NameScope.CONTENT else None
        id_ = identity.name_id(project, name.type, name.normal, scope)
        rows.append((id_, project, name.type.value, name.normal, scope, tuple(sorted(name.keys))))
    return rows


class _Mentions:
    """The mentions of one content with what their rows need beside them."""

    def __init__(self, content: str, version: str, record: Record) -> None:
        self._content = content
        self._version = version
        self._record = record
        self._places = {
            page.number: _Places(page.number, page.words)
            for page in record.pages.pages
            if page.words
        }

    def kept(self, text: str, names: Sequence[Row]) -> dict[int, Row]:
        """Make the rows of the mentions that stand in the text, by their index."""
        rows: dict[int, Row] = {}
        spans: set[tuple[int, int]] = set()
        links = self._record.names.links
        long = {
            row[0]
            for row in names
            if len(str(row[3]).encode("utf-8", "surrogatepass")) > LONGEST_NAME
        }
        for index, mention in enumerate(self._record.mentions.mentions):
            if not 0 <= links[index].name < len(names):
                raise PermanentError(
                    "inconsistent", f"resolve linked to a name that is not there: {links[index]}"
                )
            name = names[links[index].name]
            span = (mention.start, mention.end)
            if (
                _within(*span, len(text))
                and text[mention.start : mention.end] == mention.text
                and span not in spans
                and name[0] not in long
            ):
                spans.add(span)
                rows[index] = self._row(mention, str(name[0]), links[index].via)
        return rows

    def _row(self, mention: Mention, name: str, via: str | None) -> Row:
        places = self._places.get(mention.page)
        boxes = places.boxes(mention.start, mention.end) if places else ()
        return (
            identity.mention_id(self._content, mention.start, mention.end),
            self._content,
            name,
            mention.start,
            mention.end,
            mention.text,
            mention.type.value,
            mention.subtype,
            mention.role.value if mention.role else None,
            via,
            mention.score,
            mention.page,
            json.dumps(boxes) if boxes else None,
            mention.model,
            self._version,
        )


def _relationships(
    content: str, version: str, record: Record, mentions: Mapping[int, Row], length: int
) -> tuple[tuple[Row, ...], int]:
    """Make the rows of the relationships between kept mentions; count those that are dropped.

    The same statement by two rules is one row: the first in the payload's order, which is fixed.
    """
    rows: dict[str, Row] = {}
    dropped = 0
    for relationship in record.relationships.relationships:
        subject = mentions.get(relationship.subject)
        object_ = mentions.get(relationship.object)
        if not (subject and object_ and _within(relationship.start, relationship.end, length)):
            dropped += 1
            continue
        row = _relationship(content, version, relationship, subject, object_)
        rows.setdefault(str(row[0]), row)
    return tuple(rows.values()), dropped


def _relationship(
    content: str, version: str, relationship: Relationship, subject: Row, object_: Row
) -> Row:
    """Make the row of a relationship between two mentions' rows."""
    id_ = identity.relationship_id(
        content,
        str(subject[0]),
        relationship.predicate,
        str(object_[0]),
        relationship.start,
        relationship.end,
    )
    return (
        id_,
        content,
        subject[2],
        relationship.predicate.value,
        object_[2],
        subject[0],
        object_[0],
        relationship.start,
        relationship.end,
        relationship.score,
        relationship.rule,
        version,
    )


class _Places:
    """Where the words of one page are."""

    def __init__(self, page: int, words: Words) -> None:
        if not len(words.starts) == len(words.ends) == len(words.boxes):
            raise PermanentError(
                "inconsistent",
                f"ocr gave the words of page {page} {len(words.starts)} starts, "
                f"{len(words.ends)} ends and {len(words.boxes)} boxes",
            )
        self._words = sorted(zip(words.starts, words.ends, words.boxes, strict=True))
        self._starts = [start for start, _, _ in self._words]

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Give a box for each line of text that a span touches."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_right(self._starts, end - 1)
        return lines_of(box for _, stop, box in self._words[first:last] if stop > start)
