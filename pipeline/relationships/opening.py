"""What stands before a sentence's own subject, and misleads the parser: a dateline ("NAIROBI,
Kenya - Fighters attacked"), a date without a comma ("On 4 June 2019 Ann Lee met Bob Ray").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type

_WORDS = r"[A-Z][\w.'’]*(?:[ -][A-Z][\w.'’]*){0,3}"
DATELINE = re.compile(
    rf"\s*{_WORDS}(?:,\s+{_WORDS}){{0,3}}(?:,?\s+\d{{1,2}}(?:,?\s+\d{{4}})?)?\s*"
    r"(?:\([^)\n]{2,30}\)\s*)?"
    r"(?:--|[–—]|(?<=[\s)])-)\s+(?=[A-Z\"“])"
)
PLACES = frozenset({Type.GPE, Type.LOC})
ALLOWED = PLACES | {Type.DATE, Type.ORG}
"""A dateline has a place, and maybe a date and an agency."""

SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
FAR = 3
"""Tokens; an auxiliary and an adverb may stand between a subject and its verb."""

Tree = tuple[tuple[int, ...], tuple[str, ...]]


def dateline_end(text: str, start: int, inside: Sequence[Mention]) -> int:
    """Find where the dateline of a sentence that begins at `start` ends; `start` without one."""
    found = DATELINE.match(text)
    if found is None:
        return start
    end = start + found.end()
    named = [mention for mention in inside if mention.start < end]
    if not named or named[0].type not in PLACES:
        return start
    return end if all(m.type in ALLOWED and m.end <= end for m in named) else start


def without_dateline(heads: Sequence[int], deps: Sequence[str], count: int) -> Tree:
    """Give the place in the tree that the first `count` tokens took to what hangs from them:
    the first such token takes it, the others hang from that one. Without one, the place is
    no subject, nor anything else.
    """
    new_heads, new_deps = list(heads), list(deps)
    tops = [t for t in range(count) if heads[t] >= count or heads[t] == t]
    below = [t for t in range(count, len(heads)) if heads[t] < count]
    if not tops or not below:
        return tuple(heads), ("dep",) * count + tuple(deps[count:])
    first, top = next((t for t in below if deps[t] != "punct"), below[0]), tops[0]
    new_heads[first] = first if heads[top] == top else heads[top]
    new_deps[first] = deps[top]
    for token in below:
        if token != first:
            new_heads[token] = first
    for token in tops:
        new_heads[token], new_deps[token] = first, "dep"
    return tuple(new_heads), tuple(new_deps)


def subject_after_date(
    heads: Sequence[int],
    deps: Sequence[str],
    mention_of: Sequence[int | None],
    mentions: Sequence[Mention],
) -> Tree:
    """Give a verb the subject that the parser took for the object of the preposition before a
    date: in "On 4 June 2019 Ann Lee met Bob Ray" she is no part of the date.
    """
    new_heads, new_deps = list(heads), list(deps)
    for token, dep in enumerate(deps):
        name, preposition = mention_of[token], heads[token]
        if dep != "pobj" or name is None or deps[preposition] != "prep":
            continue
        first = next(t for t in range(token + 1) if mention_of[t] == name)
        if preposition + 1 >= first:
            continue
        date, verb = mention_of[first - 1], heads[preposition]
        if date is None or mentions[date].type != Type.DATE or mention_of[preposition + 1] != date:
            continue
        has_subject = any(heads[t] == verb and deps[t] in SUBJECTS for t in range(len(deps)))
        if token < verb <= token + FAR and not has_subject:
            undergone = any(heads[t] == verb and deps[t] == "auxpass" for t in range(len(deps)))
            new_heads[token], new_deps[token] = verb, "nsubjpass" if undergone else "nsubj"
            for t in range(preposition + 1, first):
                if mention_of[heads[t]] != date:
                    new_heads[t], new_deps[t] = preposition, "pobj"
    return tuple(new_heads), tuple(new_deps)
