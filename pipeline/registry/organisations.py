"""Two names of organisations."""

from __future__ import annotations

from pipeline.engines.short_forms import SMALL_WORDS
from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict


def compare_organisations(one: Profile, other: Profile) -> Comparison | None:
    """Compare two organisations' names."""
    if one.plain == other.plain:
        if one.tail == other.tail:
            return Comparison(Verdict.SAME, 0.98, ("spacing",))
        if one.tail and other.tail:
            return Comparison(Verdict.UNSURE, 0.7, ("other legal form",))
        return Comparison(Verdict.SAME, 0.95, ("legal form left out",))
    if len(one.tokens) == 1 and stands_for(one.plain, other.tokens):
        return _acronym(one.plain, 1)
    if len(other.tokens) == 1 and stands_for(other.plain, one.tokens):
        return _acronym(other.plain, 2)
    return None


def stands_for(letters: str, words: tuple[str, ...]) -> bool:
    """Say whether letters are the initials of words, the small ones counted or not."""
    if not 2 <= len(letters) <= 8 or len(words) < 2:
        return False
    return letters == "".join(word[0] for word in words if word not in SMALL_WORDS) or (
        letters == "".join(word[0] for word in words)
    )


def _acronym(letters: str, shorter: int) -> Comparison:
    """Say what letters that fit are worth."""
    if len(letters) < 3:
        return Comparison(Verdict.UNSURE, 0.6, ("short acronym",))
    return Comparison(Verdict.SHORTER, 0.85, ("acronym",), shorter)
