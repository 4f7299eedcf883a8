"""Whether two words of names are one word, and how sure that is."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from pipeline.engines.given_names import full_names
from pipeline.engines.known_names import names_of
from pipeline.registry.spelling import (
    as_heard,
    as_misread,
    bones,
    by_tone,
    without_doubles,
    without_umlauts,
)

# Bounds of what is remembered: words are half a kilobyte each, pairs less.
REMEMBERED_WORDS = 1 << 15
REMEMBERED_PAIRS = 1 << 16
# A word longer than this is no misspelling of another, but noise.
LONGEST_WORD = 40
# Few longer words are two names that sound alike.
LONG_WORD = 8
ENDINGS = frozenset("aes")


class Likeness(IntEnum):
    """How two words stand to each other, the surest first."""

    EQUAL = 0
    SPELT = 1  # one word in two spellings, or in letters of two scripts
    SLIP = 2  # probably one word: a typing or OCR error
    HEARD = 3  # spelt differently, heard alike
    NEAR = 4  # alike, and both known names
    OTHER = 5


class Word(NamedTuple):
    """What is known of a word: how it can be spelt, and whether it is a known name.

    `names` are the ids of the names that it can be (see `names_of`).
    """

    plain: str
    heard: str
    bones: str
    names: frozenset[str]


@lru_cache(maxsize=REMEMBERED_WORDS)
def word(text: str) -> Word:
    """Look a word up."""
    heard = as_heard(text)
    return Word(without_umlauts(text), heard, bones(heard), names_of(text))


def likeness(one: str, other: str) -> Likeness:
    """Say how two words stand to each other. Symmetric."""
    if one == other:
        return Likeness.EQUAL
    shorter, longer = len(one), len(other)
    if shorter > longer:
        shorter, longer = longer, shorter
    if shorter < 2 or longer > LONGEST_WORD or longer - shorter > 4:
        return Likeness.OTHER
    if not one.isalpha() and not other.isalpha() and _figures(one) and _figures(other):
        # Two numbers are two things; "1O5" is 105.
        return Likeness.SLIP if as_misread(one) == as_misread(other) else Likeness.OTHER
    # Beyond this many changes only spellings of other languages are left, and they keep half.
    if OSA.distance(one, other, score_cutoff=max(2, longer // 2)) > max(2, longer // 2):
        return Likeness.OTHER
    return _likeness(one, other) if one < other else _likeness(other, one)


@lru_cache(maxsize=REMEMBERED_PAIRS)
def _likeness(one: str, other: str) -> Likeness:
    """Say how two different words stand to each other."""
    mine, theirs = word(one), word(other)
    found = _one_word(one, other, mine, theirs)
    if found is not None:
        return found
    return Likeness.NEAR if _alike(one, other, mine, theirs) else Likeness.OTHER


def _one_word(one: str, other: str, mine: Word, theirs: Word) -> Likeness | None:
    """Say why two words may be one word; None if they are two."""
    shortest = min(len(one), len(other))
    if shortest >= 5 and without_doubles(one) == without_doubles(other):
        return Likeness.SLIP
    own, others = full_names(one), full_names(other)
    if own and others and own.isdisjoint(others):
        return None  # Joan and John, whatever they sound like
    if mine.plain == theirs.plain or _one_name(mine, theirs, shortest):
        return Likeness.SPELT
    known = one.isalpha() and other.isalpha() and are_names(one, other)
    if not known and _slip(one, other):
        return Likeness.SLIP
    return Likeness.HEARD if _heard_alike(one, other, mine, theirs, known=known) else None


def _one_name(mine: Word, theirs: Word, shortest: int) -> bool:
    """Say whether two spellings that the table takes for one name are. It is generous: "Wang" and
    "Wong", "Davis" and "Davies" can be spellings of one.
    """
    if shortest < 4 or mine.names.isdisjoint(theirs.names):
        return False
    if mine.heard == theirs.heard:
        return True
    if mine.bones != theirs.bones or shortest < 5:
        return False
    if shortest == 5 and by_tone(mine.heard) != by_tone(theirs.heard):
        return False
    # A letter more at the end is a name of its own (Davies, Clarke, Petrova).
    return len(mine.heard) == len(theirs.heard) or not {mine.heard[-1], theirs.heard[-1]} & ENDINGS


def _heard_alike(one: str, other: str, mine: Word, theirs: Word, *, known: bool) -> bool:
    """Say whether two spellings can be of one name by their sound: that of names that people have
    must be more alike than that of names nobody has.
    """
    shortest = min(len(one), len(other))
    if mine.heard == theirs.heard:
        return shortest >= (LONG_WORD if known else 4)
    if mine.bones != theirs.bones or one[-1] != other[-1]:
        return False
    if known:
        return shortest >= LONG_WORD and by_tone(mine.heard) == by_tone(theirs.heard)
    return (
        shortest >= 4
        and len(mine.bones) >= 3
        and OSA.distance(mine.heard, theirs.heard, score_cutoff=1) <= 1
    )


def can_be_heard_alike(one: str, other: str) -> bool:
    """Say whether two words, of which one need be no name, can be spellings of one."""
    return _heard_alike(one, other, word(one), word(other), known=False)


def are_names(one: str, other: str) -> bool:
    """Say whether two words are both names that people have."""
    return bool(word(one).names) and bool(word(other).names)


def sound_alike(one: str, other: str) -> bool:
    """Say whether two words are heard alike."""
    return word(one).heard == word(other).heard


def same_bones(one: str, other: str) -> bool:
    """Say whether two words are alike in what transliterations agree on."""
    return word(one).bones == word(other).bones


def _slip(one: str, other: str) -> bool:
    """Say whether one word is the other with the errors of a hand or of an OCR engine."""
    shortest = min(len(one), len(other))
    figures = _figures(one + other)
    if shortest >= (3 if figures else 4) and as_misread(one) == as_misread(other):
        return True
    if figures:
        return False
    if shortest < 5 or (one[0] != other[0] and (shortest < 7 or len(one) == len(other))):
        return False  # a first letter is left out now and then, seldom mistaken
    changes = OSA.distance(one, other)
    return changes == 1 or (changes == 2 and shortest >= 9)


def _figures(word: str) -> bool:
    """Say whether a word has figures in it."""
    return any(letter.isdigit() for letter in word)


def slight(one: str, other: str) -> bool:
    """Say whether two words that are one by a slip or by their sound are so by one change: places
    and families that organisations are named after are often two changes from another.
    """
    return (
        OSA.distance(one, other, score_cutoff=1) <= 1
        or without_doubles(one) == without_doubles(other)
        or as_misread(one) == as_misread(other)
    )


def _alike(one: str, other: str, mine: Word, theirs: Word) -> bool:
    """Say whether two words are alike enough to be mixed up."""
    if mine.heard == theirs.heard or not mine.names.isdisjoint(theirs.names):
        return True
    return len(one) + len(other) >= 7 and OSA.distance(one, other) == 1
