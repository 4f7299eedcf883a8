"""Finds what a model says in the words of the document, or nowhere: pure.

A model copies a text as a person would: it closes gaps, joins what a line's end cut, mends what OCR
misread. So words are looked for as they are first, and then as they would be read: both sides are
folded, letter by letter, and each folded letter knows the place it came from. What is found is
always the document's own words, at the document's own offsets; what is found nowhere is dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Span = tuple[int, int]

FEWEST_LETTERS = 4
"""What is shorter is not looked for by its likeness: too much looks like two letters."""
LEAST_LIKENESS = 92.0
"""Of a quote that is found by its likeness, in percent of its letters."""
SHORTEST_LIKE = 25
"""Letters that a quote needs to be found by its likeness."""
LONGEST_LIKE = 2_000
"""Letters of a quote that is still looked for by its likeness: that costs their product."""

# Read as one another by OCR, and written so by people who have only a typewriter. One sign each.
SAME_SIGN: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
MISREAD: Mapping[str, str] = {"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "8": "b"}
MISREAD_PAIRS: Mapping[str, str] = {"rn": "m", "vv": "w", "cl": "d"}
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
FIGURES = re.compile(r"(?<![^\W_])\d+(?![^\W_])")


@dataclass(frozen=True)
class Folded:
    """A text as it is compared, and for each of its letters the span it came from."""

    letters: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Lead a span of the folded letters back to the text; not an empty one."""
        return self.starts[start], self.ends[end - 1]


def folded(text: str) -> Folded:
    """Fold what differs without a difference: blanks, a line's end within a word, the form of
    quotes and dashes, ligatures, accents of one letter and two, invisible signs.
    """
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(sign: str, start: int, end: int) -> None:
        letters.append(sign)
        starts.append(start)
        ends.append(end)

    place = 0
    while place < len(text):
        sign = text[place]
        cut = _CUT_WORD.match(text, place)
        if cut:
            place = cut.end()
        elif sign in INVISIBLE:
            place += 1
        elif sign.isspace():
            end = place + 1
            while end < len(text) and (text[end].isspace() or text[end] in INVISIBLE):
                end += 1
            add(" ", place, end)
            place = end
        else:
            end = place + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            for part in unicodedata.normalize("NFKC", text[place:end]):
                add(" " if part.isspace() else SAME_SIGN.get(part, part), place, end)
            place = end
    return Folded("".join(letters), tuple(starts), tuple(ends))


_CUT_WORD = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad][^\S\n]*\n\s*(?=[^\W\d_])")


def as_misread(text: Folded) -> Folded:
    """Fold what OCR takes for one another, and capitals: `Srnith` and `Smith` become one."""
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    low = "".join(x.casefold() if len(x.casefold()) == 1 else x for x in text.letters)
    place = 0
    while place < len(low):
        pair = MISREAD_PAIRS.get(low[place : place + 2])
        taken = 2 if pair else 1
        letters.append(pair or MISREAD.get(low[place], low[place]))
        starts.append(text.starts[place])
        ends.append(text.ends[place + taken - 1])
        place += taken
    return Folded("".join(letters), tuple(starts), tuple(ends))


@dataclass(frozen=True)
class Grounds:
    """One text in which a model's words are looked for, `at` which offset of the document it is."""

    text: str
    at: int = 0

    @cached_property
    def _folded(self) -> Folded:
        return folded(self.text)

    @cached_property
    def _misread(self) -> Folded:
        return as_misread(self._folded)

    def names(self, words: str) -> list[Span]:
        """Find each place where a name stands, at the document's offsets, in order; none overlap.

        It stands where no letter or digit touches it: `Ann` is not in `Annual`. It is looked for as
        it is, then folded, then as OCR may have misread it; the first that is found at all counts.
        """
        words = words.strip()
        if not words:
            return []
        exact = [(start, start + len(words)) for start in _places(self.text, words)]
        exact = [span for span in exact if self._stands_alone(*span)]
        return self._placed(exact or self._tolerant(words))

    def quote(self, words: str) -> Span | None:
        """Find where a sentence stands, at the document's offsets.

        One of some length may differ in some letters, never in a figure.
        """
        words = words.strip()
        if not words:
            return None
        start = self.text.find(words)
        if start >= 0:
            return self.at + start, self.at + start + len(words)
        found = self._found(folded(words).letters.strip(), self._folded)
        found = found or self._alike(folded(words).letters.strip())
        return self._placed(found)[0] if found else None

    def _tolerant(self, words: str) -> list[Span]:
        needle = folded(words)
        found = self._alone(self._found(needle.letters.strip(), self._folded))
        if found or len(needle.letters) < FEWEST_LETTERS:
            return found
        misread = self._alone(self._found(as_misread(needle).letters.strip(), self._misread))
        return [span for span in misread if _same_figures(words, self.text[slice(*span)])]

    def _alone(self, spans: list[Span]) -> list[Span]:
        return [span for span in spans if self._stands_alone(*span)]

    def _found(self, needle: str, haystack: Folded) -> list[Span]:
        if not needle:
            return []
        return [
            haystack.span(start, start + len(needle)) for start in _places(haystack.letters, needle)
        ]

    def _alike(self, needle: str) -> list[Span]:
        """Find a sentence by its likeness: the likest place, if it is like enough."""
        from rapidfuzz import fuzz

        if not SHORTEST_LIKE <= len(needle) <= LONGEST_LIKE:
            return []
        letters = self._folded.letters
        if len(letters) < len(needle):
            return []
        best = fuzz.partial_ratio_alignment(needle, letters, score_cutoff=LEAST_LIKENESS)
        if best is None or best.dest_start == best.dest_end:
            return []
        start, end = self._whole_words(best.dest_start, best.dest_end)
        span = self._folded.span(start, end)
        return [span] if _same_figures(needle, self.text[slice(*span)]) else []

    def _whole_words(self, start: int, end: int) -> Span:
        """Widen a span of folded letters to whole words, and take blanks off its ends."""
        letters = self._folded.letters
        while start < end and letters[start] == " ":
            start += 1
        while end > start and letters[end - 1] == " ":
            end -= 1
        while start > 0 and letters[start - 1].isalnum() and letters[start].isalnum():
            start -= 1
        while end < len(letters) and letters[end].isalnum() and letters[end - 1].isalnum():
            end += 1
        return start, end

    def _stands_alone(self, start: int, end: int) -> bool:
        before = self.text[start - 1 : start]
        after = self.text[end : end + 1]
        first, last = self.text[start], self.text[end - 1]
        return not (before.isalnum() and first.isalnum()) and not (
            after.isalnum() and last.isalnum()
        )

    def _placed(self, spans: list[Span]) -> list[Span]:
        """Put spans at the document's offsets; one that overlaps the one before goes."""
        placed: list[Span] = []
        for start, end in spans:
            if not placed or placed[-1][1] <= start + self.at:
                placed.append((start + self.at, end + self.at))
        return placed


def _places(text: str, words: str) -> Iterator[int]:
    """Yield where words stand in a text, overlapping ones too."""
    start = text.find(words)
    while start >= 0:
        yield start
        start = text.find(words, start + 1)


def _same_figures(one: str, other: str) -> bool:
    """Say whether two texts have the same figures in the same order."""
    return FIGURES.findall(one) == FIGURES.findall(other)
