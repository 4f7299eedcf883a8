"""What a language model says of a document's names, beside what patterns find."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from pipeline.documents import Chunk, Mention
from pipeline.llm.evidence import KeptRelations
from pipeline.llm.troubles import summed
from pipeline.relationships.pattern import Found


class RelationReader(Protocol):
    """Says what the chunks of a document state of its mentions. Its `configuration` is what decides
    it beside its `version`.
    """

    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def configuration(self) -> Mapping[str, Any]: ...  # noqa: D102

    def read(self, chunks: Sequence[Chunk], mentions: Sequence[Mention]) -> Sequence[KeptRelations]:
        """Give what each chunk states. Raises PermanentError for a document that it cannot read."""
        ...


def matches(readings: Iterable[KeptRelations]) -> list[Found]:
    """Take what was said as if patterns had matched it."""
    return [
        Found(one.subject, one.predicate, one.object, one.score, one.rule, one.start, one.end)
        for reading in readings
        for one in reading.relationships
    ]


def dropped(readings: Iterable[KeptRelations], implausible: int) -> dict[str, int]:
    """Count what is dropped of what was said, by a word for why: with what the text seems to state
    and cannot be.
    """
    doubted = {"implausible": implausible} if implausible else {}
    return summed([*(reading.dropped for reading in readings), doubted])


def in_gaps(
    found: Iterable[Found], chunks: Sequence[Chunk], readings: Sequence[KeptRelations]
) -> Iterator[Found]:
    """Keep what patterns found in the chunks that nobody else has read."""
    unread = [
        (chunk.start, chunk.end)
        for chunk, reading in zip(chunks, readings, strict=True)
        if reading.trouble
    ]
    for match in found:
        place = bisect_right(unread, (match.start, 1 << 62)) - 1
        if place >= 0 and match.start < unread[place][1]:
            yield match


def starts_of(spans: Sequence[tuple[int, int]], match: Found) -> Sequence[int]:
    """Give where the sentences begin in which something is said: it may take several."""
    first = bisect_left(spans, match.start, key=lambda span: span[1] - 1)
    last = bisect_left(spans, match.end, key=lambda span: span[0])
    return [start for start, _ in spans[first:last]]
