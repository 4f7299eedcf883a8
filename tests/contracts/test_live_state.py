"""One suite for every way to read the live state of a project."""

from __future__ import annotations

import pytest
from checkpoint_case import link_to
from live_case import ACME, JANE, JOHN_Q, SMITH, LiveCase
from store_case import StoreCase

from pipeline.registry.live import LiveState, Neighbour, Pattern
from pipeline.stores.redis_live_state import FallingBackLiveState, RedisLiveState


@pytest.fixture
def live(store_case: StoreCase) -> LiveCase:
    return LiveCase(store_case)


@pytest.fixture(params=["redis", "postgres", "both"])
def state(request: pytest.FixtureRequest, live: LiveCase) -> LiveState:
    """Give each way to read a project of two documents."""
    live.publish("a", [SMITH, JOHN_Q, ACME])
    live.publish("b", [JANE, ("PERSON", "SMITH, John"), ACME])
    live.shown()
    both = FallingBackLiveState(live.fast, live.sure)
    return {"redis": live.fast, "postgres": live.sure, "both": both}[request.param]


def test_entities_are_found_by_their_names_and_ids(state: LiveState, live: LiveCase) -> None:
    names = [live.id(*SMITH), live.id(*JOHN_Q), live.id(*JANE)]
    found = state.canonicals([*names, live.id("PERSON", "Nobody At All"), *names])
    assert found is not None
    assert list(found) == names
    smith = found[names[0]]
    assert smith == found[names[1]]
    assert smith.id == min(names[:2])
    assert (smith.type, smith.mentions, smith.contents) == ("PERSON", 3, 2)
    assert {smith.name, *smith.others} == {"John Smith", "John Q. Smith", "SMITH, John"}
    assert state.canonicals([smith.id]) == {smith.id: smith}
    assert state.canonicals([]) == {}


def test_neighbours_come_strongest_first(state: LiveState, live: LiveCase) -> None:
    smith = min(live.id(*SMITH), live.id(*JOHN_Q))
    assert state.neighbours(live.id(*ACME)) == (
        Neighbour(entity=smith, weight=2, predicates=("met",)),
    )
    assert state.neighbours(live.id(*JOHN_Q)) == state.neighbours(smith)
    assert [one.weight for one in state.neighbours(smith) or ()] == [2, 1]
    assert state.neighbours(live.id("PERSON", "Nobody At All")) == ()


def test_patterns_say_how_names_are_written(state: LiveState) -> None:
    assert state.patterns("PERSON") == [
        Pattern("Aa Aa", 2), Pattern("AA, Aa", 1), Pattern("Aa A. Aa", 1),
    ]  # fmt: skip
    assert state.patterns("ORG") == [Pattern("Aa Aa", 1)]
    assert state.patterns("MONEY") == []


def test_the_last_extractions_come_newest_first(state: LiveState, live: LiveCase) -> None:
    recent = state.recent()
    assert recent is not None
    assert len(recent) == 6
    assert {one.source for one in recent[:3]} == {"corpus/b.txt"}
    assert {(one.type, one.text) for one in recent[3:]} == {SMITH, JOHN_Q, ACME}
    assert {one.entity for one in recent if "mith" in one.text.casefold()} == {
        min(live.id(*SMITH), live.id(*JOHN_Q))
    }


def test_the_project_is_summed_up(state: LiveState) -> None:
    context = state.context()
    assert context is not None
    assert (context.documents, context.mentions) == (2, 6)
    assert context.types == (("PERSON", 2), ("ORG", 1))
    assert [one.mentions for one in context.top] == [3, 2, 1]
    assert context.sources == (("corpus", 2),)


def test_a_copy_that_is_not_there_is_postgresqls_to_tell(live: LiveCase) -> None:
    live.publish("a", [SMITH])
    live.catch_up()
    away = RedisLiveState(link_to("redis://127.0.0.1:1"), live.case.project)
    for state in (live.fast, away):
        assert state.canonicals([live.id(*SMITH)]) is None
        assert state.neighbours(live.id(*SMITH)) is None
        assert (state.patterns("PERSON"), state.recent(), state.context()) == (None, None, None)
        both = FallingBackLiveState(state, live.sure)
        assert both.canonicals([live.id(*SMITH)])
        assert (both.neighbours(live.id(*SMITH)), len(both.recent() or ())) == ((), 1)
        assert both.patterns("PERSON") == [("Aa Aa", 1)]
        assert both.context() == live.sure.context()
