"""Ways of writing a word that let two spellings of it meet. Each takes small letters."""

from __future__ import annotations

import re

# Two letters for one with points or a stroke; not after a vowel or q ("Bauer", "queen").
UMLAUT = re.compile(r"(?<![aeiouq])([aou])e")
DOUBLED = re.compile(r"(.)\1+")
DOUBLED_CONSONANT = re.compile(r"([^aeiou])\1+")
# What OCR takes for another thing, each written as what it takes it for.
MISREAD = (
    ("rn", "m"), ("ri", "n"), ("vv", "w"), ("cl", "d"), ("1", "l"), ("i", "l"), ("0", "o"),
    ("5", "s"), ("c", "e"),
)  # fmt: skip
# One sound in several spellings, the longer ones first: of English, German, French, Russian and
# Arabic names in Latin letters.
SOUNDS = (
    ("tsch", "x"), ("tch", "x"), ("sch", "x"), ("sh", "x"), ("ch", "x"), ("dzh", "j"),
    ("dj", "j"), ("zh", "j"), ("ph", "f"), ("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"),
    ("ck", "k"), ("ks", "x"), ("tz", "s"), ("ts", "s"), ("ce", "se"), ("ci", "si"), ("c", "k"),
    ("q", "k"), ("z", "s"), ("w", "v"), ("v", "f"), ("yo", "o"), ("yu", "u"), ("ya", "a"),
    ("ye", "e"), ("y", "i"), ("j", "i"), ("ou", "u"), ("oo", "u"), ("ee", "i"),
)  # fmt: skip
# "Yulia" and "Julia" begin alike.
FIRST_Y = re.compile(r"^y(?=[aou])")
SILENT_H = re.compile(r"(?<=[a-z])h")
VOWELS = re.compile(r"(?<=.)[aeiou]")
FIRST_VOWEL = re.compile(r"^[aeiou]+")


def without_umlauts(word: str) -> str:
    """Write "mueller" as "muller"."""
    return UMLAUT.sub(r"\1", word)


def as_misread(word: str) -> str:
    """Write a word so that what OCR mixes up is one: "burnford" as "bumford"."""
    for seen, taken in MISREAD:
        word = word.replace(seen, taken)
    return word


def without_doubles(word: str) -> str:
    """Write "buffett" as "bufet" and "barack" as "barak"."""
    return DOUBLED_CONSONANT.sub(r"\1", word.replace("ck", "k"))


def as_heard(word: str) -> str:
    """Write a word by its sounds, vowels and all: "zelenskyy" as "selenski"."""
    word = FIRST_Y.sub("i", word)
    for spelling, sound in SOUNDS:
        word = word.replace(spelling, sound)
    return DOUBLED.sub(r"\1", SILENT_H.sub("", word))


def bones(heard: str) -> str:
    """Leave of a word as heard what transliterations agree on: "mohamed" as "mmd"."""
    start = FIRST_VOWEL.sub("a", heard.replace("g", "k"))
    return DOUBLED.sub(r"\1", VOWELS.sub("", start))


def by_tone(heard: str) -> str:
    """Write a word as heard with light and dark vowels only: "usama" as "osama"."""
    return heard.replace("u", "o").replace("i", "e")
