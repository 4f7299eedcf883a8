"""Places whose text says right behind them where they lie: "Portland, Oregon" as two mentions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pipeline.documents import Mention, MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.engines.place_names import country_of, is_country, is_place, may_be_country
from pipeline.resolution.region_signs import may_list, says_one_place
from pipeline.resolution.surroundings import Surroundings

Key = tuple[MentionType, str]
PLACES = frozenset({MentionType.GPE, MentionType.LOC})
UNITED_STATES = "united states"
# The one state that is less known by its name than another city is, and not in it.
WASHINGTON = "washington"
COMMA = re.compile(r"\s?,\s+")
IN_A_LIST = re.compile(r"\s?,\s+|(?:\s?,)?\s+(?:and|or|&)\s+")


def with_regions(
    own: Sequence[Key],
    mentions: Sequence[Mention],
    around: Surroundings,
    normal: Callable[[MentionType, str], str],
    books: NameBooks,
) -> list[Key]:
    """Give each mention's key, that of a city with the country or state behind it; and that of
    the state of Washington as a state's, which alone is rather the capital.

    Two names with a comma are often of a list ("Houston, Louisiana and Florida"). So there must be
    a city of that name there, and no list if it is a country's name too ("Lebanon, Pennsylvania");
    or, before an American state and in no list, none known elsewhere, or the words around must say
    that it is one place ("in Berlin, New Hampshire, where").
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
        if books.lies_in(name, where):
            sure = not is_country(name) or _alone(own, mentions, around, at)
        elif country_of(where) == UNITED_STATES and _alone(own, mentions, around, at):
            known = may_be_country(name) or books.is_city(name)
            sure = not known or _one_place(own, mentions, around, at, where)
        else:
            sure = False
        if sure:
            keys[at] = type_, full
            if where == WASHINGTON:
                keys[at + 1] = own[at + 1][0], normal(type_, f"{where} State")
    return keys


def _is_part(name: str, where: str) -> bool:
    """Say whether a name is also that of a part of the same country: by "New York, New York" both
    would be the city.
    """
    country = country_of(name)
    return country is not None and country in {where, country_of(where)}


def _alone(own: Sequence[Key], mentions: Sequence[Mention], around: Surroundings, at: int) -> bool:
    """Say whether a place and the region behind it are in no list, before them or behind them, but
    of towns that each have their state ("Moscow, Idaho, and Pullman, Washington").
    """
    return not any(
        IN_A_LIST.fullmatch(between)
        for between, is_town in _beside(own, mentions, around, at)
        if not is_town
    )


def _one_place(
    own: Sequence[Key], mentions: Sequence[Mention], around: Surroundings, at: int, state: str
) -> bool:
    """Say whether the text around a place and the state behind it says that they are one."""
    beside = list(_beside(own, mentions, around, at))
    if any(may_list(between) for between, is_town in beside if not is_town):
        return False
    if any(IN_A_LIST.fullmatch(between) for between, is_town in beside if is_town):
        return True
    city, region, *more = mentions[at : at + 3]
    if more and own[at + 2][1] == UNITED_STATES and COMMA.fullmatch(around.between(region, *more)):
        return True
    return says_one_place(around.before(city), region.text, state, around.behind(region))


def _beside(
    own: Sequence[Key], mentions: Sequence[Mention], around: Surroundings, at: int
) -> Iterator[tuple[str, bool]]:
    """Yield what lies between a place with its region and the places next to them, with whether
    there is a town with its American state.
    """

    def is_town(place: int) -> bool:
        if not 0 <= place < len(own) - 1:
            return False
        (type_, name), (_, where) = own[place : place + 2]
        return (
            type_ is MentionType.GPE
            and UNITED_STATES == country_of(where) != country_of(name)
            and not is_country(name)
            and COMMA.fullmatch(around.between(mentions[place], mentions[place + 1])) is not None
        )

    before, behind = at - 1, at + 2
    if before >= 0 and own[before][0] in PLACES:
        yield around.between(mentions[before], mentions[at]), is_town(before - 1)
    if behind < len(own) and own[behind][0] in PLACES and own[behind][1] != UNITED_STATES:
        yield around.between(mentions[at + 1], mentions[behind]), is_town(behind)
