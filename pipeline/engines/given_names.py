"""Given names with their pet names and their spellings, from a shipped table.

The table is written by hand for this program, of names that are common in English texts.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

NONE: frozenset[str] = frozenset()


@cache
def _table() -> Mapping[str, frozenset[str]]:
    """Read the table: each form of a name with the full names that it is or stands for."""
    fulls: dict[str, set[str]] = defaultdict(set)
    text = files("pipeline.engines").joinpath("given_names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for name in (row["name"], *row["other forms"].split()):
            fulls[name].add(row["name"])
    return {name: frozenset(of) for name, of in fulls.items()}


def full_names(name: str) -> frozenset[str]:
    """Give the given names that a word is or is a form of, such as a pet name; none if it is no
    given name that the table knows.
    """
    return _table().get(name, NONE)
