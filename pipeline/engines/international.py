"""International organisations that texts speak of as of places too ("in the EU", "NATO's borders"),
by name and letters. Left out are letters that stand for other things as often ("AU", "CIS", "WHO").
"""

from __future__ import annotations

from collections.abc import Mapping

LETTERS: Mapping[str, str] = {
    "asean": "association of southeast asian nations",
    "ecowas": "economic community of west african states",
    "eu": "european union",
    "gcc": "gulf cooperation council",
    "iaea": "international atomic energy agency",
    "nato": "north atlantic treaty organization",
    "oas": "organization of american states",
    "oecd": "organization for economic cooperation and development",
    "opec": "organization of the petroleum exporting countries",
    "osce": "organization for security and cooperation in europe",
    "un": "united nations",
    "unesco": "united nations educational scientific and cultural organization",
    "unicef": "united nations childrens fund",
}
NAMES = frozenset(LETTERS.values())
BRITISH = ("organisation", "organization")


def body_named(words: str) -> str | None:
    """Give the full name of the international organisation that plain words name, by name or
    letters; None if they name none.
    """
    bare = words.removeprefix("the ").replace(".", "").replace(",", "").replace("co-op", "coop")
    name = LETTERS.get(bare) or bare.replace(*BRITISH)
    return name if name in NAMES else None
