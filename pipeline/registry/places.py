"""Two names of places. Never fuzzy: one letter makes another place."""

from __future__ import annotations

from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict


def compare_places(one: Profile, other: Profile) -> Comparison | None:
    """Compare two places' names."""
    if one.plain != other.plain:
        return None
    if one.tail == other.tail:
        return Comparison(Verdict.SAME, 0.98, ("spacing",))
    if one.tail and other.tail:
        return Comparison(Verdict.APART, 0.0, ("other region",))
    return Comparison(Verdict.SHORTER, 0.85, ("region left out",), 2 if one.tail else 1)
