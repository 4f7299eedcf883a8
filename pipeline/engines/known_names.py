"""Which words are names that people have, and which spellings are of one name: from a shipped table
of 170,000 words.

It is rigour's (MIT; its names are those of Wikidata, CC0), which builds its own in each process
anew, in five seconds and 400 MB. `tests/making_known_names.py` makes it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

NONE: frozenset[str] = frozenset()


@cache
def _table() -> tuple[str, Sequence[str]]:
    """Read the table: what it was made from, and its lines, each a word and the names it can be."""
    text = files("pipeline.engines").joinpath("known_names.txt").read_text(encoding="ascii")
    made_from, *lines = text.splitlines()
    return made_from, lines


def made_from() -> str:
    """Say which version of rigour the table was made from."""
    return _table()[0]


def names_of(word: str) -> frozenset[str]:
    """Give the ids of the names that a word in small Latin letters can be. One name has one id in
    all languages, and a spelling has the ids of all names that it is a spelling of.
    """
    lines = _table()[1]
    at = bisect_left(lines, f"{word} ")
    if at == len(lines):
        return NONE
    found, *ids = lines[at].split(" ")
    return frozenset(ids) if found == word else NONE
