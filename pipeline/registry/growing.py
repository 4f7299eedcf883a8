"""Components grow from seeds along what may join, and are settled.

Everything else keeps its entities, since no comparison of it came or went. A rebuild grows from all
names. Both read names through `Blocks`, so the one is the law for the other.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from pipeline.registry.blocks import (
    Blocks,
    LiveName,
    Part,
    candidates,
    prepare,
)
from pipeline.registry.clustering import COMPONENT_BOUND, Clusters, cluster, entity_of
from pipeline.registry.comparing import Comparison, Profile, Verdict
from pipeline.registry.components import Edge, connected
from pipeline.registry.decisions import Constraints
from pipeline.registry.misses import NearMiss, Why, near_miss

CHUNK = 5_000
# What joins nothing, whatever else there is.
WHY_NOT = {Verdict.UNSURE: Why.UNSURE, Verdict.APART: Why.TOLD}
REMEMBERED = 100_000
"""So many names taken apart are kept, half a kilobyte each."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python's collector rest where millions of values are made that all stay: it would look
    through them again and again, and find no cycle.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Compares(Protocol):
    """Compares names: symmetric, and by what the two names say alone."""

    def profile(self, type_: str, normal: str, /) -> Profile:
        """Take a name apart."""
        ...

    def compare(self, one: Profile, other: Profile, /) -> Comparison | None:
        """Compare two names; None if they have nothing to do with each other."""
        ...


@dataclass
class Grown:
    """The components that seeds belong to, settled. `dropped` are the parts of crowds whose members
    were not compared; `compared` counts the pairs that were.
    """

    nodes: dict[str, LiveName] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    misses: list[NearMiss] = field(default_factory=list)
    capped: dict[str, int] = field(default_factory=dict)
    dropped: set[Part] = field(default_factory=set)
    compared: int = 0

    def add(self, other: Grown) -> None:
        """Take in what grew from other seeds."""
        self.nodes |= other.nodes
        self.entities |= other.entities
        self.edges += other.edges
        self.misses += other.misses
        self.capped |= other.capped
        self.dropped |= other.dropped
        self.compared += other.compared


@dataclass(frozen=True)
class Registry:
    """All that decides which names are one thing, as of one moment.

    `senses` are the nodes other than sense 0 that are live, each with the name that it is one of;
    they are compared with nothing, only decisions join them.
    """

    blocks: Blocks
    constraints: Constraints
    comparing: Compares
    senses: Mapping[str, LiveName] = field(default_factory=dict)
    component_bound: int = COMPONENT_BOUND

    def grow(self, seeds: Collection[str]) -> Grown:
        """Settle the components of nodes. Those that are not live are passed."""
        return self._grow(seeds, frozenset(), _Profiles(self.comparing))

    def _grow(self, seeds: Collection[str], finished: Set[str], profiles: _Profiles) -> Grown:
        """Settle the components of nodes. `finished` are nodes of others, all of whose pairs are
        known already.
        """
        grown, edges, blind = Grown(), [], set[str]()
        frontier = self._live(seeds)
        while frontier:
            prepare(self.blocks, frontier.values())
            grown.nodes |= frontier
            reached: dict[str, LiveName] = {}
            wanted: set[str] = set()
            done: set[str] = grown.nodes.keys() - frontier.keys()
            for name in frontier.values():
                done.add(name.id)
                found = candidates(self.blocks, name)
                grown.dropped.update(found.dropped)
                if found.blind:
                    blind.add(name.id)
                for ids, crowd in ((found.near, False), (found.crowd, True)):
                    left = ids.difference(done, finished) if ids else ids
                    grown.compared += len(left)
                    for id_, other in self.blocks.names(left).items():
                        edge = _edge(name, other, profiles.compare(name, other))
                        if edge is None:
                            continue
                        why = WHY_NOT.get(edge.comparison.verdict)
                        if why is None and crowd and edge.shorter is not None:
                            why = Why.CROWDED
                        if why is not None:
                            grown.misses.append(near_miss(edge, why, self.constraints))
                        else:
                            edges.append(edge)
                            reached[id_] = other
                wanted.update(self.constraints.group(name.id))
            frontier = {id_: name for id_, name in reached.items() if id_ not in grown.nodes}
            frontier |= self._live(wanted - grown.nodes.keys() - frontier.keys())
        # Who does not see everyone that it could stand for joins nobody.
        seen = [edge for edge in edges if edge.shorter not in blind]
        if len(seen) < len(edges):
            grown.misses += [
                near_miss(edge, Why.CROWDED, self.constraints)
                for edge in edges
                if edge.shorter in blind
            ]
        self._settle(grown, seen, profiles)
        return grown

    def rebuild(self, every: Iterable[str]) -> Iterator[Grown]:
        """Settle all components, some names at a time. What is given in an order in which names
        that share a block are near each other is settled faster, and no differently.
        """
        finished: set[str] = set()
        profiles = _Profiles(self.comparing)
        ids = iter(every)
        while taken := list(islice(ids, CHUNK)):
            chunk = [id_ for id_ in taken if id_ not in finished]
            grown = self._grow(chunk, finished, profiles)
            finished |= grown.nodes.keys()
            profiles.forget_some()
            yield grown
        if left := self.senses.keys() - finished:
            yield self._grow(left, finished, profiles)

    def _live(self, ids: Collection[str]) -> dict[str, LiveName]:
        """Look nodes up; those that are not live are left out."""
        senses = {id_: self.senses[id_] for id_ in ids if id_ in self.senses}
        others = [id_ for id_ in ids if id_ not in senses]
        return senses | dict(self.blocks.names(others)) if others else senses

    def _settle(self, grown: Grown, edges: Sequence[Edge], profiles: _Profiles) -> None:
        """Cluster what has grown, component by component."""
        for ids, inner in connected(grown.nodes, edges, self.constraints):
            if len(ids) == 1:
                grown.entities[ids[0]] = ids[0]
                continue
            nodes = {id_: grown.nodes[id_] for id_ in ids}
            clusters: Clusters = cluster(
                nodes, inner, self.constraints, profiles.compare, self.component_bound
            )
            grown.entities |= entity_of(clusters)
            grown.edges += clusters.edges
            grown.misses += clusters.misses
            grown.capped |= clusters.capped
        entities = grown.entities
        grown.misses = [
            miss
            for miss in grown.misses
            if entities.get(miss.one, miss.one) != entities.get(miss.other, miss.other)
        ]


class _Profiles:
    """Compares names, taking each apart once, or seldom more."""

    def __init__(self, comparing: Compares) -> None:
        self._comparing = comparing
        self._known: dict[str, Profile] = {}

    def compare(self, one: LiveName, other: LiveName) -> Comparison | None:
        """Compare two names."""
        known = self._known
        mine, theirs = known.get(one.id), known.get(other.id)
        return self._comparing.compare(mine or self._profile(one), theirs or self._profile(other))

    def forget_some(self) -> None:
        """Keep what is remembered bounded."""
        if len(self._known) > REMEMBERED:
            self._known.clear()

    def _profile(self, name: LiveName) -> Profile:
        made = self._known[name.id] = self._comparing.profile(name.type, name.normal)
        return made


def _edge(one: LiveName, other: LiveName, found: Comparison | None) -> Edge | None:
    """Make an edge of a comparison that may join, or that people should see. A word that is the
    name of two contents is nobody in particular.
    """
    if found is None or one.rank == other.rank:
        return None
    if found.verdict is Verdict.APART and not found.tells_two:
        return None
    shorter = (None, one.id, other.id)[found.shorter] if found.verdict is Verdict.SHORTER else None
    if other.rank < one.rank:
        return Edge(other.id, one.id, found.turned(), shorter)
    return Edge(one.id, other.id, found, shorter)
