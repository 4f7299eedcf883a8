"""The checkpoints a stage sees: Redis where it serves, PostgreSQL where it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from checkpoint_case import link_to
from ledger_case import LedgerCase

from pipeline.errors import RedisAwayError, TemporaryError
from pipeline.stores import keys, postgres
from pipeline.stores.postgres_checkpoints import PostgresCheckpoints
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey, Landed
from pipeline.stores.redis_checkpoints import RedisCheckpoints
from pipeline.stores.s3_blobs import S3Blobs
from pipeline.stores.tiered_checkpoints import TieredCheckpoints

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def case(migrated_url: str) -> Iterator[LedgerCase]:
    engine = postgres.connect(migrated_url)
    case = LedgerCase(engine)
    case.claimed(case.run(), "a.txt")
    yield case
    engine.dispose()


@pytest.fixture
def made(case: LedgerCase) -> list[Checkpoint]:
    """Give the five checkpoints of a document that a run has claimed and identified."""
    [run] = [row[0] for row in case.rows("SELECT id::text FROM runs")]
    case.identify(run, a="Ann Lee met Bob Moss.")
    return case.checkpoints("Ann Lee met Bob Moss.")


def tiered(
    case: LedgerCase, redis_url: str | None, blobs: Blobs | None = None
) -> TieredCheckpoints:
    blobs = blobs or case.blobs
    durable = PostgresCheckpoints(case.engine, lambda _: case.publisher(), blobs)
    fast = RedisCheckpoints(link_to(redis_url), 100, blobs) if redis_url else None
    return TieredCheckpoints(fast, durable)


def stored(case: LedgerCase) -> int:
    return int(case.value("SELECT count(*) FROM stage_results"))


def redis_key(key: CheckpointKey) -> str:
    return keys.checkpoint(*key)


def test_accelerated_it_lands_in_redis_alone(
    case: LedgerCase, made: list[Checkpoint], valkey_url: str
) -> None:
    both = tiered(case, valkey_url)
    put = both.put(case.project, made)
    assert (put.landed, put.persisted) == ((Landed.REDIS,) * 5, None)
    assert stored(case) == 0
    assert both.look([], [made[0].key]) == {made[0].key: made[0]}
    assert both.trouble == ""


@pytest.mark.parametrize("url", [None, AWAY], ids=["by choice", "away"])
def test_without_redis_it_is_committed_and_what_is_complete_is_published(
    case: LedgerCase, made: list[Checkpoint], url: str | None
) -> None:
    both = tiered(case, url)
    put = both.put(case.project, made)
    assert put.landed == (Landed.POSTGRES,) * 5
    assert put.persisted is not None
    assert put.persisted.completed == (case.document("a.txt"),)
    assert stored(case) == 5
    wanted = [checkpoint.key for checkpoint in made]
    assert both.look([], wanted) == both.look(wanted, []) == {x.key: x for x in made}
    assert ("refused" in both.trouble) is (url is AWAY)


def test_a_copy_that_is_gone_is_read_from_postgresql_and_given_back(
    case: LedgerCase, made: list[Checkpoint], valkey_url: str, valkey: redis.Redis
) -> None:
    tiered(case, None).put(case.project, made)
    both = tiered(case, valkey_url)
    key = made[1].key
    assert both.look([key], []) == {}  # what a stage is about to make is looked for in Redis alone
    assert both.look([], [key]) == {key: made[1]}
    assert 0 < valkey.ttl(redis_key(key)) <= 100
    assert valkey.xlen(keys.WRITE_BEHIND) == 0


def test_durable_goes_to_postgresql_at_once_and_redis_gets_a_copy(
    case: LedgerCase, made: list[Checkpoint], valkey_url: str, valkey: redis.Redis
) -> None:
    put = tiered(case, valkey_url).put(case.project, made[:2], durable=True)
    assert put.landed == (Landed.POSTGRES,) * 2
    assert stored(case) == 2
    assert valkey.ttl(redis_key(made[0].key)) > 0


def test_postgresqls_checkpoint_wins_over_what_is_put(
    case: LedgerCase, made: list[Checkpoint], valkey_url: str
) -> None:
    tiered(case, None).put(case.project, made[:1])
    loser = made[0].model_copy(update={"digest": "loser", "payload": b"loser"})
    both = tiered(case, valkey_url)
    assert both.put(case.project, [loser]).stays == (loser,)  # Redis knows no better yet
    assert both.put(case.project, [loser], durable=True).stays == (made[0],)
    assert both.look([], [loser.key]) == {loser.key: made[0]}


def test_an_object_store_that_is_away_is_not_told_as_redis(
    case: LedgerCase,
    made: list[Checkpoint],
    valkey_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 10)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert tiered(case, valkey_url).put(case.project, made[:1]).landed == (Landed.REDIS,)
    away = tiered(case, valkey_url, S3Blobs.from_url("s3://bucket", "http://127.0.0.1:1"))
    for asked in (
        lambda: away.look([], [made[0].key]),
        lambda: away.put(case.project, made[1:2]),
    ):
        with pytest.raises(TemporaryError, match="S3") as told:
            asked()
        assert not isinstance(told.value, RedisAwayError)
        assert away.trouble == ""
    assert stored(case) == 0
