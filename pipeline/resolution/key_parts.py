"""What blocking keys are made of: letters, sounds, and pieces of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

from pipeline.blocking_keys import QUIET

LONGEST_KEY = 40
# Bounds of what is remembered of words.
REMEMBERED = 1 << 16
NO_LETTER = str.maketrans("", "", " -'")
DIGITS = str.maketrans("105", "los")
# What OCR mixes up, each written as one of them.
MISREAD = (("rn", "m"), ("cl", "d"), ("vv", "w"))
MIXED_UP = str.maketrans("icbtj", "lehll")
# Letters that one name can begin with in two spellings.
FIRST_LETTERS = str.maketrans("pvwbcgqszxeiouyjhdn", "ffffkkkkkkaaaaaaatm")
Sizes = tuple[tuple[int, ...], tuple[int, ...]]
SHORT: Sizes = ((3,), (3,))
LONG: Sizes = ((5,), (6,))
# The sizes of a word's beginnings and ends, by its length, from under 7 to over 10.
SIZES: Mapping[int, Sizes] = {
    7: ((3, 4), (3, 4)), 8: ((4,), (4,)), 9: ((4,), (4, 5)), 10: ((4, 5), (5, 6)),
}  # fmt: skip


def bounded(key: str) -> str:
    """Shorten a long key, so that different ones stay different."""
    if len(key) <= LONGEST_KEY:
        return key
    digest = blake2b(key.removesuffix(QUIET).encode(), digest_size=12).hexdigest()
    return f"{key[0]}#{digest}{QUIET if key.endswith(QUIET) else ''}"


def all_letters(words: Iterable[str]) -> str:
    """Make the key of a name that is written in another order or with other blanks."""
    text = "".join(words)
    return "x" + "".join(sorted(text.translate(NO_LETTER) or text))


def whole(text: str) -> str:
    """Write a text without halves of surrogate pairs, which no store takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def latin(text: str) -> str:
    """Write a text in plain Latin letters where its script has a spelling in them."""
    if text.isascii():
        return text
    from rigour.text.translit import maybe_ascii

    return str(maybe_ascii(text)).lower() or text


@lru_cache(maxsize=REMEMBERED)
def sound(word: str) -> str:
    """Write how a word sounds, by its consonants; itself if it has none."""
    from rigour.text.phonetics import metaphone

    heard = metaphone(word.replace("rn", "m").replace("tsch", "ch").replace("tch", "ch"))
    # "Yeltsin" and "Eltsin", "Aleksandr" and "Alyaksandr".
    heard = heard.replace("Y", "")
    return (heard.lstrip("AEIOU") if len(heard) > 3 else heard) or word


@lru_cache(maxsize=REMEMBERED)
def pieces(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut beginnings and ends out of a word: one change in it leaves one of either whole.

    Longer ones of longer words; at the lengths between, where a letter more or less would change
    which, both. What OCR mixes up is one. An end has the first letter's kind before it.
    """
    heads, tails = SIZES.get(len(word), LONG if len(word) > 10 else SHORT)
    kind = (word[1] if word.startswith("kh") else word[0]).translate(FIRST_LETTERS)
    for seen, taken in MISREAD:
        word = word.replace(seen, taken)
    word = word.translate(MIXED_UP)
    return tuple(word[:size] for size in heads), tuple(kind + word[-size:] for size in tails)


def as_read(word: str) -> str:
    """Write a word whose digits are misread letters."""
    return word if word.isalpha() else word.translate(DIGITS)


def asked_if(strange: bool) -> str:
    """Give what a key ends with: nothing if its name asks who it could be, else QUIET."""
    return "" if strange else QUIET
