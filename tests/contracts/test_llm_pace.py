"""How fast a model is asked: one suite for what Redis counts and what a process counts alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
from checkpoint_case import link_to
from faults.proxy import proxy_for
from waiting import until

from pipeline.llm.settings import LlmSettings
from pipeline.stores import keys
from pipeline.stores.llm_pace import LlmPace

MINUTE = 60
Make = Callable[..., LlmPace]


@pytest.fixture(autouse=True)
def _no_turn_of_the_minute() -> None:
    """Begin where a minute does not end at once: what was counted in it would fade."""
    until(lambda: time.time() % MINUTE < MINUTE - 3)


@pytest.fixture(params=["in Redis", "alone"])
def make(request: pytest.FixtureRequest, valkey_url: str) -> Iterator[Make]:
    with ExitStack() as stack:

        def made(**bounds: object) -> LlmPace:
            link = None
            if request.param == "in Redis":
                link = link_to(valkey_url)
                stack.callback(link.client.close)
            return LlmPace(LlmSettings.model_validate({"model": "small"} | bounds), link)

        yield made


def turns(pace: LlmPace, tokens: int, most: int = 50) -> int:
    """Take turns until there is none; say how many there were."""
    return next((number for number in range(most) if not pace.take(tokens)), most)


def test_there_are_as_many_turns_as_requests_in_a_minute(make: Make) -> None:
    assert turns(make(requests_per_minute=7), 1_000_000) == 7


def test_there_are_as_many_turns_as_tokens_in_a_minute(make: Make) -> None:
    assert turns(make(tokens_per_minute=1000), 300) == 3


def test_what_was_not_needed_is_given_back_and_more_is_taken(make: Make) -> None:
    pace = make(tokens_per_minute=1000)
    assert pace.take(900)
    assert not pace.take(900)
    pace.correct(900, 50)
    assert pace.take(900)
    pace.correct(900, 950)
    assert not pace.take(1)


def test_a_question_that_is_larger_than_a_minute_has_a_whole_one(make: Make) -> None:
    pace = make(tokens_per_minute=1000)
    assert turns(pace, 5000) == 1
    # It gives back none: it had no more than this minute's, and used more.
    pace.correct(5000, 1600)
    assert not pace.take(5000)


def test_without_bounds_there_is_always_a_turn(make: Make) -> None:
    assert turns(make(), 1_000_000_000) == 50


def test_all_processes_share_the_turns_of_an_endpoint_and_a_model(
    valkey: redis.Redis, valkey_url: str
) -> None:
    links = [link_to(valkey_url) for _ in range(3)]
    bounds = LlmSettings(model="small", requests_per_minute=5)
    other = bounds.model_copy(update={"model": "large"})

    assert sum(turns(LlmPace(bounds, link), 1) for link in links) == 5
    assert turns(LlmPace(other, links[0]), 1) == 5

    names = valkey.keys()
    assert names
    assert all(name.decode().startswith(f"{keys.PACE}:") for name in names)
    assert all(0 < valkey.ttl(name) <= 2 * MINUTE for name in names)
    for link in links:
        link.client.close()


def test_a_turn_that_lacks_a_request_takes_no_tokens(valkey_url: str) -> None:
    link = link_to(valkey_url)
    few = LlmSettings(model="small", requests_per_minute=2, tokens_per_minute=1000)
    many = few.model_copy(update={"requests_per_minute": 100})

    assert turns(LlmPace(few, link), 400) == 2
    assert turns(LlmPace(few, link), 200) == 0
    assert turns(LlmPace(many, link), 200) == 1
    link.client.close()


def test_while_redis_is_away_each_process_counts_its_own(valkey_url: str) -> None:
    bounds = LlmSettings(model="small", requests_per_minute=5)
    with proxy_for(valkey_url) as line:
        link = link_to(line.url(valkey_url), answer_seconds=0.2, probe_seconds=0.1)
        pace = LlmPace(bounds, link)
        assert turns(pace, 1) == 5
        line.refuse()
        line.cut()
        assert turns(pace, 1) == 5
        pace.correct(1, 0)
        line.heal()
        until(lambda: not pace.take(1) and not link.trouble)
        assert not pace.take(1)
        link.client.close()
