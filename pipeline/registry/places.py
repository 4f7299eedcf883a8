"""Two names of places. Never fuzzy: one letter makes another place."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.documents import MentionType
from pipeline.engines.american_states import LETTERS, NAMES_OF_ABBREVIATIONS, STATES
from pipeline.engines.capitals import capital_of
from pipeline.engines.city_names import City, city_named
from pipeline.engines.letters import plain
from pipeline.engines.place_names import (
    CITIES_TOO,
    GEORGIA,
    REPUBLIC_OF_GEORGIA,
    country_of,
    is_country,
)
from pipeline.engines.territories import MAY_BE
from pipeline.registry.acronyms import acronym, initials
from pipeline.registry.profiles import Profile, latin
from pipeline.registry.verdicts import ANOTHER_NAME, Comparison, Verdict, apart, unsure

Territory = Callable[[str], str | None]
# As letters, and as newspapers shorten them; law reports write them in other ways.
POSTAL = {
    **LETTERS, "dc": "district of columbia", "gu": "guam", "pr": "puerto rico",
    "calif": "california", "ore": "oregon", "penn": "pennsylvania", "okla": "oklahoma",
}  # fmt: skip
SHORT_STATES = {
    **POSTAL,
    **{
        short.replace(".", "").lower(): name.lower()
        for short, name in NAMES_OF_ABBREVIATIONS.items()
    },
}
# What a region is itself a part of, so that "Boston, Massachusetts" is in the United States.
PARENTS = {
    **{name.lower(): "united states" for name in STATES},
    **dict.fromkeys(("england", "scotland", "wales", "northern ireland"), "united kingdom"),
}
WRITTEN_OUT = {"st": "saint", "mt": "mount", "ft": "fort", "ste": "sainte", "is": "island"}
SAYS_WHAT = ("city of ", "town of ", "village of ", "borough of ", "township of ", "commune of ")
OF_KIND = ("county", "parish", "province", "district", "bay", "gulf", "sea", "strait")
WATERS = frozenset({"lake", "river"})


def place_profile(type_: MentionType, normal: str, territory: Territory) -> Profile:
    """Take a place's normal form apart: its own name, and the regions that it lies in."""
    head, *regions = (part.strip() for part in latin(normal).replace("'", "").split(","))
    for what in SAYS_WHAT:
        head = head.removeprefix(what)
    if head in {"dc", "district of columbia", "washington dc", "washington d c"}:
        head, regions = "washington", ["dc"]
    tail = set()
    if head == REPUBLIC_OF_GEORGIA:
        head = GEORGIA
        tail.add("republic")
    for state in (head.removeprefix("state of "), head.removesuffix(" state")):
        if state != head and PARENTS.get(state) == "united states":
            head = state
            tail.add("state")
    for region in filter(None, regions):
        name = SHORT_STATES.get(region) or territory(region) or region
        tail |= {name, PARENTS.get(name) or country_of(plain(name)) or name}
    words = [WRITTEN_OUT.get(word, word) for word in head.replace("-", " ").split()]
    as_written = initials(words)
    if len(words) > 2 and words[1] == "of" and words[0] in OF_KIND:
        words = [*words[2:], words[0]]
    letters = "".join(words)
    return Profile(type_, normal, letters, tuple(words), tuple(sorted(tail)), as_written)


def compare_places(one: Profile, other: Profile) -> Comparison | None:
    """Compare two places' names."""
    if one.plain != other.plain:
        return (
            _may_be(one, other)
            or _may_be(other, one)
            or in_other_words(one, other)
            or _city(one, other)
            or _city(other, one)
            or acronym(one, other)
        )
    order = one.aside != other.aside and sorted(one.tokens) == sorted(other.tokens)
    same = Comparison(Verdict.SAME, 0.97, ("order" if order else "spacing",))
    return _by_regions(one, other) or same


def in_other_words(one: Profile, other: Profile) -> Comparison | None:
    """Compare two names of places, of whatever types, that are not equal."""
    return _another_name(one, other) or _turned(one, other)


def _turned(one: Profile, other: Profile) -> Comparison | None:
    """Compare "River Thames" to "Thames River". Not of towns: River Falls is no Falls River."""
    if MentionType.GPE in {one.type, other.type}:
        return None
    for ahead, behind in (one.tokens, other.tokens), (other.tokens, one.tokens):
        if ahead[0] in WATERS and (*ahead[1:], ahead[0]) == behind:
            return _by_regions(one, other, "order") or Comparison(Verdict.SAME, 0.95, ("order",))
    return None


def _another_name(one: Profile, other: Profile) -> Comparison | None:
    """Compare two names that a city goes by ("Kiev" and "Kyiv"); "Moscow, Idaho" is no Moskva."""
    city = city_named(one.plain)
    if city is None or city != city_named(other.plain):
        return None
    if _elsewhere(one, city) or _elsewhere(other, city):
        return apart("other region")
    found = _by_regions(one, other, ANOTHER_NAME)
    return found or Comparison(Verdict.SAME, 0.95, (ANOTHER_NAME,))


def _elsewhere(place: Profile, city: City) -> bool:
    """Say whether a place lies in another country than the city of that name."""
    regions = {plain(region) for region in place.tail}
    return city.country not in regions and any(map(is_country, regions))


def _by_regions(one: Profile, other: Profile, *rules: str) -> Comparison | None:
    """Compare two places of one name by where they say they lie; None if both say the same.
    `rules` are those by which the names are one.
    """
    mine, theirs = set(one.tail), set(other.tail)
    if mine == theirs:
        return None
    if _is_its_state(one, other) or _is_its_state(other, one):
        return apart("other region")
    if mine < theirs or theirs < mine:
        shorter = 1 if mine < theirs else 2
        bare, town = (one, other) if shorter == 1 else (other, one)
        found = Comparison(Verdict.SHORTER, 0.85, (*rules, "region left out"), shorter)
        return _as_another(bare, town) or found
    return apart("other region")


def _as_another(bare: Profile, town: Profile) -> Comparison | None:
    """Say of a bare name and one with a region what keeps them from being surely one."""
    if bare.normal == GEORGIA:
        return unsure("country or state")
    if _is_a_whole(bare, town):
        return apart("a country or state")
    if bare.normal in MAY_BE and set(MAY_BE[bare.normal]).isdisjoint(town.tail):
        return unsure("a country or state")
    return unsure("a capital") if _is_a_capital(bare, town) else None


def _may_be(one: Profile, other: Profile) -> Comparison | None:
    """Compare a name that may be a country's and is others' too ("Macedonia") to the country's."""
    return unsure("name of a country") if other.normal in MAY_BE.get(one.normal, ()) else None


def _is_its_state(state: Profile, town: Profile) -> bool:
    """Say whether one is said to be a state and the other to be the town of its name."""
    return "state" in state.tail and town.normal.startswith(SAYS_WHAT)


def _is_a_whole(bare: Profile, town: Profile) -> bool:
    """Say whether a bare name is a country's or state's, and the other a town's elsewhere: Lebanon
    is no short form of "Lebanon, Pennsylvania", but Washington may be one of "Washington, D.C.".
    """
    name = " ".join(bare.tokens)
    is_state = name in PARENTS and name not in CITIES_TOO
    if bare.tail or not (is_state or is_country(name)) or "state" in town.tail:
        return False
    regions = {plain(region) for region in town.tail}
    if name in regions:
        return False
    return any(
        is_country(region) or region in PARENTS
        for region in regions - {country_of(name), PARENTS.get(name)}
    )


def _is_a_capital(bare: Profile, town: Profile) -> bool:
    """Say whether a bare name is rather a capital's elsewhere than an American town's: Berlin need
    be no short form of "Berlin, New Hampshire".
    """
    if bare.tail or "united states" not in town.tail:
        return False
    country = capital_of(" ".join(bare.tokens))
    return country is not None and country not in town.tail


def _city(city: Profile, other: Profile) -> Comparison | None:
    """Compare "New York City" to "New York": only people know which is meant, unless it says that
    it lies in the state of its own name.
    """
    if city.plain != f"{other.plain}city":
        return None
    if " ".join(other.tokens) in other.tail:
        return Comparison(Verdict.SAME, 0.92, ("city of a state",))
    return None if city.tail or other.tail else unsure("city or state")
