"""One suite for every embedding cache."""

from __future__ import annotations

import numpy as np
import pytest
import redis
from checkpoint_case import link_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.stores import keys
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.protocols import Vectors
from pipeline.stores.redis_vectors import RedisVectors


@pytest.fixture(params=["memory", "redis"])
def vectors(request: pytest.FixtureRequest) -> Vectors:
    if request.param == "memory":
        return MemoryVectors()
    return RedisVectors(link_to(request.getfixturevalue("valkey_url")), 100)


def test_only_what_is_there_is_got(vectors: Vectors) -> None:
    vectors.put("m", {"a": np.ones(3, np.float32), "b": np.zeros(3, np.float32)})
    got = vectors.get("m", ["b", "c", "a", "a"])
    assert sorted(got) == ["a", "b"]
    assert got["a"].tolist() == [1, 1, 1]
    assert got["a"].dtype == np.float32
    assert vectors.get("m", []) == {}
    vectors.put("m", {})


def test_models_do_not_share(vectors: Vectors) -> None:
    vectors.put("m", {"a": np.ones(3, np.float32)})
    assert vectors.get("n", ["a"]) == {}


def test_changing_an_array_changes_nothing_that_is_kept(vectors: Vectors) -> None:
    mine = np.ones(3, np.float32)
    vectors.put("m", {"a": mine})
    mine[0] = 7
    vectors.get("m", ["a"])["a"][1] = 7
    assert vectors.get("m", ["a"])["a"].tolist() == [1, 1, 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(arrays(np.float32, st.integers(1, 400), elements=st.floats(width=32, allow_nan=False)))
def test_every_bit_comes_back(vectors: Vectors, vector: np.ndarray) -> None:
    vectors.put("m", {"a": vector})
    assert vectors.get("m", ["a"])["a"].tobytes() == vector.tobytes()


def test_vectors_expire_and_take_four_bytes_a_number(valkey: redis.Redis, valkey_url: str) -> None:
    RedisVectors(link_to(valkey_url), 100).put("m", {"a": np.ones(384)})
    assert 0 < valkey.ttl(keys.embedding("m", "a")) <= 100
    assert valkey.strlen(keys.embedding("m", "a")) == 384 * 4


def test_what_was_asked_and_found_is_counted(vectors: Vectors) -> None:
    vectors.put("m", {"a": np.ones(3, np.float32)})
    vectors.get("m", ["a", "b", "a"])
    assert (vectors.use.asked, vectors.use.found) == (2, 1)
    assert vectors.serves


def test_without_redis_there_are_no_vectors_and_no_error() -> None:
    away = RedisVectors(link_to("redis://127.0.0.1:1"), 100)
    away.put("m", {"a": np.ones(3)})
    assert away.get("m", ["a"]) == {}
    assert not away.serves
