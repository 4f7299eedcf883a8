"""How a text is read: each sign as what it stands for, and the place it came from. Pure.

Two readings. `folded` takes away what differs without a difference (blanks, a word cut at a line's
end, the form of quotes and dashes, ligatures, signs that are not seen). `squeezed` leaves nothing
but letters and figures, capitals and accents off, what OCR takes for one another the same. Both
read sign by sign, so that a part of a text reads as it does in the whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]

MOST_MARKS = 8
"""Accents that are read with one letter: to put a thousand in order takes a million steps."""
LONGEST_SIGN = 4
"""Letters that one sign is read as: `ﷺ` is a sentence, and a text of it would grow 18 times."""
# Read as one another by OCR, and written so by people who have only a typewriter. One sign each.
SAME_SIGN: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
# The longer form stands for both, so that a letter reads alike whatever stands beside it.
MISREAD: Mapping[str, str] = {
    "0": "o", "1": "l", "i": "l", "ı": "l", "|": "l", "5": "s", "8": "b",
    "m": "rn", "w": "vv", "d": "cl",
}  # fmt: skip
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
KEPT_AS_THEY_ARE = frozenset({"No", "Lm", "So", "Sm", "Sk"})
"""Categories of signs that would read as others: 10² is no 102, and ™ no two letters."""
MEANT = frozenset("%‰&|")
"""Signs that are read beside letters, figures, currencies and those of arithmetic."""
CUT_WORD = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad][^\S\n]*\n\s*(?=[^\W\d_])")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)+")
# Scripts that set no blanks between words, or, as Korean, none before what hangs from a name.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


@dataclass(frozen=True)
class Read:
    """A text as it is read, and for each of its letters the span it came from."""

    letters: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Lead a span of letters back to the text; not an empty one."""
        return self.starts[start], self.ends[end - 1]

    def between_signs(self, place: int) -> bool:
        """Say whether no sign of the text was written as letters on both sides of a place."""
        return not 0 < place < len(self.letters) or self.starts[place] >= self.ends[place - 1]

    def borders(self) -> tuple[bool, ...]:
        """Say for each place between letters, and both ends, whether a word may begin or end there.

        A word ends where no letter or digit goes on; in scripts without blanks, at each letter. A
        figure goes on behind a comma or point.
        """
        letters = self.letters
        numbers = [match.span() for match in NUMBER.finditer(letters)]
        inside = {place for start, end in numbers for place in range(start + 1, end)}
        inner = (
            place not in inside
            and self.between_signs(place)
            and not _joined(letters[place - 1], letters[place])
            for place in range(1, len(letters))
        )
        return (True, *inner, True) if letters else (True,)


def folded(text: str) -> Read:
    """Read a text without what differs without a difference."""
    return _read(_folded(text))


def squeezed(text: str) -> Read:
    """Read the letters and figures of a folded text, as OCR may take them for one another."""
    return _read(
        (part, place, place + 1) for place, sign in enumerate(text) for part in _plain(sign)
    )


def _read(signs: Iterable[tuple[str, int, int]]) -> Read:
    columns = list(zip(*signs, strict=True))
    if not columns:
        return Read("", (), ())
    letters, starts, ends = columns
    return Read("".join(letters), starts, ends)


def _folded(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each letter with the span of the signs that it was read from."""
    place = 0
    while place < len(text):
        sign = text[place]
        cut = CUT_WORD.match(text, place)
        if cut:
            place = cut.end()
        elif sign in INVISIBLE:
            place += 1
        elif sign.isspace():
            end = place + 1
            while end < len(text) and (text[end].isspace() or text[end] in INVISIBLE):
                end += 1
            yield " ", place, end
            place = end
        else:
            end = place + 1
            while end < min(len(text), place + MOST_MARKS) and unicodedata.combining(text[end]):
                end += 1
            for part in _same_sign(text[place:end]):
                yield part, place, end
            place = end


def _same_sign(cluster: str) -> str:
    """Read a sign with its accents as the plainest one that means the same."""
    if cluster in SAME_SIGN:
        return SAME_SIGN[cluster]
    if unicodedata.category(cluster[0]) in KEPT_AS_THEY_ARE:
        return cluster
    parts = unicodedata.normalize("NFKC", cluster)
    if len(parts) > LONGEST_SIGN:
        return cluster
    return "".join(" " if part.isspace() else SAME_SIGN.get(part, part) for part in parts)


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    """Read a letter as OCR may take it; what is neither letter nor figure, as nothing."""
    category = unicodedata.category(sign)
    if sign not in MEANT and category[0] not in "LN" and category not in ("Sc", "Sm"):
        return ""
    plain = unicodedata.normalize("NFKD", sign.casefold()).casefold() if category != "No" else sign
    plain = plain if len(plain) <= LONGEST_SIGN else sign
    return "".join(MISREAD.get(part, part) for part in plain if not unicodedata.combining(part))


def _joined(before: str, after: str) -> bool:
    """Say whether two letters stand in one word."""
    if unicodedata.category(after)[0] == "M":
        return True
    unspaced = UNSPACED.match(before) or UNSPACED.match(after)
    return not unspaced and _of_a_word(before) and _of_a_word(after)


def _of_a_word(sign: str) -> bool:
    return sign.isalpha() or sign.isdecimal() or unicodedata.category(sign)[0] == "M"
