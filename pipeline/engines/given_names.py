"""Given names and the pet names that stand for them, from a shipped table."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

NONE: frozenset[str] = frozenset()


@cache
def _table() -> Mapping[str, frozenset[str]]:
    """Read the table: each name, full or pet, with the full names that it is or stands for."""
    fulls: dict[str, set[str]] = defaultdict(set)
    text = files("pipeline.engines").joinpath("given_names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for name in (row["name"], *row["pet names"].split()):
            fulls[name].add(row["name"])
    return {name: frozenset(of) for name, of in fulls.items()}


def full_names(name: str) -> frozenset[str]:
    """Give the given names that a word is or is a pet name of; none if it is no given name that
    the table knows.
    """
    return _table().get(name, NONE)
