"""Finds what a model says in the words of the document, or nowhere: pure.

A model copies a text as a person would: it closes gaps, joins what a line's end cut, mends what OCR
misread. So words are looked for as they are, and then as they would be read (`folding`); a quote
also with a slip (`likeness`). What is found is always the document's own words, at the document's
own offsets; what is found nowhere is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pipeline.llm.folding import Read, Span, borders, folded, squeezed
from pipeline.llm.likeness import Word, same_denials, same_figures, stands_as, words_of

FEWEST_LETTERS = 4
"""What is shorter is only looked for as it is: too much reads like three letters."""


@dataclass(frozen=True)
class Grounds:
    """One text in which a model's words are looked for, `at` which offset of the document it is."""

    text: str
    at: int = 0

    @cached_property
    def _folded(self) -> Read:
        return folded(self.text)

    @cached_property
    def _squeezed(self) -> Read:
        return squeezed(self._folded.letters)

    @cached_property
    def _borders(self) -> tuple[bool, ...]:
        return borders(self._folded)

    @cached_property
    def _words(self) -> tuple[Word, ...]:
        return words_of(self._folded)

    def names(self, words: str) -> list[Span]:
        """Find each place where a name stands, at the document's offsets, in order; none overlap.

        It stands where no letter or digit touches it: `Ann` is not in `Annual`. Where it stands
        nowhere as it is, it is looked for as OCR may have misread it, also with other capitals; but
        a single word without any is no name's ("will" is not Will).
        """
        needle = folded(words).letters.strip()
        found = self._as_they_are(needle)
        if not found and _letters(needle) >= FEWEST_LETTERS:
            found = [
                (start, end)
                for start, end in self._as_misread(needle)
                if _as_capital(needle, self._folded.letters[start:end])
            ]
        return self._placed(found)

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

    def quote(self, words: str) -> Span | None:
        """Find where a sentence or a part of it stands first."""
        return next(iter(self.quotes(words)), None)

    def _as_they_are(self, needle: str) -> list[Span]:
        """Find a folded text at borders of words; what has no letter names and says nothing."""
        if not _letters(needle):
            return []
        return _places(self._folded.letters, needle, self._alone)

    def _as_misread(self, needle: str) -> list[Span]:
        """Find a text by its letters alone, with the same figures; spans of the folded text."""
        text = self._squeezed

        def alone(start: int, end: int) -> bool:
            signs = text.between_signs(start) and text.between_signs(end)
            return signs and self._alone(*text.span(start, end))

        found = _places(text.letters, squeezed(needle).letters, alone)
        spans = [text.span(start, end) for start, end in found]
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
        return [(start, end)] if fits and self._alone(start, end) else []

    def _alone(self, start: int, end: int) -> bool:
        return self._borders[start] and self._borders[end]

    def _placed(self, found: list[Span]) -> list[Span]:
        """Lead spans of the folded text to the document's offsets."""
        spans = [self._folded.span(start, end) for start, end in found]
        return [(self.at + start, self.at + end) for start, end in spans]


def _places(text: str, words: str, fits: Callable[[int, int], bool]) -> list[Span]:
    """Find where words stand in a text and fit, from the left; none overlap."""
    found: list[Span] = []
    start = text.find(words) if words else -1
    while start >= 0:
        end = start + len(words)
        if fits(start, end):
            found.append((start, end))
            start = text.find(words, end)
        else:
            start = text.find(words, start + 1)
    return found


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _as_capital(words: str, found: str) -> bool:
    """Say whether a text may be a name that is written with capitals."""
    return " " in found or words == words.lower() or found != found.lower()
