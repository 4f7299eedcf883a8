"""Words in their sentence: what a person reads as evidence. Pure but for the splitter handed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

Span = tuple[int, int]
Splitter = Callable[[str], Sequence[Span]]
Nearness = Callable[[Sequence[str]], Sequence[float]]
"""How near texts are to what was asked for, the more the nearer."""

MARK_START, MARK_END = "\ue000", "\ue001"
LONGEST = 600


class Passage(NamedTuple):
    """A piece of a document's text. `start` and `end` are in the document, `marks` in `text`."""

    start: int
    end: int
    text: str
    marks: tuple[Span, ...]


def one_line(text: str) -> str:
    """Put a text on one line, with single blanks."""
    return " ".join(text.split())


def around(splitter: Splitter, text: str, offset: int, marks: Sequence[Span]) -> Passage:
    """Cut the sentences that hold the marks out of a text; marks are in the text, `offset` says
    where the text begins in the document.
    """
    first, last = marks[0][0], marks[-1][1]
    touched = [span for span in splitter(text) if span[0] < last and span[1] > first]
    start = min([first, *(span[0] for span in touched)])
    end = max([last, *(span[1] for span in touched)])
    start, end = _shortened(text, start, end, first, last)
    return Passage(
        start=offset + start,
        end=offset + end,
        text=text[start:end],
        marks=tuple((begin - start, stop - start) for begin, stop in marks),
    )


def _shortened(text: str, start: int, end: int, first: int, last: int) -> Span:
    """Keep a long sentence's words around the marks, cut at blanks: a table may be one sentence."""
    spare = max(LONGEST - (last - first), 0) // 2
    if first - start > spare:
        start = first - spare
        blank = re.compile(r"\s").search(text, start, first)
        start = blank.end() if blank else start
    if end - last > spare:
        end = last + spare
        blank_before = text.rfind(" ", last, end)
        end = blank_before if blank_before > last else end
    return start, end


def found_words(text: str, marked: str) -> tuple[Span, ...]:
    """Find in a text the words that PostgreSQL's headline marked, in order.

    The headline may leave out tags and so shift what follows; the words themselves are kept, so
    they are looked up again in the text, where each occurrence is a hit.
    """
    pattern = re.compile(f"{MARK_START}([^{MARK_START}{MARK_END}]+){MARK_END}")
    words = sorted({match.lower() for match in pattern.findall(marked)}, key=len, reverse=True)
    if not words:
        return ()
    either = "|".join(re.escape(word) for word in words)
    return tuple(
        match.span() for match in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", text, re.IGNORECASE)
    )


def best_sentence(splitter: Splitter, text: str, offset: int, marks: Sequence[Span]) -> Passage:
    """Cut out the sentence with the most different marked words, the first of equals."""
    sentences = list(splitter(text)) or [(0, len(text))]

    def inside(span: Span) -> list[Span]:
        return [mark for mark in marks if span[0] <= mark[0] and mark[1] <= span[1]]

    def variety(span: Span) -> int:
        return len({text[start:stop].lower() for start, stop in inside(span)})

    best = max(sentences, key=lambda span: (variety(span), -span[0]))
    return _bounded(text, offset, best, inside(best) or [(best[0], best[0])])


def nearest_sentence(splitter: Splitter, text: str, offset: int, nearness: Nearness) -> Passage:
    """Cut out the sentence that is nearest in meaning, the first of equals."""
    sentences = list(splitter(text)) or [(0, len(text))]
    near = nearness([text[start:end] for start, end in sentences])
    best = sentences[max(range(len(sentences)), key=lambda index: (near[index], -index))]
    return _bounded(text, offset, best, [(best[0], best[0])])


def _bounded(text: str, offset: int, span: Span, hits: Sequence[Span]) -> Passage:
    """Cut a sentence out with those of its marks that fit its bounded length."""
    start, end = _shortened(text, *span, hits[0][0], hits[0][1])
    kept = tuple((begin - start, stop - start) for begin, stop in hits if begin < stop <= end)
    return Passage(offset + start, offset + end, text[start:end], kept)
