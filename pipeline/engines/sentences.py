"""Sentences, by nupunkt: a punkt model trained on legal text, so that `v.` and `No.` end nothing.

Blank lines always end a sentence. A single line break ends one when the writer broke the line
before it was full: in text wrapped at 70 characters a heading or a table row stands alone, and
where each paragraph is one line every break counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise

Span = tuple[int, int]

PARAGRAPH_BREAK = re.compile(
    r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])(?:[^\S\r\n]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]))+"
    r"|[\x0c\u2029]"
)
LINE_BREAK = re.compile(r"\r\n|[\n\r\x0b\x85\u2028]")
# A line is called full when the next word would have reached this share of the usual width:
# wrapped lines are ragged by a word or so, and in proportional type by some characters more.
FULL_LINE = 0.8


class Sentences:
    """Splits a text into sentences; pure, one instance may serve many threads."""

    def __init__(self) -> None:
        import nupunkt

        self._spans = nupunkt.sent_spans
        self.version = f"nupunkt {version('nupunkt')}"

    def __call__(self, text: str) -> list[Span]:
        """Find the sentences of a text: trimmed of blanks, in order, none overlapping.

        Together they hold every character that is not blank.
        """
        width = usual_width(text)
        return [
            sentence
            for start, end in blocks(text, width)
            for sentence in self._sentences_of(text, start, end)
        ]

    def _sentences_of(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Split one block, filling what the model leaves out into the sentence before."""
        block = text[start:end]
        starts = sorted({0, *(max(begin, 0) for begin, _ in self._spans(block))})
        for begin, stop in zip(starts, [*starts[1:], len(block)], strict=True):
            if span := trimmed(text, start + begin, start + stop):
                yield span


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Leave the blanks at both ends out of a span; None if nothing else is in it."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    end -= len(inner) - len(inner.rstrip())
    return (start, end) if start < end else None


def usual_width(text: str) -> int:
    """Measure the width that half of the text stands in lines of, or wider, in characters."""
    lengths = sorted((len(line.strip()) for line in text.splitlines()), reverse=True)
    rest = sum(lengths) / 2
    for length in lengths:
        rest -= length
        if rest <= 0:
            return length
    return 0


def blocks(text: str, width: int) -> Iterator[Span]:
    """Yield runs of text that no sentence crosses the border of."""
    for start, end in _between(PARAGRAPH_BREAK, text, 0, len(text)):
        lines = list(_between(LINE_BREAK, text, start, end))
        begin = start
        for (line_start, line_end), (next_start, next_end) in pairwise(lines):
            following = text[next_start:next_end].split(maxsplit=1)
            used = len(text[line_start:line_end].strip())
            if following and used + 1 + len(following[0]) <= FULL_LINE * width:
                yield begin, line_end
                begin = next_start
        yield begin, end


def _between(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans between the matches of a pattern."""
    begin = start
    for match in pattern.finditer(text, start, end):
        yield begin, match.start()
        begin = match.end()
    yield begin, end
