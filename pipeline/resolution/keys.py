"""Blocking keys: only names that share one are ever compared.

`t:` an uncommon token, `p:` how it sounds, `i:` the initials of a person, `a:` the acronym of an
organisation or place. What is common comes from the table below, never from a corpus.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import SHORT_FORMS
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import SMALL_WORDS

COMMON = frozenset(
    {
        *SMALL_WORDS, *SHORT_FORMS,
        "academy", "administration", "affairs", "agency", "american", "army", "association",
        "authority", "bank", "board", "bureau", "center", "central", "centre", "circuit", "city",
        "college", "command", "commission", "committee", "council", "county", "court",
        "department", "district", "division", "federal", "fire", "force", "forces", "foreign",
        "foundation", "general", "government", "group", "health", "high", "holdings", "hospital",
        "house", "institute", "international", "joint", "law", "ministry", "national", "new",
        "north", "office", "organization", "party", "police", "public", "republic", "research",
        "school", "security", "service", "services", "society", "south", "state", "states",
        "supreme", "system", "task", "union", "united", "university", "us", "west", "world",
    }
)  # fmt: skip
KEYED = frozenset(
    {MentionType.PERSON, MentionType.ORG, MentionType.GPE, MentionType.LOC, MentionType.FAC,
     MentionType.NORP, MentionType.EVENT, MentionType.LAW}
)  # fmt: skip


def blocking_keys(type_: MentionType, normal: str, books: NameBooks) -> tuple[str, ...]:
    """Make a name's keys, sorted. Types compared by value have the value as their only key."""
    if type_ not in KEYED:
        return (f"t:{normal}",)
    return tuple(sorted(set(_keys(type_, normal, books))))


def _keys(type_: MentionType, normal: str, books: NameBooks) -> Iterator[str]:
    """Yield keys."""
    tokens = normal.replace("-", " ").split()
    telling = [token for token in tokens if len(token) > 1 and token not in COMMON] or tokens
    for token in telling:
        yield f"t:{token}"
        if type_ is MentionType.PERSON and token.isalpha() and (sound := books.sound(token)):
            yield f"p:{sound}"
    letters = [token[0] for token in tokens if token not in SMALL_WORDS]
    if type_ is MentionType.PERSON and len(tokens) > 1:
        yield f"i:{tokens[0][0]}{tokens[-1][0]}"
    elif len(letters) > 1:
        yield f"a:{''.join(letters)}"
    elif len(tokens) == 1 and 2 <= len(normal) <= 8:
        yield f"a:{normal}"
