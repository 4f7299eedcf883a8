"""Plain letters: what a name is without case, accents and the ways of setting type."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

BLANKS = re.compile(r"\s+")
INNER_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
# A possessive that a tokeniser has cut off.
CUT_OFF = re.compile(r"(?<=\w)(\.?)\s+'s(?!\w)")
# Signs of one meaning as one, what shows nothing as nothing, letters with an accent built in.
SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`´", "'"), **dict.fromkeys("–—‐‑−", "-"),
        **dict.fromkeys("\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068"
                        "\u2069\u2060\ufeff", ""),
        "đ": "d", "ð": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
        "Đ": "d", "Ð": "d", "Ł": "l", "Ø": "o", "Ħ": "h", "Æ": "ae", "Œ": "oe", "Þ": "th",
    }
)  # fmt: skip


def plain(name: str) -> str:
    """Write a name in lower case without accents and apostrophes inside words, with single blanks:
    "Da'esh" is "Daesh", "Sha’ar" is "Shaar", "Łódź" is "Lodz".
    """
    letters = unicodedata.normalize("NFKD", name.translate(SIGNS).casefold()).translate(SIGNS)
    letters = "".join(letter for letter in letters if not _is_accent(letter))
    words = BLANKS.sub(" ", unicodedata.normalize("NFC", letters.casefold())).strip()
    return INNER_APOSTROPHE.sub("", CUT_OFF.sub(r"\1s", words))


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """Write a name in lower case, with single blanks and without points and articles."""
    words = BLANKS.sub(" ", name.replace(".", "")).casefold().strip()
    return words.removeprefix("the ")


def _is_accent(letter: str) -> bool:
    """Say whether a mark may be left out: those of Latin, Greek, Cyrillic, Hebrew and Arabic may,
    and in scripts further east the marks are the vowels.
    """
    return (letter < "\u0700" or "\u1ab0" <= letter < "\u2100") and (
        unicodedata.category(letter) == "Mn"
    )
