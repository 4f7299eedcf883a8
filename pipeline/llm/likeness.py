"""What may differ between a quote and the words that it quotes, so that they still say the same.

The quote's words must all be there, in order. Few of them may be an article more or less, or a long
word with one letter wrong; never a figure, a name, or a word that denies: "did sign" is no quote of
"did not sign". Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.llm.folding import Read, squeezed

WORDS_A_DIFFERENCE = 8
"""A quote may differ once for so many words of it, and not at all if it has fewer."""
SHORTEST_SLIP = 6
"""Letters of a word in which one may be wrong: `sold` is no slip for `told`."""
MOST_STEPS = 20_000
"""Words that are compared for one quote: a text of one word said over and over has no end of places
where a quote nearly stands.
"""

ARTICLES = frozenset({"a", "an", "the"})
DENYING = """\
no not never none nobody nothing neither nor nowhere without cannot hardly scarcely barely unable
refused denied failed declined
nicht kein keine keinen keinem keiner nie niemals nichts
ne pas jamais aucun aucune sans non nunca jamás sin não nem niet geen nooit zonder
"""
DENIALS = frozenset(DENYING.split())
"""Words that turn what is said into its contrary, in the languages that are most met."""
WORD = re.compile(r"[^\W_]+(?:[.,:/'’-][^\W_]+)*")
NUMBERED = re.compile(r"no\.?\s?\d", re.IGNORECASE)
SIGNED = re.compile(r"[-+]?[^\W_]+")
IN_FIGURES = re.compile(r"(?<=\d)[.,:/-](?=\d)")
COUNTED = frozenset("%‰$€£¥₹₽₩₪₺₴¢")
FEWEST_LETTERS_OF_A_WORD = 4


@dataclass(frozen=True)
class Word:
    """A word of a folded text, its place there, and how it is read."""

    text: str
    read: str
    start: int
    end: int

    @property
    def article(self) -> bool:
        """Say whether it may be left out."""
        return self.text.lower() in ARTICLES

    @property
    def fixed(self) -> bool:
        """Say whether each of its letters counts: in figures, names, and what denies."""
        return not self.text.isalpha() or not self.text.islower() or self.text in DENIALS


def words_of(text: Read) -> tuple[Word, ...]:
    """List the words of a folded text."""
    return tuple(
        Word(match[0], squeezed(match[0]).letters, *match.span())
        for match in WORD.finditer(text.letters)
    )


def same_figures(one: str, other: str) -> bool:
    """Say whether two folded texts have the same figures in the same order."""
    return _figures(one) == _figures(other)


def same_denials(one: str, other: str) -> bool:
    """Say whether two folded texts deny the same number of times, in the same words."""
    return denials_in(one) == denials_in(other)


def denials_in(text: str) -> list[str]:
    """List the words that deny; "cannot" and "didn't" as the "not" that they hold."""
    return [word for _, word in denials(text)]


def denials(text: str) -> Iterator[tuple[int, str]]:
    """Yield each word that denies with its place; "No. 5" denies nothing."""
    for match in WORD.finditer(text):
        word = match[0].lower().replace("’", "'")
        if word == "cannot" or word.endswith("n't"):
            yield match.start(), "not"
        elif word in DENIALS and not NUMBERED.match(text, match.start()):
            yield match.start(), word


def stands_as(quote: Sequence[Word], text: Sequence[Word]) -> tuple[int, int] | None:
    """Find the first run of a text's words that says what a quote says, as (first, last)."""
    first, last = 0, len(quote)
    while first < last and quote[first].article:
        first += 1
    while first < last and quote[last - 1].article:
        last -= 1
    allowed = (last - first) // WORDS_A_DIFFERENCE
    if not allowed:
        return None
    left = MOST_STEPS
    for place in range(len(text)):
        found, steps = _walked(quote[first:last], text, place, allowed)
        if found is not None:
            return place, found
        left -= steps
        if left < 0:
            return None
    return None


def _walked(
    quote: Sequence[Word], text: Sequence[Word], place: int, allowed: int
) -> tuple[int | None, int]:
    """Go through both from a place on; give the last word that fits, and how many were compared."""
    steps = at = 0
    here = place
    while at < len(quote):
        steps += 1
        if here == len(text):
            return None, steps
        if _same(quote[at], text[here]):
            at, here = at + 1, here + 1
            continue
        allowed -= 1
        if allowed < 0 or not at:
            return None, steps
        if _slip(quote[at], text[here]):
            at, here = at + 1, here + 1
        elif text[here].article:
            here += 1
        elif quote[at].article:
            at += 1
        else:
            return None, steps
    return here - 1, steps


def _same(one: Word, other: Word) -> bool:
    return one.read == other.read


def _slip(one: Word, other: Word) -> bool:
    """Say whether two words are one with a letter wrong, missing, doubled or misplaced within."""
    from rapidfuzz.distance import OSA

    if one.fixed or other.fixed or min(len(one.text), len(other.text)) < SHORTEST_SLIP:
        return False
    ends = one.text[0] == other.text[0] and one.text[-1] == other.text[-1]
    return ends and OSA.distance(one.text, other.text, score_cutoff=1) <= 1


def _figures(text: str) -> list[str]:
    """List what is counted, dated or numbered, and of what; not a word in which OCR put a digit."""
    words = SIGNED.findall(text.lower())
    figures = [word for word in words if _has_figure(word) and not _misread_word(word)]
    return figures + IN_FIGURES.findall(text) + [sign for sign in text if sign in COUNTED]


def _has_figure(word: str) -> bool:
    return any(map(str.isdigit, word))


def _misread_word(figure: str) -> bool:
    letters = sum(sign.isalpha() for sign in figure)
    return letters >= FEWEST_LETTERS_OF_A_WORD and letters > 2 * sum(map(str.isdigit, figure))
