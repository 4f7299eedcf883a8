"""Small documents for the small stages: as many different ones as are wanted, always the same."""

from __future__ import annotations

import random
from pathlib import Path

from measuring.texts import Corpus

SEED = 7
CONSONANTS, VOWELS = "bcdfghklmnprstvw", "aeiou"
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
DOCUMENTS_A_PERSON = 3
SENTENCES = 30
FILLER = "and nobody said anything about it for the rest of that long day"


def write_small(folder: Path, count: int, characters: int = 0) -> Corpus:
    """Write so many documents of two lines, and more up to about so many characters. Four people
    stand in each; new ones come up as fast at the end as at the beginning.
    """
    folder.mkdir(parents=True)
    texts = [_text(number, characters) for number in range(count)]
    paths = tuple(folder / f"{number:06}.txt" for number in range(count))
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    warm_up = folder.with_name("warm-up.txt")
    warm_up.write_text("Ann Lee met Bob Moss in the hall.", "utf-8")
    return Corpus(
        folder=folder,
        paths=paths,
        words=tuple(len(text.split()) for text in texts),
        characters=sum(map(len, texts)),
        source="made up: two lines with four people",
        warm_up=warm_up,
    )


def _text(number: int, characters: int) -> str:
    """Make one document, which depends on its number alone."""
    dice = random.Random(f"{SEED}:{number}")
    known = number // DOCUMENTS_A_PERSON + 1
    one, two, three, four = (_person(dice.randrange(known)) for _ in range(4))
    lines = [f"{one} met {two} on day {number}.", f"{three} met {four} on the day after."]
    # A line is a chunk.
    paragraph = " ".join([FILLER] * SENTENCES)
    more = (characters - sum(map(len, lines))) // len(paragraph)
    return "\n".join([*lines, *[paragraph] * more])


def _person(number: int) -> str:
    """Name a person: a name is nobody else's."""
    dice = random.Random(f"{SEED}: person {number}")
    return f"{_word(dice, 3)} {_word(dice, 4)}".title()


def _word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choices(SYLLABLES, k=syllables))
