"""Comparing two names: symmetric, deterministic, pure, and total on any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from pipeline.documents import MentionType
from pipeline.engines.given_names import full_names
from pipeline.engines.international import body_named
from pipeline.engines.name_books import NameBooks
from pipeline.engines.peoples import PEOPLES
from pipeline.name_marks import OF_A_PERSON, parted, unmarked
from pipeline.registry.acronyms import acronym, initials
from pipeline.registry.dockets import compare_dockets, docket_profile
from pipeline.registry.organisations import compare_organisations, organisation_profile
from pipeline.registry.people import compare_people, generation_told, person_profile
from pipeline.registry.places import compare_places, in_other_words, place_profile
from pipeline.registry.profiles import LONGEST_NAME, MOST_WORDS, MOST_WORDS_OF_A_PERSON, Profile
from pipeline.registry.verdicts import (
    A_COMPANY,
    EXPLANATIONS,
    FATHER_AND_SON,
    Comparison,
    Verdict,
    apart,
    unsure,
)
from pipeline.registry.words import word

__all__ = ["EXPLANATIONS", "Comparing", "Comparison", "Profile", "Verdict"]

PERSON, ORG = MentionType.PERSON, MentionType.ORG
PLACES = frozenset({MentionType.GPE, MentionType.LOC, MentionType.FAC})
OTHERS = frozenset({MentionType.NORP, MentionType.EVENT, MentionType.LAW})
# Types that one thing is often given in turn.
MIXED_UP = PLACES | {ORG, MentionType.NORP}
EQUAL = Comparison(Verdict.SAME, 1.0, ("equal",))
SPACING = Comparison(Verdict.SAME, 0.98, ("spacing",))
OTHER_TYPE = Comparison(Verdict.SAME, 0.92, ("other type",))
REGIONS_OF_PEOPLES = frozenset(country.replace(" ", "-") for country in PEOPLES.values())


class Comparing:
    """Compares names by what the books know."""

    def __init__(self, books: NameBooks) -> None:
        self._books = books
        self._is_region = lru_cache(maxsize=1 << 14)(self._is_territory)
        self._making: Mapping[MentionType, Callable[[str], Profile]] = {
            PERSON: person_profile,
            ORG: partial(organisation_profile, territory=books.territory),
            **{type_: partial(place_profile, type_, territory=books.territory) for type_ in PLACES},
            **{type_: partial(_other_profile, type_) for type_ in OTHERS},
            MentionType.DOCKET: docket_profile,
        }
        self._comparing: Mapping[MentionType, Callable[[Profile, Profile], Comparison | None]] = {
            PERSON: compare_people,
            ORG: partial(compare_organisations, is_region=self._is_region),
            **dict.fromkeys(PLACES, compare_places),
            **dict.fromkeys(OTHERS, _compare_others),
            MentionType.DOCKET: compare_dockets,
        }

    def profile(self, type_: MentionType | str, normal: str) -> Profile:
        """Take a name's normal form apart."""
        type_ = MentionType(type_)
        making = self._making.get(type_)
        most = MOST_WORDS_OF_A_PERSON if type_ is PERSON else MOST_WORDS
        if making is None or len(normal) > LONGEST_NAME or _words(normal) > most:
            return Profile(type_, normal, normal)
        return making(normal)

    def compare(self, one: Profile, other: Profile) -> Comparison | None:
        """Compare two names; None if they have nothing to do with each other."""
        same = one.type is other.type
        if other.normal < one.normal if same else other.type < one.type:
            # Whatever the rules are: entities must not depend on who asks.
            found = self._compare(other, one)
            return found and found.turned()
        return self._compare(one, other)

    def _compare(self, one: Profile, other: Profile) -> Comparison | None:
        if one.type is not other.type:
            return self._across(one, other)
        if one.normal == other.normal:
            return EQUAL
        # Values have no tokens: they are equal or not.
        if not one.tokens or not other.tokens:
            return None
        return self._comparing[one.type](one, other)

    def _across(self, one: Profile, other: Profile) -> Comparison | None:
        """Compare names of two types: one thing is often typed in both ways.

        Only an equal name counts, a place in other words, and an international organisation by
        name and letters. A person's single name never makes
        a place or a people, and a word that is a name of people makes an organisation only if a
        person says so: Austin, Charlotte and Ford are too many things.
        """
        if not one.tokens or not other.tokens:
            return None
        types = {one.type, other.type}
        if one.plain != other.plain and unmarked(one.normal) != unmarked(other.normal):
            return in_other_words(one, other) if types <= PLACES else _as_one_body(one, other)
        if types <= PLACES:
            return compare_places(one, other)
        single = 1 in {len(one.tokens), len(other.tokens)}
        if types <= MIXED_UP:
            doubtful = single and bool(full_names(one.plain))
        elif types == {PERSON, ORG}:
            if told := _told_apart(*((one, other) if one.type is PERSON else (other, one))):
                return told
            doubtful = single and bool(word(one.plain).names)
        elif PERSON in types and types & PLACES and not single:
            doubtful = True
        else:
            return None
        return unsure("other type, a personal name") if doubtful else OTHER_TYPE

    def _is_territory(self, token: str) -> bool:
        """Say whether an organisation's word is a country or a part of one."""
        if token in REGIONS_OF_PEOPLES:
            return True
        return len(token) > 3 and self._books.territory(token.replace("-", " ")) is not None


def _told_apart(person: Profile, body: Profile) -> Comparison | None:
    """Say of a person and an organisation of one name what a text shows: another person, whom
    somebody took for an organisation, or a company.
    """
    if generation_told(person, body):
        return apart(FATHER_AND_SON)
    return unsure(A_COMPANY) if body.tail and parted(person.normal)[1] == OF_A_PERSON else None


def _as_one_body(one: Profile, other: Profile) -> Comparison | None:
    """Compare an international organisation to what was taken for a place, by name and letters."""
    body = body_named(one.normal) if {one.type, other.type} <= PLACES | {ORG} else None
    return OTHER_TYPE if body is not None and body == body_named(other.normal) else None


def _words(normal: str) -> int:
    """Count the words that a name may come apart into, at most."""
    return 1 + normal.count(" ") + normal.count("-") + normal.count("&")


def _other_profile(type_: MentionType, normal: str) -> Profile:
    """Take the name of a people, an event or a law apart."""
    words = normal.replace("-", " ").split()
    return Profile(type_, normal, "".join(words), tuple(words), aside=initials(words))


def _compare_others(one: Profile, other: Profile) -> Comparison | None:
    """Compare names that are equal up to blanks and hyphens, letters and what they stand for."""
    return SPACING if one.plain == other.plain else acronym(one, other)
