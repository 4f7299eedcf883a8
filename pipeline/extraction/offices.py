"""Offices and titles that a model takes into a name: they are none of it, and tell whose it is."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.evidence import by_own_words
from pipeline.extraction.words import BARE_HEADS, DESK

# Titles that no place or body has in front of its name; those of rulers only before a number.
RANKED = re.compile(
    r"(?:(?:(?:Rear|Vice|Fleet)\s+)?Admiral|Ambassador|Archbishop|Archduke|Brigadier|Captain|Capt\."
    r"|Colonel|Col\.|Commander|Congressman|Congresswoman|Judge|Lieutenant|Lt\.|Marshal|Mayor"
    r"|Midshipman|Professor|Prof\.|Rabbi|Rep\.|Sen\.|Senator|Sergeant|Sgt\.|Sheikh|Sultan"
    r"|(?:Duke|Emperor|King|Pope|Prince|Queen|Tsar)(?=\s\w+\s[IVX]+$))\s+"
)
TITLED_NAME = re.compile(r"[^\W\d_a-zß-öø-ÿ][\w’'.-]*(?:\s+[^\W\d_a-zß-öø-ÿ][\w’'.-]*){0,2}")
TAKEN_FOR_PEOPLE = frozenset({MentionType.ORG, MentionType.GPE, MentionType.LOC, MentionType.FAC})
OFFICE_AHEAD = re.compile(
    r"(?:(?:[A-Z][\w’'.-]*|-|and)\s){0,4}(?P<who>[A-Z][a-z-]+)\s(?P<join>of|for|at)\s(?:the\s)?"
    r"(?=[A-Z])"
)
# Who holds an office in what is named behind "of", "for" or "at".
HOLDERS = frozenset(
    """ambassador archbishop bishop chair chairman chairwoman chancellor co-founder commissioner
    councillor dean director duke earl emperor empress fellow founder governor head justice king
    lord manager mayor member minister officer player premier president prince princess professor
    queen rector representative secretary senator sheriff sultan treasurer viceroy""".split()
)
# What there are several of in what is named behind "of"; "Citizens for" begins a body's name.
SEVERAL = frozenset("citizens halls inhabitants list members representatives residents".split())


def office_length(words: str) -> int:
    """Measure the office before "of" or "for" that the model took into a name ("Bishop of
    Pittsburgh", "Chief Executive Officer of Acme"), in characters; 0 if there is none.
    """
    office = OFFICE_AHEAD.match(words)
    if office is None:
        return 0
    who = office["who"].lower()
    held = who in HOLDERS or (who in SEVERAL and office["join"] == "of")
    return office.end() if held else 0


def is_titled(words: str, books: NameBooks) -> bool:
    """Say whether what was read as a place or body is a person with a title ("Admiral Dufek")."""
    title = RANKED.match(words)
    if title is None or by_own_words(words, books) is not None:
        return False
    rest = words[title.end() :]
    of_bodies = any(word.lower() in BARE_HEADS | DESK for word in rest.split())
    known = any(look(name) for look in (books.territory, books.is_city) for name in (words, rest))
    return (
        TITLED_NAME.fullmatch(rest) is not None
        and by_own_words(rest, books) in (None, MentionType.PERSON)
        and not (of_bodies or known)
    )
