"""Makes decisions of what a person says about entities: which raw names each binds.

A decision outlives normal forms, so it binds words as the texts have them; but only such as lead to
the very name today, since one entity's words may be another's too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations, product
from typing import Any, NamedTuple

from pipeline.errors import UsageError
from pipeline.identity import node_id
from pipeline.name_marks import unmarked
from pipeline.registry.decisions import (
    Bind,
    Constraints,
    Decision,
    DecisionKind,
    Group,
    RawName,
    constraints,
    effective,
    pairs_of,
)

MOST_NAMES = 100
"""How many names of an entity a decision binds, the most mentioned: all pairs of them count."""

MOST_PAIRS = 10_000
"""How many pairs of names a decision keeps apart."""

MOST_WORDINGS = 3
"""In how many wordings it binds each."""


class Named(NamedTuple):
    """A name, or one sense of it, in its entity. `content` is set for a name that means something
    in one content only; `written` are full forms, the most frequent first; `reasons` say what
    joined it to others.
    """

    name: str
    sense: int
    type: str
    normal: str
    content: str | None
    mentions: int
    documents: int
    written: Sequence[str]
    reasons: Sequence[Mapping[str, Any]] | None

    @property
    def id(self) -> str:
        """Give the node's id."""
        return node_id(self.name, self.sense)

    @property
    def text(self) -> str:
        """Write the name as the texts do, else its normal form."""
        return self.written[0] if self.written else unmarked(self.normal)


def raw_names(named: Named, bind: Bind) -> list[RawName]:
    """Give the words by which a decision binds a name: its most frequent full forms, as far as they
    lead to it, and its normal form, which holds while another version makes others of the words.
    """
    raw = RawName(named.type, named.normal, named.content, named.sense)
    wordings = (raw._replace(words=words) for words in named.written)
    leading = [one for one in wordings if bind(one) == named.id]
    return [*leading[:MOST_WORDINGS], raw._replace(exact=True)]


def group_of(named: Iterable[Named], bind: Bind) -> Group:
    """Give the words by which a decision binds names."""
    return tuple(raw for one in named for raw in raw_names(one, bind))


def merged(entities: Sequence[Sequence[Named]], bind: Bind, who: str, why: str) -> Decision:
    """Decide that entities are one thing."""
    groups = tuple(group_of(one[:MOST_NAMES], bind) for one in entities)
    return Decision(0, DecisionKind.MERGE, groups, who=who, why=why)


def kept_apart(
    one: Sequence[Named], other: Sequence[Named], bind: Bind, who: str, why: str
) -> Decision:
    """Decide that two entities are never one."""
    groups = _two_sides(one, other, bind)
    return Decision(0, DecisionKind.NEVER, groups, who=who, why=why)


def split_by_name(
    names: Sequence[Named], leaving: Collection[str], bind: Bind, who: str, why: str
) -> Decision:
    """Decide that some names leave their entity, together; `leaving` are their nodes' ids."""
    gone = [one for one in names if one.id in leaving]
    left = [one for one in names if one.id not in leaving]
    groups = _two_sides(gone, left, bind)
    return Decision(0, DecisionKind.SPLIT, groups, who=who, why=why)


def _two_sides(one: Sequence[Named], other: Sequence[Named], bind: Bind) -> tuple[Group, Group]:
    """Give two groups whose pairs are not too many: of a small one against all of a large one."""
    first = one[: max(MOST_NAMES, MOST_PAIRS // max(len(other), 1))]
    second = other[: MOST_PAIRS // max(len(first), 1)]
    return group_of(first, bind), group_of(second, bind)


def split_by_document(
    names: Sequence[Named], documents: Sequence[str], bind: Bind, who: str, why: str
) -> Decision:
    """Decide that in some documents names mean something else. Which sense they had there does not
    count: the decision gives them a new one.
    """
    plain = dict.fromkeys(
        raw._replace(sense=0) for one in names[:MOST_NAMES] for raw in raw_names(one, bind)
    )
    return Decision(
        0, DecisionKind.SPLIT, (tuple(plain),), documents=tuple(documents), who=who, why=why
    )


def taken_back(decisions: Sequence[Decision], number: int | None, who: str, why: str) -> Decision:
    """Decide that a decision does not count: the last that does, if no number is said.

    Raises UsageError where there is none.
    """
    if number is None:
        counting = effective(decisions)
        if not counting:
            raise UsageError("there is no decision to undo")
        number = counting[-1].number
    return Decision(0, DecisionKind.UNDO, undoes=number, who=who, why=why)


class Standing(StrEnum):
    """What a decision is worth at present."""

    COUNTS = "counts"
    UNDONE = "undone"
    OVERRIDDEN = "overridden"
    PARTLY = "partly overridden"
    ABSENT = "names not there"


def nodes_of(decision: Decision, bind: Bind) -> list[list[str]]:
    """Give the nodes that each group of a decision binds; of a split by document the new senses."""
    groups = [list(dict.fromkeys(bind(raw) for raw in group)) for group in decision.groups]
    if decision.by_document:
        return [[node_id(name, decision.number) for name in groups[0]]]
    return groups


def standings(
    decisions: Sequence[Decision],
    bound: Constraints,
    live: Collection[str],
    bind: Bind,
) -> Mapping[int, Standing]:
    """Say of each decision whether it counts, and if not, why. `live` are the nodes there are."""
    counting = {one.number for one in effective(decisions)}
    passed: dict[int, set[tuple[str, str]]] = {}
    for number, one, other in bound.passed:
        if one != other:
            passed.setdefault(number, set()).add((one, other))
    found = {}
    for decision in decisions:
        if decision.undone_by is not None:
            found[decision.number] = Standing.UNDONE
        elif decision.number not in counting:
            found[decision.number] = Standing.COUNTS  # an undoing
        else:
            groups = nodes_of(decision, bind)
            found[decision.number] = _standing(decision, groups, passed, live)
    return found


def _standing(
    decision: Decision,
    groups: Sequence[Sequence[str]],
    passed: Mapping[int, Collection[tuple[str, str]]],
    live: Collection[str],
) -> Standing:
    """Say what a decision that nobody has undone is worth."""
    there = [[node for node in group if node in live] for group in groups]
    everybody = {node for group in there for node in group}
    if decision.by_document:
        return Standing.COUNTS if everybody else Standing.ABSENT
    if not all(there) or len(everybody) < len(groups):
        return Standing.ABSENT
    over = [pair for pair in passed.get(decision.number, ()) if everybody.issuperset(pair)]
    if not over:
        return Standing.COUNTS
    kept = _across(there) - {frozenset(pair) for pair in over}
    return Standing.PARTLY if kept else Standing.OVERRIDDEN


def _across(groups: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    """Give the pairs of names of two groups."""
    return {
        frozenset((one, other))
        for place, first in enumerate(groups)
        for second in groups[place + 1 :]
        for one in first
        for other in second
        if one != other
    }


class StillSaid(NamedTuple):
    """Which decisions go on saying what an undone one said: each by itself, and only together."""

    each: Sequence[int]
    together: Sequence[int]


def still_said(
    decision: Decision,
    decisions: Iterable[Decision],
    bind: Bind,
    live: Collection[str],
) -> StillSaid:
    """Find the decisions in force that say of live names of two groups of one what that one said,
    or lead from the one to the other ("A is B" and "B is C" for "A is C").
    """
    is_merge = decision.kind is DecisionKind.MERGE
    kind = DecisionKind.MERGE if is_merge else DecisionKind.NEVER
    counting = effective(decisions)
    made = constraints(counting, bind, node_id)
    passed = set(made.passed)
    groups = [dict.fromkeys(map(bind, group)) for group in decision.groups]
    there = [[one for one in group if one in live] for group in groups]
    sides = list(combinations(there, 2))
    said = {frozenset(pair): at for at, two in enumerate(sides) for pair in product(*two)}
    told = {
        (one.number, said[frozenset(pair)])
        for one in counting
        for of, *pair in pairs_of(one, bind, node_id)
        if of is kind and frozenset(pair) in said and (one.number, *pair) not in passed
    }
    left = [two for at, two in enumerate(sides) if at not in {at for _, at in told}]
    ways = made.together if is_merge else made.apart
    found = (next(filter(None, (ways(*pair) for pair in product(*two))), ()) for two in left)
    together = {number for numbers in found for number in numbers}
    each = {number for number, _ in told}
    return StillSaid(sorted(each), sorted(together) if together - each else ())
