"""What mentions of a document are called by before they have names: a type and a normal form."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pipeline.documents import MentionType

Key = tuple[MentionType, str]
PLACES = frozenset({MentionType.GPE, MentionType.LOC, MentionType.FAC})


def likely_type(
    counts: Mapping[MentionType, Mapping[str, int]], type_: MentionType, name: str
) -> MentionType:
    """Choose the type under which a place's name is known: the same, else the commonest."""
    if name in counts[type_]:
        return type_
    return max(sorted(PLACES), key=lambda one: counts[one].get(name, 0))


def one_type(keys: Sequence[Key]) -> list[Key]:
    """Call what is both a person and an organisation in one document what it mostly is."""
    confused = {MentionType.PERSON, MentionType.ORG}
    votes: dict[str, Counter[MentionType]] = defaultdict(Counter)
    for type_, normal in keys:
        if type_ in confused:
            votes[normal][type_] += 1
    return [
        (max(votes[normal], key=lambda kind: (votes[normal][kind], kind.value)), normal)
        if type_ in confused
        else (type_, normal)
        for type_, normal in keys
    ]


def follow(key: Key, links: Mapping[Key, tuple[Key, str]]) -> tuple[Key, str | None]:
    """Follow short forms to the full one; `via` is the first rule on the way."""
    via, been = None, {key}
    while key in links and links[key][0] not in been:
        key, rule = links[key]
        been.add(key)
        via = via or rule
    return key, via
