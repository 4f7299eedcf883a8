"""Letters and what they may be the initials of."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.registry.organisation_words import SMALL
from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict

STATE = "united-states"
LONGEST_ACRONYM = 8
# Letters with an ampersand that are words of the language.
NO_NAMES = frozenset(
    {"b&b", "d&o", "e&o", "g&a", "m&a", "o&m", "p&l", "q&a", "r&d", "r&r", "t&e", "w&i"}
)
DEPARTMENTS = frozenset({"department", "ministry"})


def initials(words: Sequence[str], form: Sequence[str] = ()) -> tuple[str, ...]:
    """Make the letters that may stand for words: without the small ones, with them, with an
    ampersand (AT&T), with the legal form (the C of BBC), and without the department (HHS).
    """
    if len(words) < 2:
        return ()
    main = "".join(word[0] for word in words if word not in SMALL)
    every = "".join(word[0] for word in words)
    found = [main, every, main + "".join(word[0] for word in form)]
    if "and" in words:
        both = [word for word in words if word == "and" or word not in SMALL]
        found.append("".join("&" if word == "and" else word[0] for word in both))
    at = next((at for at, word in enumerate(words[:3]) if word in DEPARTMENTS), None)
    if at is not None:
        found.append("".join(word[0] for word in words[at + 1 :] if word not in SMALL))
    return tuple(dict.fromkeys(found))


def acronym(one: Profile, other: Profile) -> Comparison | None:
    """Compare two names of which one may be the other's letters."""
    return _stands_for(one, other, 1) or _stands_for(other, one, 2)


def _stands_for(short: Profile, long: Profile, shorter: int) -> Comparison | None:
    """Compare letters to what they may be the initials of."""
    tokens = short.tokens
    if len(tokens) > 2 or not long.aside or (len(tokens) == 2 and tokens[0] != STATE):
        return None
    letters = tokens[-1]
    if not 2 <= len(letters) <= LONGEST_ACRONYM or not letters.replace("&", "").isalpha():
        return None
    if letters in NO_NAMES:
        return None
    # "U.S. SEC" stands for the commission with its state or without, and so does "SEC".
    ahead = ("", "us", "u") if long.tokens[0] == STATE else ("",)
    if not any(f"{state}{letters}" in long.aside for state in ahead):
        return None
    if len(letters) < 3:
        return Comparison(Verdict.UNSURE, 0.6, ("short acronym",))
    return Comparison(Verdict.SHORTER, 0.85, ("acronym",), shorter)
