"""Two numbers of cases: every court counts its own, so they are one only by what says whose."""

from __future__ import annotations

from collections.abc import Set

from pipeline.documents import MentionType
from pipeline.engines.dockets import docket_of
from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict, apart, unsure

OFFICE, COURT, JUDGE = "office left out", "court left out", "judge left out"
OTHER_JUDGE, OTHER_COURT = "other judge", "other court"
TYPE, OTHER_TYPE = "type of case left out", "other type of case"
Two = tuple[str, str]
TwoSets = tuple[Set[str], Set[str]]


def docket_profile(normal: str) -> Profile:
    """Take a case's number apart: year and number, type, office and court, and letters of judges;
    one of another form is compared by equality only.
    """
    docket = docket_of(normal)
    if docket is None:
        return Profile(MentionType.DOCKET, normal, normal)
    tokens = docket.year[-2:], docket.number.lstrip("0")
    tail = docket.type, docket.office, docket.court
    return Profile(MentionType.DOCKET, normal, normal, tokens, tail, docket.judges)


def compare_dockets(one: Profile, other: Profile) -> Comparison | None:
    """Compare two numbers of cases.

    One judge or one court shows that they are one, and only people know it where both say whose
    they are and share neither: every court counts its own 1: and 2:, and a case may be given to
    another judge. The office shows it where one says nothing else.
    """
    if one.tokens != other.tokens:
        return None
    types, offices, courts = zip(one.tail, other.tail, strict=True)
    judges = set(one.aside), set(other.aside)
    if _differ(types):
        return apart(OTHER_TYPE)
    if types[0] != types[1]:
        return None if judges[0].isdisjoint(judges[1]) else unsure(TYPE)
    if _differ(offices) or _differ(courts):
        return apart(OTHER_COURT)
    return _by_what_is_said(offices, courts, judges)


def _by_what_is_said(offices: Two, courts: Two, judges: TwoSets) -> Comparison:
    """Compare two that say nothing against each other but of judges."""
    less = _left_out(offices, courts, judges)
    other_judge = not (judges[0] <= judges[1] or judges[1] <= judges[0])
    rules = (*((OTHER_JUDGE,) if other_judge else ()), *less) or ("spacing",)
    same_judge = not judges[0].isdisjoint(judges[1])
    if not (same_judge or all(courts)):
        both_say_whose = all(
            bool(letters or court) for letters, court in zip(judges, courts, strict=True)
        )
        if both_say_whose or not all(offices):
            return unsure(*rules)
    # The same letters are those of one court: then only the office says more.
    telling = {OFFICE} if same_judge else less.keys()
    sides = {less[rule] for rule in telling & less.keys()}
    if len(sides) == 1:
        return Comparison(Verdict.SHORTER, 0.85, rules, sides.pop())
    return Comparison(Verdict.SAME, 0.92, rules)


def _differ(said: Two) -> bool:
    """Say whether both say something, and not the same."""
    return bool(said[0] and said[1]) and said[0] != said[1]


def _left_out(offices: Two, courts: Two, judges: TwoSets) -> dict[str, int]:
    """Say what only one of two says, and which of them leaves it out. Of judges that may be one."""
    less = {
        rule: 1 if theirs else 2
        for rule, (mine, theirs) in ((OFFICE, offices), (COURT, courts))
        if bool(mine) != bool(theirs)
    }
    if judges[0] < judges[1] or judges[1] < judges[0]:
        less[JUDGE] = 1 if judges[0] < judges[1] else 2
    return less
