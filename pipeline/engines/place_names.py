"""Countries and their parts by one name each. Territories from rigour; the letters of the American
states are of general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pipeline.engines.american_states import LETTERS, STATES
from pipeline.engines.letters import plain
from pipeline.engines.territories import ALSO, MAY_BE, territories, usual_name, usual_names

CAPITAL = "washington, dc"
# American states whose names, alone, are rather a city's.
CITIES_TOO = frozenset({"new york", "washington"})
# A country and an American state have this name alone.
GEORGIA = "georgia"
STATE_OF_GEORGIA, REPUBLIC_OF_GEORGIA = "state of georgia", "republic of georgia"
ITS_STATE = frozenset({"georgia state", "georgia, united states", "us state of georgia"})
# Cities by other names.
CITIES = {
    "dc": CAPITAL, "washington dc": CAPITAL, "district of columbia": CAPITAL,
    "nyc": "new york city",
}  # fmt: skip
# Names that rigour holds for strong and that are first of all something else's in English.
OF_OTHERS = frozenset(
    {"cayman", "estonian", "gabonais", "gabonese", "island", "israelite", "magyar", "mann",
     "qatari", "russian", "tobago", "trinidad", "tunis", "turkmen", "ukrainian", "yisraeli"}
)  # fmt: skip
POSTAL = {**LETTERS, "calif": "california", "ore": "oregon", "penn": "pennsylvania"}
OF_A_KIND = re.compile(r"^(?:state|commonwealth|province|territory) of (?=\w)")


def usual_place(words: str) -> str:
    """Write a place, given in plain letters, by its usual name: countries and American states
    by theirs, "Austin, TX" as "austin, texas", and an American state without its country.
    """
    folded = words.replace(".", "")
    if words.endswith(".") and (state := _dotted().get(words.replace(" ", ""))):
        return state
    first, *others = [part.strip() for part in folded.removeprefix("the ").split(",")]
    if not others:
        return STATE_OF_GEORGIA if first in ITS_STATE else _usual(first)
    parts = [first, *map(_around, others)]
    if len(parts) > 1 and parts[-1] == "united states" and _usual(parts[-2]) in _american():
        parts.pop()
    whole = ", ".join(part for part in parts if part)
    return STATE_OF_GEORGIA if whole in ITS_STATE else whole


def _around(words: str) -> str:
    """Give the usual name of what a place lies in."""
    if _usual(words) == CAPITAL:
        return "dc"
    return _states().get(words) or _usual(words)


def is_place(words: str) -> bool:
    """Say whether plain words are the usual name of a country or of a part of one."""
    return words in _usual_names()


def is_country(words: str) -> bool:
    """Say whether plain words are the usual name of a country."""
    return words in _countries()


def may_be_country(words: str) -> bool:
    """Say whether plain words are a country's name, or may be one's and are other places' too."""
    return words in _countries() or words in MAY_BE


def country_of(words: str) -> str | None:
    """Give the usual name of the country that a part of one lies in, both in plain words."""
    return _parents().get(words)


def _usual(words: str) -> str:
    """Give the usual name of one place; the words themselves if it has no other."""
    known = _territories().get(words)
    if known is None and (kind := OF_A_KIND.match(words)) and words[kind.end() :] in _american():
        state = words[kind.end() :]
        return f"{state} state" if state in CITIES_TOO else state
    return known or words


@cache
def _territories() -> Mapping[str, str]:
    """Map names of territories to their usual name, those of countries before others."""
    known = usual_names(_folded)
    for name in OF_OTHERS:
        known.pop(name, None)
    known.update({**ALSO, **CITIES})
    known.pop(CAPITAL, None)
    # A usual name is nobody else's: what is written once is written the same again.
    known.update({usual: usual for usual in set(known.values())})
    return known


@cache
def _countries() -> frozenset[str]:
    return frozenset(_folded(usual_name(row)) for row in territories() if row.get("is_country"))


@cache
def _parents() -> Mapping[str, str]:
    """Map the usual names of parts of countries, but for a country's own, to the countries'."""
    names = {row["code"]: _folded(usual_name(row)) for row in territories()}
    parents = {names[row["code"]]: names.get(row.get("parent", ""), "") for row in territories()}
    countries = _countries()
    return {
        part: whole
        for part, whole in parents.items()
        if whole in countries and part not in countries
    } | dict.fromkeys(_american(), "united states")


@cache
def _usual_names() -> frozenset[str]:
    return frozenset(_territories().values())


@cache
def _states() -> Mapping[str, str]:
    """Map the letters of American states, without points, to the names."""
    short = {_folded(letters): _folded(name) for name, letters in STATES.items()}
    return {**POSTAL, **short}


@cache
def _dotted() -> Mapping[str, str]:
    """Map the letters that stand for an American state by themselves, with their points."""
    more = {"Calif.": "California", "Penn.": "Pennsylvania", "Ore.": "Oregon"}
    short = {letters: name for name, letters in STATES.items() if letters.endswith(".")} | more
    return {plain(letters).replace(" ", ""): _folded(name) for letters, name in short.items()}


@cache
def _american() -> frozenset[str]:
    """Hold the names of the American states that are no country's as well."""
    return frozenset(_folded(name) for name in STATES) - {GEORGIA}


def _folded(name: str) -> str:
    """Write a name as they are looked up."""
    return plain(name).replace(".", "").removeprefix("the ")
