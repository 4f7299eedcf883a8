"""Forms of address and the titles of rulers, right before a name or at its head."""

from __future__ import annotations

import re

# Who is addressed by one of these is not who is addressed by one of the others.
HE, SHE = "mr", "ms"
ADDRESS = re.compile(
    r"(?<!\w)(?P<both>(?:Mr|Mrs|Ms|Miss|Messrs)\.?\s+(?:and|&|or)\s+)?"
    r"(?P<address>(?P<he>Mr|Mister|Sir|Lord|Messrs)|Mrs|Ms|Miss|Mme|Madame?|Lady|Dame)\b\.?\s+"
    r"(?:(?:Justice|Judge|Speaker|President|Chairman|Secretary|Minister|Dr|Prof)\.?\s+)?",
    re.IGNORECASE,
)
ADDRESS_REACH = 40
# Whom one calls so by the given name alone.
RULER = (
    r"(?:(?:Crown\s+)?Princ(?:e|ess)|King|Queen|Pope|Emperor|Empress|Sultan|Tsar|Czar|Kaiser|Shah"
    r"|Emir|Duke|Duchess|Archduke|Archduchess|Saint|Brother|Sister|Mother)\s+"
)
RULER_AHEAD = re.compile(RULER)
RULER_BEFORE = re.compile(rf"(?<![\w.]){RULER}$")


def address_before(text: str, start: int, end: int) -> str | None:
    """Tell the form of address before a name at a span, or at its head: HE, SHE, else None.

    "Mr. and Mrs." is both, so neither.
    """
    begin = max(0, start - ADDRESS_REACH)
    for match in ADDRESS.finditer(text, begin, end):
        if match.end() == start or match.start("address") == start:
            return None if match["both"] else HE if match["he"] else SHE
    return None


def is_ruler(text: str, start: int, end: int) -> bool:
    """Say whether the name at a span has a title before it, or at its head, that goes with a given
    name: of princes, popes and saints.
    """
    before = text[max(0, start - ADDRESS_REACH) : start]
    return bool(RULER_AHEAD.match(text, start, end) or RULER_BEFORE.search(before))
