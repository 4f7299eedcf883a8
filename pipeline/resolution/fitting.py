"""The one long form that fits a short one: where two would, neither is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Pairs = Iterable[tuple[str, str]]
Links = dict[str, str]


def link(names: Mapping[str, int], rules: Iterable[Pairs]) -> Links:
    """Map short forms to long ones by rules, the surest first. Each rule gives pairs of (short,
    long) as it sees fit; only short forms among `names` count.

    The first rule that fits a short form decides: what fits two things by it stays alone. Long
    forms that a rule before has found to be one thing are one.
    """
    links: Links = {}
    decided: set[str] = set()
    for pairs in rules:
        fits: dict[str, set[str]] = defaultdict(set)
        for short, long in pairs:
            if short in names and short != long and short not in decided:
                fits[short].add(long)
        for short in sorted(fits):
            ends = {end_of(long, links) for long in fits[short]} - {short}
            if len(ends) == 1:
                links[short] = next(iter(ends))
        decided |= fits.keys()
    return {short: end_of(short, links) for short in links}


def end_of(name: str, links: Mapping[str, str]) -> str:
    """Follow links to their end; a circle is followed once."""
    been = {name}
    while name in links and links[name] not in been:
        name = links[name]
        been.add(name)
    return name
