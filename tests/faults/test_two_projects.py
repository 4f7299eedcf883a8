"""A small run beside another project that fills the same queue without a pause."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import redis
from checkpoint_case import link_to

from actors.run_result import RunResult
from faults.small_run import SmallRun, write_documents
from pipeline import identity
from pipeline.documents import StageName
from pipeline.settings import Settings
from pipeline.stores import keys
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_checkpoints import RedisCheckpoints

PATIENT = 40.0
OTHER = "11111111-1111-5111-8111-111111111111"
SOME = 50


@contextmanager
def filled(url: str, valkey: redis.Redis) -> Iterator[None]:
    """Keep the queue from ever being empty within the block."""
    fast, over, numbers = RedisCheckpoints(link_to(url), 100), threading.Event(), count()

    def fill() -> None:
        while not over.is_set():
            if valkey.xlen(keys.WRITE_BEHIND) < 4 * SOME:
                fast.put(OTHER, [other(next(numbers)) for _ in range(SOME)])

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def other(number: int) -> Checkpoint:
    """Make a checkpoint of the other project."""
    return Checkpoint(
        content=identity.content_id(OTHER, f"{number:064}", "text/plain"),
        stage=StageName.OCR,
        fingerprint="f",
        digest="d",
        payload=b"x",
    )


def test_a_small_run_ends_beside_another_project_and_not_before_its_own_entries_are_persisted(
    settings: Settings, valkey_url: str, valkey: redis.Redis, tmp_path: Path
) -> None:
    write_documents(tmp_path / "few", 20)
    small = SmallRun(settings, tmp_path / "few", "small")
    results: list[RunResult] = []
    queued: list[bytes] = []

    def whole() -> None:
        results.append(small())
        queued.extend(fields[b"project"] for _, fields in valkey.xrange(keys.WRITE_BEHIND))

    thread = threading.Thread(target=whole)
    with filled(valkey_url, valkey):
        thread.start()
        thread.join(PATIENT)
        ended = not thread.is_alive()
    thread.join()

    assert ended
    assert [result.outcome for result in results] == ["finished"]
    assert not small.left()
    assert OTHER.encode() in queued
    assert identity.project_id("small").encode() not in queued
