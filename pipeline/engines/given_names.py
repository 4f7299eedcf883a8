"""Given names with their pet names and their spellings, from a shipped table. What a name is spelt
too is heard as it and is of its own people: Steven and Stephen.

The table is written by hand for this program, of names that are common in English texts.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

NONE: frozenset[str] = frozenset()


@cache
def _rows() -> Sequence[Mapping[str, str]]:
    """Read the table."""
    text = files("pipeline.engines").joinpath("given_names.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), restval=""))


@cache
def _table() -> Mapping[str, frozenset[str]]:
    """Map each form of a name to the full names that it is or stands for."""
    fulls: dict[str, set[str]] = defaultdict(set)
    for row in _rows():
        for name in (row["name"], *row["other forms"].split()):
            fulls[name].add(row["name"])
    return {name: frozenset(of) for name, of in fulls.items()}


@cache
def _spellings() -> Mapping[str, str]:
    """Map each spelling of a name that is spelt in several ways to the first of them."""
    return {
        name: row["name"]
        for row in _rows()
        if row["spelt too"]
        for name in (row["name"], *row["spelt too"].split())
    }


def spelling_of(name: str) -> str:
    """Give the spelling by which a given name meets its others; itself if it has none."""
    return _spellings().get(name, name)


def full_names(name: str) -> frozenset[str]:
    """Give the given names that a word is or is a form of, such as a pet name; none if it is no
    given name that the table knows.
    """
    return _table().get(name, NONE)
