"""One suite for every embedding cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import redis
from checkpoint_case import link_to
from faults.small_run import SmallRun, write_documents
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline import assembly, identity
from pipeline.settings import Settings
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


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    arrays(
        np.float32,
        st.integers(1, 400),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_every_bit_comes_back(vectors: Vectors, vector: np.ndarray) -> None:
    vectors.put("m", {"a": vector})
    assert vectors.get("m", ["a"])["a"].tobytes() == vector.tobytes()


def test_vectors_expire_and_take_four_bytes_a_number(valkey: redis.Redis, valkey_url: str) -> None:
    RedisVectors(link_to(valkey_url), 100).put("m", {"a": np.ones(384)})
    assert 0 < valkey.ttl(keys.embedding("m", "a")) <= 100
    assert valkey.strlen(keys.embedding("m", "a")) == 384 * 4


BROKEN = {
    "no whole number of numbers": b"abc",
    "not finite": np.full(384, np.inf, "<f4").tobytes(),
    "no number": np.full(384, np.nan, "<f4").tobytes(),
    "too short": bytes(8),
    "of another type": None,
}


def broken(valkey: redis.Redis, key: str, value: bytes | None) -> None:
    """Put something under the key of a vector."""
    valkey.delete(key)
    if value is None:
        valkey.hset(key, "a", "b")
    else:
        valkey.set(key, value)


@pytest.mark.parametrize("harm", [harm for harm in BROKEN if harm != "too short"])
def test_what_is_no_vector_is_not_there_and_makes_room(
    valkey: redis.Redis, valkey_url: str, harm: str
) -> None:
    vectors = RedisVectors(link_to(valkey_url), 100)
    vectors.put("m", {"a": np.ones(384), "b": np.ones(384)})
    broken(valkey, keys.embedding("m", "a"), BROKEN[harm])
    assert list(vectors.get("m", ["a", "b"])) == ["b"]
    assert (vectors.use.asked, vectors.use.found) == (2, 1)
    vectors.put("m", {"a": np.ones(384)})
    assert sorted(vectors.get("m", ["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize(
    "harm",
    [pytest.param(harm, marks=[pytest.mark.slow] * (harm != "too short")) for harm in BROKEN],
)
def test_a_run_that_finds_broken_vectors_makes_them_again(
    settings: Settings, tmp_path: Path, valkey: redis.Redis, harm: str
) -> None:
    write_documents(tmp_path / "documents", 6)
    first = SmallRun(settings, tmp_path / "documents", "one")
    assert first().outcome == "finished"
    names = valkey.keys("emb:*")
    assert names
    for name in names:
        broken(valkey, name.decode(), BROKEN[harm])
    second = SmallRun(settings, tmp_path / "documents", "two")
    result = second()
    assert result.outcome == "finished", result.reason
    assert second.counts() == first.counts()
    stores = assembly.open_stores(settings, second.urls)
    publisher = stores.publisher_of(identity.project_id("two"))
    assert publisher is not None
    assert publisher.missing_vectors(100) == []


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
