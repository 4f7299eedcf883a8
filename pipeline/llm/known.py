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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest

from pydantic import Field

from pipeline.documents import Value
from pipeline.llm.context import KIND, NamedThing

LONGEST_NAME = 12
"""Words of a name that is looked for."""

LONGEST_WORD = 64
"""Letters of a word that are looked at: longer ones are the noise of an OCR."""

FORMS = 64
"""Names, the most mentioned ones, that are looked for of all that begin alike."""

_WORD = re.compile(r"[^\W_]+")


class Form(Value):
    """A form in which an entity stands in texts, as folded words, with the name and type that it is
    known by, and how often the entity is mentioned.
    """

    words: str
    name: str
    type: str = Field(pattern=KIND)
    mentions: int


class Begun(Value):
    """The names that begin alike, the most mentioned first."""

    forms: tuple[Form, ...] = ()


Words = Sequence[str]


def words_of(text: str) -> list[str]:
    """Give the words of a text."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text))
    return [word[:LONGEST_WORD] for word in found]


def folded(words: Iterable[str]) -> str:
    """Write words as they are compared."""
    return " ".join(word.casefold() for word in words)


def beginning(words: Words) -> str | None:
    """Say how a name begins; None for one that is not looked for."""
    if not 0 < len(words) <= LONGEST_NAME or not _may_begin(words, 0):
        return None
    if len(words) == 1 and not _stands_out(words[0]):
        return None
    return folded(words[:2])


def beginnings(words: Words) -> list[str]:
    """Give the beginnings of all names that may stand in a text, each once, in order."""
    found = (begins for at in range(len(words)) for begins in _beginnings_at(words, at))
    return list(dict.fromkeys(found))


def found_in(words: Words, begun: Mapping[str, Begun]) -> list[NamedThing]:
    """Give what is named in a text, the most mentioned first: from left to right the longest name
    that begins at each word, and whatever goes by that name.
    """
    small = [word.casefold() for word in words]
    mentions: dict[NamedThing, int] = {}
    at = 0
    while at < len(words):
        forms = list(_standing_at(words, small, at, begun))
        for form in forms:
            thing = NamedThing(name=form.name, type=form.type)
            mentions[thing] = max(form.mentions, mentions.get(thing, 0))
        at += forms[0].words.count(" ") + 1 if forms else 1
    return sorted(mentions, key=lambda thing: (-mentions[thing], thing.name, thing.type))


def in_order(forms: Iterable[Form]) -> Begun:
    """Put names that begin alike in one order, and bound them."""
    first = nsmallest(FORMS, forms, key=lambda x: (-x.mentions, x.words, x.name, x.type))
    return Begun(forms=tuple(first))


def _standing_at(
    words: Words, small: Sequence[str], at: int, begun: Mapping[str, Begun]
) -> Iterator[Form]:
    """Yield the longest forms that stand at a word."""
    standing = [
        form
        for begins in _beginnings_at(words, at)
        if begins in begun
        for form in begun[begins].forms
        if _stands(form.words.split(" "), small, at)
    ]
    longest = max((form.words.count(" ") for form in standing), default=0)
    return (form for form in standing if form.words.count(" ") == longest)


def _stands(name: Sequence[str], small: Sequence[str], at: int) -> bool:
    return list(name) == list(small[at : at + len(name)])


def _beginnings_at(words: Words, at: int) -> Iterator[str]:
    """Yield the beginnings of names that may stand at a word."""
    if _stands_out(words[at]):
        yield folded(words[at : at + 1])
    if at + 1 < len(words) and _may_begin(words, at):
        yield folded(words[at : at + 2])


def _may_begin(words: Words, at: int) -> bool:
    return any(_stands_out(word) for word in words[at : at + 2])


def _stands_out(word: str) -> bool:
    return not word[0].islower()
