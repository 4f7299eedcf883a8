"""What people decided, made into bonds and bans between nodes.

A decision binds raw names, so it holds for whatever normal form they have today. Decisions are
taken newest first, pair by pair, and a pair that contradicts what a newer one says is passed: so
the last word counts, and leaving one out gives exactly the state without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, product
from typing import NamedTuple

from pipeline.registry.joining import Joined


class DecisionKind(StrEnum):
    """What can be decided: that names are one thing, that some leave an entity, that they are never
    one, that a decision does not count.
    """

    MERGE = "merge"
    SPLIT = "split"
    NEVER = "never"
    UNDO = "undo"


class RawName(NamedTuple):
    """A name as a text has it, without its normal form. `content` is set for one that means
    something in one content only, `sense` for one of several namesakes. `exact` says that the words
    are the normal form itself, whatever would be made of them today.
    """

    type: str
    words: str
    content: str | None = None
    sense: int = 0
    exact: bool = False


Group = tuple[RawName, ...]


@dataclass(frozen=True)
class Decision:
    """What somebody decided about groups of names.

    `merge`: all are one thing. `never`: no name of one group is one with a name of another.
    `split`: the names of the first group stay together and are never one with those of the second;
    with `contents` or `documents` the first group's names mean something else in these, a sense
    that has the number of the decision. `undoes` is the number of the one that does not count;
    `undone_by` says so of this one.
    """

    number: int
    kind: DecisionKind
    groups: tuple[Group, ...] = ()
    contents: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    who: str = ""
    why: str = ""
    when: str = ""
    undoes: int | None = None
    undone_by: int | None = None

    @property
    def by_document(self) -> bool:
        """Say whether it tells namesakes apart by where they stand."""
        return bool(self.contents or self.documents)


Bind = Callable[[RawName], str]
"""Gives the id of the node that a raw name has today."""


@dataclass
class Constraints:
    """The bonds and bans of all decisions that count. Nodes that are not live are in it too."""

    bonds: Joined = field(default_factory=Joined)
    members: dict[str, list[str]] = field(default_factory=dict)
    passed: list[tuple[int, str, str]] = field(default_factory=list)
    _bans: dict[str, dict[str, tuple[int, str, str]]] = field(default_factory=dict)
    _bonds: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def group(self, node: str) -> Sequence[str]:
        """Give the nodes that are bound to one, itself among them."""
        return self.members.get(self.bonds.root(node), (node,))

    def bound(self, one: str, other: str) -> bool:
        """Say whether two nodes are one thing by decision."""
        return one == other or self.bonds.root(one) == self.bonds.root(other)

    def ban(self, one: str, other: str) -> int | None:
        """Give the number of the decision that keeps two nodes apart."""
        found = self._bans.get(self.bonds.root(one), {}).get(self.bonds.root(other))
        return found[0] if found else None

    def together(self, one: str, other: str) -> Collection[int]:
        """Number the decisions that make two nodes one thing: those on the way of the fewest bonds
        from one to the other, none if there is no way.
        """
        if not self.bound(one, other):
            return ()
        came: dict[str, tuple[str, int]] = {one: (one, 0)}
        reached = deque([one])
        while other not in came:
            here = reached.popleft()
            for further, number in self.bonds_of(here):
                if further not in came:
                    came[further] = here, number
                    reached.append(further)
        numbers = set()
        while other != one:
            other, number = came[other]
            numbers.add(number)
        return numbers

    def apart(self, one: str, other: str) -> Collection[int]:
        """Number the decisions that make two nodes two things: a ban, and the bonds that lead to it
        from both; none if there is none.
        """
        found = self._bans.get(self.bonds.root(one), {}).get(self.bonds.root(other))
        if found is None:
            return ()
        number, own, theirs = found
        return {number, *self.together(one, own), *self.together(theirs, other)}

    def bonds_of(self, node: str) -> Sequence[tuple[str, int]]:
        """Give the nodes that decisions bind to one directly, with their numbers."""
        return self._bonds.get(node, ())

    def bans_of(self, node: str) -> Iterator[tuple[str, str, int]]:
        """Yield the two nodes of each ban that concerns the group of one, with its decision."""
        for number, own, other in self._bans.get(self.bonds.root(node), {}).values():
            yield own, other, number

    def _bind(self, one: str, other: str, number: int) -> bool:
        """Take a bond, unless a ban that came later stands against it."""
        first, second = self.bonds.root(one), self.bonds.root(other)
        if second in self._bans.get(first, {}):
            return False
        self._bonds.setdefault(one, []).append((other, number))
        self._bonds.setdefault(other, []).append((one, number))
        if first == second:
            return True
        root = self.bonds.join(first, second)
        gone = second if root == first else first
        self.members[root] = [
            *self.members.get(first, [first]),
            *self.members.get(second, [second]),
        ]
        self.members.pop(gone, None)
        for enemy, (by, own, theirs) in self._bans.pop(gone, {}).items():
            self._bans.setdefault(root, {}).setdefault(enemy, (by, own, theirs))
            self._bans[enemy].pop(gone)
            self._bans[enemy].setdefault(root, (by, theirs, own))
        return True

    def _keep_apart(self, one: str, other: str, number: int) -> bool:
        """Take a ban, unless a bond that came later stands against it."""
        first, second = self.bonds.root(one), self.bonds.root(other)
        if first == second:
            return False
        self._bans.setdefault(first, {}).setdefault(second, (number, one, other))
        self._bans.setdefault(second, {}).setdefault(first, (number, other, one))
        return True


def effective(decisions: Iterable[Decision]) -> list[Decision]:
    """Give the decisions that count, in order: not those that another undoes, nor the undoing.

    An undoing can be undone itself; so what the latest says of each comes first.
    """
    void: set[int] = set()
    left = []
    for decision in sorted(decisions, key=lambda one: one.number, reverse=True):
        if decision.number in void:
            continue
        if decision.undoes is not None:
            void.add(decision.undoes)
        else:
            left.append(decision)
    return left[::-1]


def constraints(decisions: Iterable[Decision], bind: Bind, node: NodeOf) -> Constraints:
    """Make the bonds and bans of decisions, in whatever order they come."""
    made = Constraints()
    for decision in reversed(effective(decisions)):
        for kind, one, other in pairs_of(decision, bind, node):
            take = made._bind if kind is DecisionKind.MERGE else made._keep_apart
            if one == other or not take(one, other, decision.number):
                made.passed.append((decision.number, one, other))
    return made


NodeOf = Callable[[str, int], str]
"""Gives the id of the node of a name and a sense."""


def pairs_of(
    decision: Decision, bind: Bind, node: NodeOf
) -> Iterator[tuple[DecisionKind, str, str]]:
    """Yield the pairs of nodes that a decision binds or keeps apart, in the order in which it names
    them: ids differ from one project to the next.
    """
    groups = [list(dict.fromkeys(bind(raw) for raw in group)) for group in decision.groups]
    if decision.kind is DecisionKind.MERGE:
        every = dict.fromkeys(one for group in groups for one in group)
        for pair in combinations(every, 2):
            yield DecisionKind.MERGE, *pair
        return
    if decision.by_document:
        taken = [node(one, decision.number) for one in groups[0]]
        for pair in combinations(taken, 2):
            yield DecisionKind.MERGE, *pair
        for pair in product(taken, groups[0]):
            yield DecisionKind.NEVER, *pair
        return
    if decision.kind is DecisionKind.SPLIT:
        for pair in combinations(groups[0], 2):
            yield DecisionKind.MERGE, *pair
    for first, second in combinations(groups, 2):
        for pair in product(first, second):
            yield DecisionKind.NEVER, *pair


def related(
    decisions: Iterable[Decision], numbers: Iterable[int], bind: Bind, node: NodeOf
) -> set[str]:
    """Give the nodes for which decisions may say something else once these came or went: all that
    any decision ties to theirs, directly or through others, whether it counts or not.
    """
    ties = Joined()
    wanted = set(numbers)
    seeds: set[str] = set()
    every = list(decisions)
    undone = {decision.number: decision.undoes for decision in every if decision.undoes is not None}
    while more := {undone[number] for number in wanted if number in undone} - wanted:
        wanted |= more
    for decision in every:
        nodes = sorted({one for _, *pair in pairs_of(decision, bind, node) for one in pair})
        for one in nodes:
            ties.join(nodes[0], one)
        if decision.number in wanted:
            seeds |= set(nodes[:1])
    roots = {ties.root(seed) for seed in seeds}
    return {one for one in ties if ties.root(one) in roots}


def senses(
    decisions: Iterable[Decision], bind: Bind, content_of: Mapping[str, str]
) -> dict[tuple[str, str], int]:
    """Give the sense of each (name, content) that is not 0, by the latest decision on it.

    `content_of` maps documents to the content that readers see of them.
    """
    found: dict[tuple[str, str], int] = {}
    for decision in effective(decisions):
        if not decision.by_document:
            continue
        here = {*decision.contents}
        here |= {content_of[document] for document in decision.documents if document in content_of}
        for raw in decision.groups[0]:
            for content in here:
                found[bind(raw._replace(sense=0)), content] = decision.number
    return found
