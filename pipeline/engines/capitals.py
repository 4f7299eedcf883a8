"""Capitals, from a shipped table that `tests/making_capitals.py` makes of GeoNames (CC BY 4.0): who
only asks for these reads some thousand letters, and not thirty thousand cities.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.engines.letters import fold

TABLE = "capitals.csv"


def capital_of(city: str) -> str | None:
    """Give the usual name of the country whose capital has this name, in plain letters; None if a
    larger city elsewhere has it, as San Jose in California.
    """
    return _table().get(fold(city))


@cache
def _table() -> Mapping[str, str]:
    """Read the table: names of capitals, folded, with their countries'."""
    text = files("pipeline.engines").joinpath(TABLE).read_text(encoding="utf-8")
    return {row["capital"]: row["country"] for row in csv.DictReader(text.splitlines())}
