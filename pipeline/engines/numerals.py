"""Numbers in names, as figures, words and Roman numerals: "3rd", "third", "III"."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMERALS = (
    ("one", "first", "i"), ("two", "second", "ii"), ("three", "third", "iii"),
    ("four", "fourth", "iv"), ("five", "fifth", "v"), ("six", "sixth", "vi"),
    ("seven", "seventh", "vii"), ("eight", "eighth", "viii"), ("nine", "ninth", "ix"),
    ("ten", "tenth", "x"), ("eleven", "eleventh", "xi"), ("twelve", "twelfth", "xii"),
    ("thirteen", "thirteenth", "xiii"), ("fourteen", "fourteenth", "xiv"),
    ("fifteen", "fifteenth", "xv"), ("sixteen", "sixteenth", "xvi"),
    ("seventeen", "seventeenth", "xvii"), ("eighteen", "eighteenth", "xviii"),
    ("nineteen", "nineteenth", "xix"), ("twenty", "twentieth", "xx"),
)  # fmt: skip
TENS = (
    ("thirty", "thirtieth"), ("forty", "fortieth"), ("fifty", "fiftieth"), ("sixty", "sixtieth"),
    ("seventy", "seventieth"), ("eighty", "eightieth"), ("ninety", "ninetieth"),
)  # fmt: skip
CARDINALS = {
    **{words[0]: at for at, words in enumerate(NUMERALS, 1)},
    **{words[0]: 10 * at for at, words in enumerate(TENS, 3)},
}
# Numbers by their words; single letters are numbers only at the end of a name.
NUMBERS = {
    **{word: at for at, words in enumerate(NUMERALS, 1) for word in words if len(word) > 1},
    **{word: 10 * at for at, words in enumerate(TENS, 3) for word in words},
}
LAST_NUMBERS = {"i": 1, "v": 5, "x": 10}
# "Twenty" and "first" are one number.
OF_TENS = {"twenty": 20, **{words[0]: 10 * at for at, words in enumerate(TENS, 3)}}
UNITS = {word: at for at, words in enumerate(NUMERALS[:9], 1) for word in words[:2]}
FIGURE = re.compile(r"0*(\d+)(?:st|nd|rd|th|([a-z]?))")
# As law reports and armies write "2nd" and "3rd": never at the end, where "2D" is a number's part.
SHORT_ORDINAL = re.compile(r"0*(\d*(?<!1)[23])d")


def numbered(words: Sequence[str]) -> list[str]:
    """Write each number among words, which are in small letters, by its value and letter, behind a
    "#"; all else stays.
    """
    found: list[str] = []
    at, last = 0, len(words) - 1
    while at <= last:
        word = words[at]
        tens = OF_TENS.get(word) if at < last else None
        if tens and words[at + 1] in UNITS:
            found.append(f"#{tens + UNITS[words[at + 1]]}")
            at += 2
            continue
        found.append(_number(word, ends=at == last, begins=at == 0) or word)
        at += 1
    return found


def _number(word: str, *, ends: bool, begins: bool) -> str | None:
    """Read one word; None if it is no number."""
    if word[0].isdigit():
        if not ends and (ordinal := SHORT_ORDINAL.fullmatch(word)):
            return f"#{ordinal[1]}"
        figure = FIGURE.fullmatch(word)
        return None if figure is None else f"#{figure[1]}{figure[2] or ''}"
    value = NUMBERS.get(word) or (LAST_NUMBERS.get(word) if ends and not begins else None)
    return None if value is None else f"#{value}"
