"""How given names of people fit each other."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from pipeline.engines.given_names import full_names, spelling_of
from pipeline.registry.words import Likeness, can_be_heard_alike, likeness, same_bones


class Fit(IntEnum):
    """How two given names stand to each other, the surest first."""

    EQUAL = 0
    SPELT = 1
    PET = 2
    FIRST_PET = 3  # the first is short for the second, and for other names too
    SECOND_PET = 4
    FIRST_INITIAL = 5  # the first is an initial that fits the second
    SECOND_INITIAL = 6
    SLIP = 7
    HEARD = 8
    NEAR = 9
    OTHER = 10


RULES = {
    Fit.EQUAL: "given", Fit.SPELT: "spelling", Fit.PET: "pet name",
    Fit.FIRST_PET: "pet name of several", Fit.SECOND_PET: "pet name of several",
    Fit.FIRST_INITIAL: "initial", Fit.SECOND_INITIAL: "initial", Fit.SLIP: "slip",
    Fit.HEARD: "heard alike", Fit.NEAR: "near",
}  # fmt: skip
TURNED = {
    Fit.FIRST_PET: Fit.SECOND_PET, Fit.SECOND_PET: Fit.FIRST_PET,
    Fit.FIRST_INITIAL: Fit.SECOND_INITIAL, Fit.SECOND_INITIAL: Fit.FIRST_INITIAL,
}  # fmt: skip
SAYS_LESS = {Fit.FIRST_PET: 1, Fit.FIRST_INITIAL: 1, Fit.SECOND_PET: 2, Fit.SECOND_INITIAL: 2}
FITS = {
    Likeness.EQUAL: Fit.EQUAL, Likeness.SPELT: Fit.SPELT, Likeness.SLIP: Fit.SLIP,
    Likeness.HEARD: Fit.HEARD, Likeness.NEAR: Fit.NEAR, Likeness.OTHER: Fit.OTHER,
}  # fmt: skip


def given_fit(one: str, other: str) -> Fit:
    """Say how two given names stand to each other."""
    if one == other:
        return Fit.EQUAL
    if len(one) == 1 or len(other) == 1:
        if one[0] != other[0]:
            return Fit.OTHER
        return Fit.FIRST_INITIAL if len(one) == 1 else Fit.SECOND_INITIAL
    mine, theirs = full_names(one), full_names(other)
    if not mine.isdisjoint(theirs):
        return _forms_fit(one, other, mine, theirs)
    fit = FITS[likeness(one, other)]
    return fit if fit < Fit.NEAR else _spelt_fit(one, other, fit)


def _spelt_fit(one: str, other: str, fit: Fit) -> Fit:
    """Say how two given names stand to each other that are not alike enough for slips."""
    rare = bool(full_names(one)) != bool(full_names(other)) and one[0] == other[0]
    if rare and can_be_heard_alike(one, other):
        # A spelling that few people have may be one of a common name: Micheal of Michael.
        return Fit.HEARD
    # Katherine and Kathryn: one name, and two people's as often.
    return Fit.NEAR if spelling_of(one) == spelling_of(other) else fit


def _forms_fit(one: str, other: str, mine: frozenset[str], theirs: frozenset[str]) -> Fit:
    """Say how two forms of one given name stand to each other."""
    full = one in mine or other in theirs
    if not full and one[:3] != other[:3] and not same_bones(one, other):
        return Fit.NEAR  # Bob and Rob: what two Roberts are called
    if mine == theirs:
        return Fit.PET
    # Chris is short for Christopher and for Christine, and who is called Jack may be no John.
    return Fit.FIRST_PET if mine > theirs else Fit.SECOND_PET if mine < theirs else Fit.NEAR


def middle_fits(mine: Sequence[str], theirs: Sequence[str]) -> list[Fit] | None:
    """Fit middle names; those of the one with fewer must all be among the other's, in order."""
    if len(mine) > len(theirs):
        turned = middle_fits(theirs, mine)
        return None if turned is None else [TURNED.get(fit, fit) for fit in turned]
    fits: list[Fit] = []
    at = 0
    for left, name in enumerate(mine):
        found = [
            # An initial stands for the name in its own place: W. is not H. W.
            given_fit(name, theirs[place])
            if place == left or (len(name) > 1 and len(theirs[place]) > 1)
            else Fit.OTHER
            for place in range(at, len(theirs) - (len(mine) - left) + 1)
        ]
        best = min(found)
        if best is Fit.OTHER:
            return None
        fits.append(best)
        at += found.index(best) + 1
    return fits
