"""The laws of the registry for whatever names, keys and comparisons: drawn, not written.

Real names meet few of the cases that the algorithm must hold in: crowds of crowds, chains, ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from registry_case import FOUND, Incremental, Table, law, misses, partition, rebuilt, registry

from pipeline.blocking_keys import QUIET
from pipeline.registry.blocks import LiveName
from pipeline.registry.comparing import Verdict


@dataclass
class Graph:
    """Names with drawn keys, and what comparing them says."""

    names: list[LiveName]
    table: Table
    bound: int
    component_bound: int
    chance: Random


def _keys(chance: Random) -> tuple[str, ...]:
    """Draw some of three keys and one for people to look at, some of them quiet."""
    quiet = {key: chance.choice(("", "", "", QUIET)) for key in "XYZf"}
    return tuple(key + quiet[key] for key in "XYZf" if chance.random() < 0.6)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw up to ten names, and a comparison for each pair.

    By a seed: choice by choice, most graphs would be small and without a single edge.
    """
    chance = Random(draw(st.integers(0, 2**64 - 1)))
    count = chance.randint(3, 10)
    words = [letter * (place + 1) for place, letter in enumerate("abcdefghij"[:count])]
    ids = chance.sample(range(10), count)
    names = [
        LiveName(str(id_), "PERSON", word, _keys(chance))
        for id_, word in zip(ids, words, strict=True)
    ]
    table = {frozenset(pair): chance.choice(FOUND) for pair in combinations(words, 2)}
    bounds = chance.choice((1, 2, 3, 5, 10)), chance.choice((3, 400, 400))
    return Graph(names, Table(table), *bounds, chance)


@given(graphs())
@law
def test_entities_depend_on_names_alone(graph: Graph):
    """Other ids and another order give the same entities."""
    words = {one.id: one.normal for one in graph.names}
    whole = registry(graph.names, (), graph.bound, graph.component_bound, graph.table)
    parts = partition(rebuilt(whole, graph.names)[0], words)
    ids = graph.chance.sample(range(10), len(graph.names))
    others = [one._replace(id=str(id_)) for id_, one in zip(ids, graph.names, strict=True)]
    graph.chance.shuffle(others)
    words = {one.id: one.normal for one in others}
    again = registry(others, (), graph.bound, graph.component_bound, graph.table)
    assert partition(rebuilt(again, others)[0], words) == parts


@given(graphs())
@law
def test_increments_equal_a_rebuild(graph: Graph):
    """Names that come, go, and come back with other keys: as computed from scratch."""
    growing = Incremental(graph.bound, graph.component_bound, graph.table)
    chance = graph.chance
    growing.apply(chance.sample(graph.names, len(graph.names) // 2))
    for _ in range(6):
        added = chance.sample(graph.names, chance.randint(0, 2))
        removed = chance.sample(graph.names, chance.randint(0, 2))
        kept = [one if chance.random() < 0.7 else one._replace(keys=_keys(chance)) for one in added]
        growing.apply(kept, removed)
        names = list(growing.names.values())
        whole = registry(names, (), graph.bound, graph.component_bound, graph.table)
        assert (growing.entities, growing.misses) == rebuilt(whole, names)


@given(graphs())
@law
def test_no_entity_holds_two_that_exclude_each_other(graph: Graph):
    """Whatever chain leads from one to the other."""
    whole = registry(graph.names, (), graph.bound, graph.component_bound, graph.table)
    entities, _ = rebuilt(whole, graph.names)
    for one, other in combinations(graph.names, 2):
        found = graph.table.found[frozenset((one.normal, other.normal))]
        if found and found.verdict is Verdict.APART:
            assert entities[one.id] != entities[other.id]


@given(graphs())
@law
def test_a_shorter_form_joins_only_where_all_it_may_be_is_one_thing(graph: Graph):
    """A name that only says less than others is with all of them, or with none; not counting those
    that are one with what excludes it.
    """
    whole = registry(graph.names, (), graph.bound, 400, graph.table)
    grown = whole.grow([one.id for one in graph.names])
    for name in graph.names:
        near = {
            other: edge
            for edge in (*grown.edges, *grown.misses)
            for other in ({edge.one, edge.other} - {name.id})
            if name.id in (edge.one, edge.other)
        }
        verdicts = {edge.comparison.verdict for edge in near.values()}
        if verdicts == {Verdict.SHORTER} and not misses(
            edge for edge in grown.misses if edge.why == "crowded"
        ):
            longer = {x for x in near if len(_words(graph, x)) > len(name.normal)}
            if len(longer) == len(near):
                with_it = {x for x in longer if grown.entities[x] == grown.entities[name.id]}
                able = {x for x in longer if not _excluded(graph, grown.entities, x, name)}
                assert with_it in (set(), able)


def _excluded(graph: Graph, entities: Mapping[str, str], id_: str, name: LiveName) -> bool:
    """Say whether an entity has a name that excludes another."""
    of_it = [one.normal for one in graph.names if entities[one.id] == entities[id_]]
    found = [graph.table.found.get(frozenset((one, name.normal))) for one in of_it]
    return any(each is not None and each.keeps_apart for each in found)


def _words(graph: Graph, id_: str) -> str:
    return next(one.normal for one in graph.names if one.id == id_)
