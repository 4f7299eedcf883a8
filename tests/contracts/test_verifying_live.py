"""Verifying the live copies: clean ones give nothing, and each damage is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from live_case import ACME, JANE, JOHN_Q, SMITH, LiveCase, wrong
from store_case import StoreCase

from pipeline.stores import keys


@pytest.fixture
def live(store_case: StoreCase) -> LiveCase:
    return LiveCase(store_case)


DAMAGE: dict[str, Callable[[redis.Redis, str, str, str], object]] = {
    "an entity": lambda valkey, project, smith, acme: valkey.hset(
        keys.canonicals(project), smith, valkey.hget(keys.canonicals(project), acme)
    ),
    "no entity": lambda valkey, project, smith, _: valkey.hdel(keys.canonicals(project), smith),
    "bytes": lambda valkey, project, smith, _: valkey.hset(keys.canonicals(project), smith, "x"),
    "neighbours": lambda valkey, project, smith, _: valkey.hdel(keys.graph(project), smith),
    "a name": lambda valkey, project, _, acme: valkey.hset(keys.names(project), acme, project),
    "a pattern": lambda valkey, project, _, __: valkey.hincrby(
        keys.patterns(project, "PERSON"), "Aa Aa", 1
    ),
}


@pytest.fixture
def clean(live: LiveCase) -> LiveCase:
    live.publish("a", [SMITH, JOHN_Q, ACME])
    live.shown()
    assert wrong(live) == []
    return live


@pytest.mark.parametrize("what", DAMAGE)
def test_verify_names_what_differs(clean: LiveCase, valkey: redis.Redis, what: str) -> None:
    smith = min(clean.id(*SMITH), clean.id(*JOHN_Q))
    DAMAGE[what](valkey, clean.case.project, smith, clean.id(*ACME))
    assert wrong(clean)


def test_verify_leaves_copies_of_other_rules_alone(clean: LiveCase, valkey: redis.Redis) -> None:
    """Another version of the program has other labels, too."""
    valkey.hdel(keys.canonicals(clean.case.project), clean.id(*ACME))
    [(rules,)] = clean.case.rows("SELECT version FROM registries")
    assert wrong(clean, rules)
    assert wrong(clean, f"{rules} and more") == []


def test_verify_leaves_copies_of_another_epoch_alone(clean: LiveCase, valkey: redis.Redis) -> None:
    valkey.hdel(keys.canonicals(clean.case.project), clean.id(*ACME))
    clean.publish("b", [JANE])
    assert wrong(clean) == []
    clean.catch_up()
    assert wrong(clean) == []
