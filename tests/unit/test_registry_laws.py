"""Order does not matter: however names arrive and go, the entities are those of a rebuild."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from registry_case import (
    PROJECT,
    Incremental,
    World,
    bind,
    law,
    name,
    of_content,
    partition,
    rebuilt,
    registry,
    worlds,
)

from pipeline.identity import node_id
from pipeline.registry.decisions import Decision, DecisionKind, related

other_project = "00000000-0000-5000-8000-000000000002"


def _same_as_rebuilt(growing: Incremental, bound: int, component_bound: int = 400) -> bool:
    """Compare with what comes of the same names and decisions from scratch."""
    names = list(growing.names.values())
    whole = registry(names, growing.decisions, bound, component_bound)
    return (growing.entities, growing.misses) == rebuilt(whole, names)


@given(worlds(), st.randoms(use_true_random=False))
@law
def test_entities_do_not_depend_on_the_order_of_names(world: World, shuffle):
    """Names in another order, and decided alike, are in the same entities."""
    names = list({one.id: one for one in (name(*words) for words in world.pool)}.values())
    straight = rebuilt(registry(names, world.decisions, world.bound), names)
    shuffle.shuffle(names)
    assert rebuilt(registry(names, world.decisions, world.bound), names) == straight


@given(worlds())
@law
def test_entities_do_not_depend_on_ids(world: World):
    """The same names in another project, where all ids differ, are parted alike."""
    parts = []
    for project in (PROJECT, other_project):
        names = list({one.id: one for one in (name(*w, project) for w in world.pool)}.values())
        words = {one.id: str(one.rank) for one in names}
        entities, _ = rebuilt(registry(names, (), world.bound), names)
        parts.append(partition(entities, words))
    assert parts[0] == parts[1]


@given(worlds(), st.data())
@law
def test_increments_equal_a_rebuild(world: World, data):
    """After each batch that adds and removes names, all is as if computed from scratch."""
    growing = Incremental(world.bound)
    growing.decisions = world.decisions
    some = st.lists(st.sampled_from(world.pool), max_size=6)
    for added, removed in data.draw(st.lists(st.tuples(some, some), max_size=8)):
        growing.apply([name(*one) for one in added], [name(*one) for one in removed])
        assert _same_as_rebuilt(growing, world.bound)


LONE = st.builds(of_content, st.sampled_from("abcdef"), st.sampled_from(("Acme", "Acmee")))
CALLED_SO = st.sampled_from(
    [("ORG", "Acme"), ("ORG", "Acme Inc."), ("ORG", "Acme Ltd"), ("ORG", "Acmee"), ("GPE", "Acme"),
     ("PERSON", "John Acme")]
)  # fmt: skip


@given(st.lists(st.lists(LONE | CALLED_SO.map(lambda one: name(*one)), max_size=5), max_size=8),
       st.randoms(use_true_random=False))  # fmt: skip
@law
def test_words_of_contents_are_one_only_through_an_organisation(batches, coin):
    """Single words that were taken for persons, in whatever order they come and go beside those
    that are called so: as if computed from scratch, and without an organisation nobody's.
    """
    growing = Incremental(4)
    for batch in batches:
        gone = [one for one in growing.names.values() if coin.random() < 0.3]
        growing.apply(batch, [one for one in gone if one not in batch])
        assert _same_as_rebuilt(growing, 4)
        together = partition(growing.entities, {id_: id_ for id_ in growing.names})
        for ids in together:
            types = {growing.names[id_].type for id_ in ids}
            assert len(ids) == 1 or types != {"PERSON"}


@given(worlds(), st.integers(2, 6))
@law
def test_increments_equal_a_rebuild_where_components_are_too_large(world: World, component_bound):
    """Also a component over its bound is what it would be from scratch, name by name."""
    growing = Incremental(world.bound, component_bound)
    growing.decisions = world.decisions
    for words in world.pool:
        growing.apply([name(*words)])
        assert _same_as_rebuilt(growing, world.bound, component_bound)


@given(worlds(), st.data())
@law
def test_adding_then_forgetting_leaves_what_was(world: World, data):
    """Names that came and went again leave no trace, also where they crossed a block's bound."""
    growing = Incremental(world.bound)
    growing.decisions = world.decisions
    stays = data.draw(st.lists(st.sampled_from(world.pool)))
    growing.apply([name(*words) for words in stays])
    before = dict(growing.entities), set(growing.misses)
    new = [one for one in (name(*words) for words in world.pool) if one.id not in growing.names]
    growing.apply(new)
    growing.apply((), new)
    assert (growing.entities, growing.misses) == before


@given(worlds(decisions=6), st.data())
@law
def test_decisions_one_by_one_equal_a_rebuild_and_are_undone_exactly(world: World, data):
    """Deciding touches enough, and undoing the last decision gives the very state before."""
    growing = Incremental(world.bound)
    growing.apply([name(*words) for words in world.pool])
    states = [(dict(growing.entities), set(growing.misses))]
    for decision in world.decisions:
        _decide(growing, decision)
        assert _same_as_rebuilt(growing, world.bound)
        states.append((dict(growing.entities), set(growing.misses)))
    for number in range(len(world.decisions), 0, -1):
        _decide(growing, Decision(_next(growing), DecisionKind.UNDO, undoes=number))
        assert (growing.entities, growing.misses) == states[number - 1]
    if world.decisions:
        undone = data.draw(st.integers(1, len(growing.decisions)))
        _decide(growing, Decision(_next(growing), DecisionKind.UNDO, undoes=undone))
        assert _same_as_rebuilt(growing, world.bound)


def _next(growing: Incremental) -> int:
    return len(growing.decisions) + 1


def _decide(growing: Incremental, decision: Decision) -> None:
    growing.decisions.append(decision)
    growing.apply(seeds=related(growing.decisions, [decision.number], bind, node_id))


@given(worlds(decisions=5))
@law
def test_the_last_decision_holds(world: World):
    """What was decided last is so, whatever was decided before and whatever the scores say."""
    names = {one.id: one for one in (name(*words) for words in world.pool)}
    entities, _ = rebuilt(registry(names.values(), world.decisions, world.bound), names.values())
    for last in world.decisions[-1:]:
        one, other = ({bind(raw) for raw in group} for group in last.groups)
        if last.kind is DecisionKind.MERGE:
            assert len({entities[id_] for id_ in one | other}) == 1
        elif not one & other:
            assert not {entities[id_] for id_ in one} & {entities[id_] for id_ in other}
