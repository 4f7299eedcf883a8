"""Cities with the other names that they go by in English texts, from a shipped table: former names
("Bombay"), those of the country's own language ("München"), older spellings ("Peking").

The table is written by hand; GeoNames (CC BY 4.0) only bears it out, in a test. Its own lists of
other names say of no name which language it is of: three in four are of none that English texts
use, and what rules for names and common words leave of them has no Bombay and no Cologne.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pipeline.engines.letters import plain


class City(NamedTuple):
    """A city that goes by more than one name: the letters of its first one, and its country."""

    letters: str
    country: str


@cache
def _table() -> Mapping[str, City]:
    """Read the table: the letters of each name with its city."""
    known: dict[str, City] = {}
    text = files("pipeline.engines").joinpath("city_names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        city = City(_letters(row["city"]), plain(row["country"]))
        for name in (row["city"], *row["other names"].split(";")):
            known[_letters(name)] = city
    return known


def city_named(words: str) -> City | None:
    """Give the city that a place's name, without its regions, is one of several names of."""
    return _table().get(_letters(words))


def _letters(name: str) -> str:
    """Write a name without case, accents, blanks and signs."""
    return "".join(letter for letter in plain(name) if letter.isalnum())
