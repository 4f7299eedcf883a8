"""Places whose text says right behind them where they lie: "Portland, Oregon" as two mentions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from pipeline.documents import Mention, MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.engines.place_names import country_of, is_country, is_place
from pipeline.resolution.surroundings import Surroundings

Key = tuple[MentionType, str]
PLACES = frozenset({MentionType.GPE, MentionType.LOC})
UNITED_STATES = "united states"
COMMA = re.compile(r"\s?,\s+")
IN_A_LIST = re.compile(r"\s?,\s+|(?:\s?,)?\s+(?:and|or|&)\s+")


def with_regions(
    own: Sequence[Key],
    mentions: Sequence[Mention],
    around: Surroundings,
    normal: Callable[[MentionType, str], str],
    books: NameBooks,
) -> list[Key]:
    """Give each mention's key, that of a city with the country or state behind it.

    Two names with a comma are often of a list ("Houston, Louisiana and Florida"). So there must be
    a city of that name there; or, before an American state and in no list, none known elsewhere.
    """
    keys = list(own)
    for at, (city, region) in enumerate(pairwise(mentions)):
        type_, name = own[at]
        if type_ is not MentionType.GPE or own[at + 1][0] not in PLACES:
            continue
        if not COMMA.fullmatch(around.between(city, region)):
            continue
        full = normal(type_, f"{city.text}, {region.text}")
        head, _, where = full.partition(", ")
        if head != name or not is_place(where) or _is_part(name, where):
            continue
        if books.lies_in(name, where) or (
            country_of(where) == UNITED_STATES
            and not books.is_city(name)
            and _alone(own, mentions, around, at)
        ):
            keys[at] = type_, full
    return keys


def _is_part(name: str, where: str) -> bool:
    """Say whether a name is a country's, or also that of a part of the same country: by "New York,
    New York" both would be the city.
    """
    country = country_of(name)
    return is_country(name) or (country is not None and country in {where, country_of(where)})


def _alone(own: Sequence[Key], mentions: Sequence[Mention], around: Surroundings, at: int) -> bool:
    """Say whether a place and the region behind it are in no list, before them or behind them."""
    before, behind = at - 1, at + 2
    pairs = []
    if before >= 0 and own[before][0] in PLACES:
        pairs.append((before, at))
    if behind < len(own) and own[behind][0] in PLACES and own[behind][1] != UNITED_STATES:
        pairs.append((at + 1, behind))
    return not any(
        IN_A_LIST.fullmatch(around.between(mentions[one], mentions[other])) for one, other in pairs
    )
