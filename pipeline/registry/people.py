"""Two names of people."""

from __future__ import annotations

from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict

GENERATION = frozenset({"jr", "sr", "ii", "iii", "iv"})


def person_parts(normal: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take a person's normal form apart: its names, and its generation."""
    tokens = tuple(normal.replace("-", " ").split())
    names = tuple(token for token in tokens if token not in GENERATION)
    tail = tuple(token for token in tokens if token in GENERATION)
    return (names, tail) if names else (tokens, ())


def compare_people(one: Profile, other: Profile) -> Comparison | None:
    """Compare two people's names."""
    if len(one.tokens) < 2 or len(other.tokens) < 2:
        return None
    if one.plain == other.plain and one.tail == other.tail:
        return Comparison(Verdict.SAME, 0.98, ("spacing",))
    if one.tokens[-1] != other.tokens[-1]:
        if sorted(one.tokens) == sorted(other.tokens) and one.tail == other.tail:
            return Comparison(Verdict.SAME, 0.92, ("order",))
        return None
    if one.tail and other.tail and one.tail != other.tail:
        return Comparison(Verdict.APART, 0.0, ("other generation",))
    return _by_given(one, other)


def _by_given(one: Profile, other: Profile) -> Comparison | None:
    """Compare the given names of people with one surname."""
    rules, less = ["surname"], set()
    for at, (mine, theirs) in enumerate(zip(one.tokens[:-1], other.tokens[:-1], strict=False)):
        if mine == theirs:
            rules.append("given")
        elif mine[0] == theirs[0] and 1 in (len(mine), len(theirs)):
            less.add(1 if len(mine) < len(theirs) else 2)
            rules.append("initial")
        else:
            return Comparison(Verdict.APART, 0.0, ("other middle" if at else "other given",))
    if len(one.tokens) != len(other.tokens):
        less.add(1 if len(one.tokens) < len(other.tokens) else 2)
        rules.append("middle left out")
    if one.tail != other.tail:
        less.add(2 if one.tail else 1)
        rules.append("generation left out")
    said = tuple(dict.fromkeys(rules))
    if len(less) > 1:
        return Comparison(Verdict.UNSURE, 0.7, said)
    if less:
        return Comparison(Verdict.SHORTER, 0.85, said, less.pop())
    return Comparison(Verdict.SAME, 1.0, said)
