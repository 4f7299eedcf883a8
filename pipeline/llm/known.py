"""Which names of a project stand in a text: by its words, the longest name first; pure.

Names are found by how they begin: a name of one word by this word, any other by its first two. So
whoever keeps names under their beginnings is asked once, for all beginnings that a text may have.
Words are runs of letters and figures in whatever case; signs and the ends of lines between them do
not count. A name begins with a capital, a figure or a letter that has no case, or with a small word
before such a one ("de Gaulle"). In scripts that write no blanks, names are found that stand alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from pipeline.documents import Value
from pipeline.llm.context import NamedThing

LONGEST_NAME = 12
"""Words of a name that is looked for."""

LONGEST_WORD = 64
"""Letters of a word that are looked at: longer ones are the noise of an OCR."""

FORMS = 64
"""Names, the most mentioned ones, that are looked for of all that begin alike."""

_WORD = re.compile(r"[^\W_]+")


class Form(NamedTuple):
    """A form in which an entity stands in texts, as folded words, with the name and type that it is
    known by, and how often the entity is mentioned.
    """

    words: str
    name: str
    type: str
    mentions: int


class Begun(Value):
    """The names that begin alike, the most mentioned first."""

    forms: tuple[Form, ...] = ()


class Read(NamedTuple):
    """A text as it is looked through: its folded words, and at which of them names may begin, with
    their beginnings there.
    """

    words: Sequence[str]
    places: Sequence[tuple[int, Sequence[str]]]

    def beginnings(self) -> list[str]:
        """Give the beginnings of all names that may stand in the text, each once, in order."""
        return list(dict.fromkeys([begins for _, there in self.places for begins in there]))


def words_of(text: str) -> list[str]:
    """Give the words of a text."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text))
    return [word[:LONGEST_WORD] for word in found]


def folded(words: Iterable[str]) -> str:
    """Write words as they are compared."""
    return " ".join([word.casefold() for word in words])


def read(words: Sequence[str]) -> Read:
    """Look where names may begin."""
    small = [word.casefold() for word in words]
    out = [not word[0].islower() for word in words]
    places = []
    for at, stands_out in enumerate(out):
        there = [small[at]] if stands_out else []
        if at + 1 < len(small) and (stands_out or out[at + 1]):
            there.append(f"{small[at]} {small[at + 1]}")
        if there:
            places.append((at, there))
    return Read(small, places)


def beginning(words: Sequence[str]) -> str | None:
    """Say how a name begins; None for one that is not looked for."""
    if not 0 < len(words) <= LONGEST_NAME:
        return None
    begins = folded(words[:2])
    places = read(words[:2]).places
    return begins if places and begins in places[0][1] else None


def found_in(text: Read, begun: Mapping[str, Begun]) -> list[NamedThing]:
    """Give what is named in a text, the most mentioned first: from left to right the longest name
    that begins at each word, and whatever goes by that name.
    """
    mentions: dict[NamedThing, int] = {}
    free = 0
    for at, there in text.places:
        those = [begun[x] for x in there if x in begun]
        if at < free or not those:
            continue
        length, forms = _longest_at(text.words, at, those)
        free = at + length
        for form in forms:
            thing = NamedThing(name=form.name, type=form.type)
            mentions[thing] = max(form.mentions, mentions.get(thing, 0))
    return sorted(mentions, key=lambda thing: (-mentions[thing], thing.name, thing.type))


def in_order(forms: Iterable[Form]) -> Begun:
    """Put names that begin alike in one order, and bound them."""
    first = nsmallest(FORMS, forms, key=lambda x: (-x.mentions, x.words, x.name, x.type))
    return Begun(forms=tuple(first))


def _longest_at(
    words: Sequence[str], at: int, begun: Sequence[Begun]
) -> tuple[int, Sequence[Form]]:
    """Give the longest forms that stand at a word, and how many words they have."""
    length = 0
    longest: list[Form] = []
    for form in (form for those in begun for form in those.forms):
        count = form.words.count(" ") + 1
        if count >= length and " ".join(words[at : at + count]) == form.words:
            longest = [*longest, form] if count == length else [form]
            length = count
    return length, longest
