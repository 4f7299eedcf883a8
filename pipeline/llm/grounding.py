"""Finds what a model says in the words of the document, or nowhere: pure.

A model copies a text as a person would: it closes gaps, joins what a line's end cut, mends what OCR
misread. So words are looked for as they are, and then as they would be read (`folding`); a quote
also with a slip (`likeness`). What is found is always the document's own words, at the document's
own offsets; what is found nowhere is dropped.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.llm.folding import Read, Span, folded, squeezed
from pipeline.llm.likeness import Word, same_denials, same_figures, stands_as, words_of

FEWEST_LETTERS = 4
"""What is shorter is only looked for as it is: too much reads like three letters."""


@dataclass(frozen=True)
class _Reading:
    """A text as it is read, and where words can begin and end in it."""

    read: Read
    begins: Sequence[int]
    ends: Collection[int]

    def places(self, words: str) -> list[Span]:
        """Find where words stand by themselves, from the left; none overlap."""
        found: list[Span] = []
        start = self.read.letters.find(words) if words else -1
        while start >= 0:
            end = start + len(words)
            at = bisect_left(self.begins, start)
            begun = at < len(self.begins) and self.begins[at] == start
            if begun and end in self.ends:
                found.append((start, end))
            else:
                # Not a step further: a text of one letter has as many places as letters.
                at += begun
                end = self.begins[at] if at < len(self.begins) else len(self.read.letters)
            start = self.read.letters.find(words, end)
        return found


@dataclass(frozen=True)
class Grounds:
    """One text in which a model's words are looked for, `at` which offset of the document it is.
    `sentences` are the offsets at which sentences begin, where that is known.
    """

    text: str
    at: int = 0
    sentences: Sequence[int] = ()

    @cached_property
    def _folded(self) -> Read:
        return folded(self.text)

    @cached_property
    def _borders(self) -> tuple[bool, ...]:
        return self._folded.borders()

    @cached_property
    def _plainly(self) -> _Reading:
        """Read the folded text."""
        places = [place for place, border in enumerate(self._borders) if border]
        return _Reading(self._folded, places, frozenset(places))

    @cached_property
    def _squeezed(self) -> _Reading:
        """Read the letters of the folded text, where its words begin and end."""
        read = squeezed(self._folded.letters)
        whole = [place for place in range(len(read.letters) + 1) if read.between_signs(place)]
        begins = [x for x in whole if x < len(read.letters) and self._borders[read.starts[x]]]
        ends = frozenset(x for x in whole if x and self._borders[read.ends[x - 1]])
        return _Reading(read, begins, ends)

    @cached_property
    def _words(self) -> tuple[Word, ...]:
        return words_of(self._folded)

    def names(self, words: str) -> list[Span]:
        """Find each place where a name stands, at the document's offsets, in order; none overlap.

        It stands where no letter or digit touches it: `Ann` is not in `Annual`. Where it stands
        nowhere as it is, it is looked for as OCR may have misread it, also with other capitals; but
        a single word without any is no name's ("will" is not Will), and the end of a sentence with
        the beginning of the next is none ("… Brown. Smith …").
        """
        needle = folded(words).letters.strip()
        if found := self._as_they_are(needle):
            return self._placed(found)
        if _letters(needle) < FEWEST_LETTERS:
            return []
        misread = self._placed(
            [
                (start, end)
                for start, end in self._as_misread(needle)
                if _as_capital(needle, self._folded.letters[start:end])
            ]
        )
        return [(start, end) for start, end in misread if not self._begins_within(start, end)]

    def quotes(self, words: str) -> list[Span]:
        """Find each place where a sentence or a part of it stands, as `names` does.

        Blanks, punctuation and what OCR misreads may differ, and, in a long one, an article or one
        letter of a long word; never a figure or a word that denies.
        """
        needle = folded(words).letters.strip()
        found = self._as_they_are(needle)
        if not found and _letters(needle) >= FEWEST_LETTERS:
            found = [
                (start, end)
                for start, end in self._as_misread(needle)
                if same_denials(needle, self._folded.letters[start:end])
            ]
            found = found or self._nearly(needle)
        return self._placed(found)

    def _as_they_are(self, needle: str) -> list[Span]:
        """Find a folded text; what has no letter names and says nothing."""
        return self._plainly.places(needle) if _letters(needle) else []

    def _as_misread(self, needle: str) -> list[Span]:
        """Find a text by its letters alone, with the same figures; spans of the folded text."""
        found = self._squeezed.places(squeezed(needle).letters)
        spans = [self._squeezed.read.span(start, end) for start, end in found]
        letters = self._folded.letters
        return [(start, end) for start, end in spans if same_figures(needle, letters[start:end])]

    def _nearly(self, needle: str) -> list[Span]:
        """Find a quote word by word, with the differences that it may have."""
        found = stands_as(words_of(folded(needle)), self._words)
        if found is None:
            return []
        start, end = self._words[found[0]].start, self._words[found[1]].end
        words = self._folded.letters[start:end]
        fits = same_figures(needle, words) and same_denials(needle, words)
        alone = self._borders[start] and self._borders[end]
        return [(start, end)] if fits and alone else []

    def _begins_within(self, start: int, end: int) -> bool:
        """Say whether a sentence begins between two places."""
        return bisect_right(self.sentences, start) < bisect_left(self.sentences, end)

    def _placed(self, found: list[Span]) -> list[Span]:
        """Lead spans of the folded text to the document's offsets."""
        spans = [self._folded.span(start, end) for start, end in found]
        return [(self.at + start, self.at + end) for start, end in spans]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _as_capital(words: str, found: str) -> bool:
    """Say whether a text may be a name that is written with capitals."""
    return " " in found or words == words.lower() or found != found.lower()
