"""What the patterns between two mentions are made of: expressions of titles, tests of pairs."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.relationships.lexicon import (
    ADMINISTRATIVE,
    COUNSEL,
    LEADERS,
    SCHOLARS,
    SERVICE,
    SITE,
    STAFF,
    territories,
)

# The expressions ignore case but where they say (?-i:…).
RANK = r"(?:(?-i:[A-Z][\w.&-]*)|former|acting|deputy|vice|senior|chief|executive|then|associate)"
AREA = r"(?:\s+(?:of|for)\s+(?:the\s+)?(?-i:[A-Z][\w&]*)(?:\s+(?:and\s+)?(?-i:[A-Z]\w*)){0,3})?"
OF = r"(?:of|at|for|with)\s+(?:the\s+)?"
ABBREVIATED = r"(?:\s+\((?-i:[A-Z]+)\))?"


def titles(nouns: frozenset[str]) -> str:
    """Write the expression of a title built on one of the nouns."""
    return rf"(?:{RANK}[\s-]+){{0,4}}(?:{'|'.join(sorted(nouns))})(?:\s+general)?"


LEADING = LEADERS | {"chief executive", "chief executive officer"}
WORKERS = STAFF | SCHOLARS
RANKS = {"commander", "chief"}
"""Before a name these are ranks: "Army Chief Warrant Officer", "Navy Commander"."""
# Titles of those who lead, of those who work, and of either.
LEADER_TITLE, STAFF_TITLE, ANY_TITLE = titles(LEADING), titles(WORKERS), titles(LEADING | WORKERS)
COUNSEL_WORD = "|".join(sorted(COUNSEL))
ARTICLE = r"(?:the\s+|an?\s+)?"
BOTH = rf"(?:{ANY_TITLE}(?:\s+of\s+the\s+board)?\s+and\s+)?"
SOLDIER = (
    r"(?:(?:lt|lieutenant|maj|major|brig|brigadier|vice|rear|master|staff|first|chief)\.?\s+)?"
    r"(?:gen|general|col|colonel|capt|captain|cmdr|commander|adm|admiral|maj|major|sgt|sergeant|"
    r"lt|lieutenant|cpl|corporal|pfc|private)\.?"
)
NUMBER = r"(?:(?:civil\s+action\s+|case\s+|docket\s+)?nos?\.?\s+)?"


def words_of(expression: str) -> re.Pattern[str]:
    """Compile an expression that ignores case."""
    return re.compile(expression, re.IGNORECASE)


def place_in(inner: Mention, outer: Mention) -> bool:
    """Say whether the second is a country or state, and the first is none of that rank."""
    if any(letter.isdigit() for letter in inner.text):
        return False  # a road: "I-44, US 169"
    countries, parts = territories()
    a, b = (" ".join(mention.text.lower().split()) for mention in (inner, outer))
    if a in countries:
        return False
    if b in countries:
        return True
    return a not in parts and (b in parts or ADMINISTRATIVE.search(b) is not None)


def full_name(_: Mention, person: Mention) -> bool:
    """Say whether the second has a name of two words or more."""
    return len(person.text.split()) > 1


def is_service(body: Mention, _: Mention) -> bool:
    """Say whether the first is an armed service: "Navy Capt. Jeff Davis"."""
    return SERVICE.search(body.text) is not None


def is_site(_: Mention, site: Mention) -> bool:
    """Say whether the second is something that stands at a place."""
    return site.type == Type.FAC or SITE.search(site.text) is not None


def at_college(site: Mention, college: Mention) -> bool:
    """Say whether a school has a museum, a library or the like."""
    words = college.text.lower().split()
    return SITE.search(site.text) is not None and bool({"university", "college"} & set(words))


# "in Iraq President Obama said": a place where, not an office.
NO_PLACE_WHERE = words_of(r"(?s:.*)(?<!\bin\s)(?<!\bat\s)(?<!\bacross\s)")
