"""Errors of hands and of OCR, and other spellings: one change in a name."""

from __future__ import annotations

import re
from random import Random

# One sound in two spellings; which stands in a name is written as the other.
SPELLINGS = (
    ("mohammed", "muhammad"), ("ahmed", "ahmad"), ("yusuf", "yousef"), ("sch", "sh"), ("kh", "h"),
    ("ov", "off"), ("ei", "ey"), ("ou", "u"), ("oo", "u"), ("ph", "f"), ("zh", "j"), ("ck", "k"),
    ("ski", "sky"), ("ee", "i"), ("ai", "ay"), ("ay", "ai"), ("ly", "li"), ("ny", "ni"),
    ("ry", "ri"), ("ca", "ka"), ("co", "ko"), ("cr", "kr"), ("cl", "kl"), ("ss", "s"), ("s", "ss"),
    ("ll", "l"), ("tt", "t"),
)  # fmt: skip
MISREAD = (
    ("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("l", "1"), ("i", "l"), ("l", "i"),
    ("o", "0"), ("e", "c"), ("h", "b"), ("n", "ri"), ("t", "l"),
)  # fmt: skip
LETTERS = "etaoinsrhldcumfpgwybvkxjqz"
# Words that are written apart or as one.
JOINED = re.compile(r"\b(van|de la|de|mc|le|al)[ -]?(?=[a-z]{4})")
FIRST_LETTER_SHARE = 0.05


def slip(kind: str, name: str, random: Random) -> str | None:
    """Make one change of a kind in a name; None if none applies."""
    if kind == "typing":
        return _typed(name, random)
    return _replaced(name, SPELLINGS if kind == "spelling" else MISREAD, random)


def other_blanks(name: str, apart: bool = False) -> str | None:
    """Write a name with its hyphen as a blank, without it, or with a small word joined; else with a
    long word written apart, where that is asked for.
    """
    if "-" in name:
        return name.replace("-", " " if len(name) % 2 else "", 1)
    if match := JOINED.search(name):
        joined = match[0].replace(" ", "")
        return (
            name[: match.start()]
            + (joined if " " in match[0] else f"{joined} ")
            + name[match.end() :]
        )
    if not apart:
        return None
    words = name.split()
    at = next((at for at, word in enumerate(words) if len(word) > 8), None)
    if at is None or " and " in name:
        return None
    middle = len(words[at]) // 2
    return " ".join([*words[:at], words[at][:middle], words[at][middle:], *words[at + 1 :]])


def _typed(name: str, random: Random) -> str | None:
    """Leave a letter out, double it, take another, or swap two: hardly ever the first of a word."""
    places = [at for at, letter in enumerate(name) if letter.isalpha()]
    later = [at for at in places if at and name[at - 1].isalpha()]
    at = random.choice(places if random.random() < FIRST_LETTER_SHARE else later or places)
    match random.randrange(4):
        case 0:
            return name[:at] + name[at + 1 :]
        case 1:
            return name[:at] + name[at] + name[at:]
        case 2:
            return name[:at] + random.choice(LETTERS) + name[at + 1 :]
    if not name[at + 1 : at + 2].isalpha():
        return None
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _replaced(name: str, rules: tuple[tuple[str, str], ...], random: Random) -> str | None:
    """Follow one of the rules that fit at one of the places, but not at the name's head."""
    fit = [rule for rule in rules if name.find(rule[0], 1) > 0]
    if not fit:
        return None
    old, new = random.choice(fit)
    places = [match.start() for match in re.finditer(re.escape(old), name) if match.start()]
    at = random.choice(places)
    return name[:at] + new + name[at + len(old) :]
