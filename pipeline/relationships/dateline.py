"""A report's dateline is no part of its first sentence: "NAIROBI, Kenya - Fighters attacked"."""

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
