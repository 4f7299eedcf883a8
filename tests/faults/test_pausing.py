"""What a run does while persistence stands still or dies: it takes nothing more in, and goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis

from actors.persistence_actor import Drained
from actors.run_result import RunResult
from faults.local_pools import LocalPools
from faults.small_run import SmallRun
from pipeline.errors import TemporaryError
from pipeline.settings import RunSettings, Settings
from pipeline.stage import STAGES
from pipeline.stores import keys

DOCUMENTS, QUEUE_PAUSE, WINDOW = 250, 20, 8
# What is in the flow, and what comes in before the queue is looked at again.
ON_THEIR_WAY = (WINDOW + 25) * len(STAGES)
STILL_SECONDS, PATIENT = 2.0, 90.0


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    monkeypatch.setenv("SMALL_STAGE_SECONDS", "0.01")
    folder = tmp_path / "documents"
    folder.mkdir()
    # No copies: one whose content is being written would wait with the lock, and hold up the rest.
    for number in range(DOCUMENTS):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Moss on day {number}.")
    pausing = RunSettings(queue_pause=QUEUE_PAUSE, window=WINDOW, persist_seconds=0.05)
    return SmallRun(settings.model_copy(update={"run": pausing}), folder)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Let nobody write to `stage_results` within the block."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE stage_results IN EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


def longest(valkey: redis.Redis) -> int:
    """Wait until the queue has begun to grow and does so no more; return its length."""
    deadline = time.monotonic() + PATIENT
    length, since = 0, time.monotonic()
    while not length or time.monotonic() - since < STILL_SECONDS:
        assert time.monotonic() < deadline, f"{length} entries, and no end"
        now = int(valkey.xlen(keys.WRITE_BEHIND))
        if now != length:
            length, since = now, time.monotonic()
        time.sleep(0.02)
    return length


def test_a_run_pauses_while_persistence_waits_for_a_lock(
    run: SmallRun, migrated_url: str, valkey: redis.Redis
) -> None:
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(run()))
    with locked(migrated_url):
        thread.start()
        held = longest(valkey)
    thread.join(PATIENT)

    assert QUEUE_PAUSE < held <= QUEUE_PAUSE + ON_THEIR_WAY
    assert [result.outcome for result in results] == ["finished"], "it goes on"
    assert not run.left()
    assert valkey.xlen(keys.WRITE_BEHIND) == 0


def test_a_death_beside_a_call_longer_than_patience_is_borne(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing moves while the call goes on; that is not what patience is for."""
    patience = 0.5
    monkeypatch.setenv("SMALL_STAGE_SECONDS", "2.5")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("Ann Lee met Bob Moss.")
    drain = LocalPools.drain
    rounds: list[float] = []
    deaths: list[float] = []

    async def dying(pools: LocalPools, block_ms: int) -> Drained:
        rounds.append(time.monotonic())
        if not deaths and rounds[-1] - rounds[0] > 1.5:
            deaths.append(rounds[-1])
            monkeypatch.setenv("SMALL_STAGE_SECONDS", "0")
            raise TemporaryError("the persistence process died and is started again")
        return await drain(pools, block_ms)

    monkeypatch.setattr(LocalPools, "drain", dying)
    brief = settings.model_copy(update={"run": RunSettings(patience_seconds=patience)})
    result = SmallRun(brief, folder)()

    assert deaths
    assert (result.outcome, result.reason, result.completed) == ("finished", "", 1)


def test_a_count_of_bytes_that_is_wrong_holds_up_no_run(
    settings: Settings, tmp_path: Path, valkey: redis.Redis
) -> None:
    """Nothing is queued, and yet most of the memory is said to be taken."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("Ann Lee met Bob Moss.")
    valkey.set(keys.UNPERSISTED_BYTES, valkey.info("memory")["maxmemory"])

    result = SmallRun(settings, folder)()

    assert (result.outcome, result.mode, result.completed) == ("finished", "accelerated", 1)
    assert valkey.get(keys.UNPERSISTED_BYTES) == b"0"


def test_a_run_that_cannot_go_on_says_why_in_one_line(
    settings: Settings, migrated_url: str, tmp_path: Path
) -> None:
    """Not the statement and its values, which a driver's error brings along."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("Ann Lee met Bob Moss.")
    connection = psycopg2.connect(migrated_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stage_results RENAME COLUMN digest TO other")
    connection.close()

    result = SmallRun(settings, folder)()

    assert result.outcome == "failed"
    assert "digest" in result.reason
    assert "\n" not in result.reason
    assert "SQL" not in result.reason
