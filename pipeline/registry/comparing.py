"""Comparing two names: symmetric, deterministic, pure, and total on any text."""

from __future__ import annotations

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.registry.organisations import compare_organisations
from pipeline.registry.people import compare_people, person_parts
from pipeline.registry.places import compare_places
from pipeline.registry.profiles import LONGEST_NAME, MOST_TOKENS, Profile
from pipeline.registry.verdicts import EXPLANATIONS, Comparison, Verdict

__all__ = ["EXPLANATIONS", "Comparing", "Comparison", "Profile", "Verdict"]

PLACES = frozenset({MentionType.GPE, MentionType.LOC, MentionType.FAC})
NAMED = PLACES | {
    MentionType.PERSON, MentionType.ORG, MentionType.NORP, MentionType.EVENT, MentionType.LAW
}  # fmt: skip
EQUAL = Comparison(Verdict.SAME, 1.0, ("equal",))
OTHER_TYPE = Comparison(Verdict.SAME, 0.92, ("other type",))


class Comparing:
    """Compares names by what the books know."""

    def __init__(self, books: NameBooks) -> None:
        self._books = books

    def profile(self, type_: MentionType | str, normal: str) -> Profile:
        """Take a name's normal form apart."""
        type_ = MentionType(type_)
        plain = normal.replace(" ", "").replace("-", "")
        if type_ not in NAMED or len(normal) > LONGEST_NAME or normal.count(" ") >= MOST_TOKENS:
            return Profile(type_, normal, plain)
        if type_ is MentionType.PERSON:
            return Profile(type_, normal, plain, *person_parts(normal))
        if type_ is MentionType.ORG:
            return self._organisation(normal)
        if type_ in PLACES:
            return self._place(type_, normal)
        return Profile(type_, normal, plain, tuple(normal.split()))

    def _organisation(self, normal: str) -> Profile:
        """Take an organisation's name apart: its words, and its legal form."""
        core = self._books.without_legal_form(normal)
        tokens = tuple(core.replace("-", " ").split())
        kept = set(core.split())
        form = tuple(word for word in normal.split() if word not in kept)
        return Profile(MentionType.ORG, normal, "".join(tokens), tokens, form)

    def _place(self, type_: MentionType, normal: str) -> Profile:
        """Take a place's name apart: its own, and its regions'."""
        head, *regions = (part.strip() for part in normal.split(","))
        tail = tuple(self._books.territory(region) or region for region in regions if region)
        tokens = tuple(head.replace("-", " ").split())
        return Profile(type_, normal, "".join(tokens), tokens, tail)

    def compare(self, one: Profile, other: Profile) -> Comparison | None:
        """Compare two names; None if they have nothing to do with each other."""
        if one.type is other.type:
            if one.normal == other.normal:
                return EQUAL
            if not one.tokens or not other.tokens:
                return None
            if one.type is MentionType.PERSON:
                return compare_people(one, other)
            if one.type is MentionType.ORG:
                return compare_organisations(one, other)
            if one.type in PLACES:
                return compare_places(one, other)
            return None
        return _across(one, other)


def _across(one: Profile, other: Profile) -> Comparison | None:
    """Compare names of different types: one thing is often typed in two ways."""
    if not one.tokens or not other.tokens or one.plain != other.plain:
        return None
    if one.type in PLACES and other.type in PLACES:
        return compare_places(one, other)
    return OTHER_TYPE
