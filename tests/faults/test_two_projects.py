"""A small run beside another project that fills the same queue without a pause."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis
from checkpoint_case import link_to
from sqlalchemy import text
from waiting import until

from actors import settlement, speeds
from actors.persistence_actor import Drained, make_worker
from actors.run_result import RunResult
from faults import small_stages
from faults.local_pools import LocalPools
from faults.small_run import SmallRun, write_documents
from faults.small_stages import SmallStage
from pipeline import identity
from pipeline.assembly import Hosted
from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores import keys, postgres
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import Checkpoint, Persisted
from pipeline.stores.redis_checkpoints import RedisCheckpoints

PATIENT = 40.0
OTHER = "11111111-1111-5111-8111-111111111111"
SOME = 50
COMPLETED = text("""
SELECT content_id::text AS content, id::text AS document, claimed_by::text AS run
FROM documents WHERE status = 'completed'
""")


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


@contextmanager
def read_by_another(settings: Settings, run: SmallRun) -> Iterator[None]:
    """Have the persistence of a run of another project read all of the queue within the block."""
    worker = make_worker(settings, run.urls, OTHER, "beside")
    assert worker is not None
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            worker.drain(20)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENT)
        worker.leave()


def completed(run: SmallRun) -> Persisted:
    """Tell what is completed, as who has published it does."""
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    with engine.connect() as connection:
        rows = connection.execute(COMPLETED).all()
    engine.dispose()
    return Persisted(
        published=tuple(row.content for row in rows),
        completed=tuple(row.document for row in rows),
        claimed=tuple((row.document, row.run) for row in rows),
    )


def test_a_run_hears_before_its_end_of_what_a_run_beside_it_has_published(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would hold all of that, and of a long run that is too much. What its own persistence
    tells late is not counted once more, and a PostgreSQL that is away is asked another time.
    """
    few, last, numbers = 8, threading.Event(), count()
    late: list[Persisted] = []
    monkeypatch.setattr(settlement, "MOST_UNHEARD", few)
    monkeypatch.setattr(speeds, "MAX_BATCH", 1)

    async def finds_nothing(*_: object) -> Drained:
        await asyncio.sleep(0.01)
        return Drained(persisted=late.pop() if late else Persisted())

    monkeypatch.setattr(LocalPools, "drain", finds_nothing)
    ask, asked = Ledger.completed, count()

    def is_away_at_first(ledger: Ledger, documents: Sequence[str]) -> Sequence[str]:
        if not next(asked):
            raise TemporaryError("PostgreSQL is away")
        return ask(ledger, documents)

    monkeypatch.setattr(Ledger, "completed", is_away_at_first)
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(4 * few):
        (folder / f"{number:02}.txt").write_text(f"Ann Lee met Bob Moss on day {number}.")

    def relate(of: Any) -> Any:
        """Relate one after those before it are published, and the last when it is let go."""
        number = next(numbers)
        until(lambda: run.counts()["completed"] >= number - few // 2)
        assert number < 4 * few - 1 or last.wait(PATIENT)
        return small_stages.relate(of)

    def host(stage: StageName, *known: Any) -> Hosted:
        hosted = small_stages.host(stage, *known)
        if stage is not StageName.RELATE:
            return hosted
        return replace(hosted, stage=SmallStage(stage, relate))

    run = SmallRun(settings, folder, host=host, actors=dict.fromkeys(STAGES, 1))

    async def whole() -> RunResult:
        coordinator = run.coordinator()
        work = asyncio.create_task(coordinator.run())
        try:
            async with asyncio.timeout(PATIENT):
                while (await coordinator.snapshot()).completed < 2 * few:
                    await asyncio.sleep(0.01)
            late.append(completed(run))
            await asyncio.wait_for(asyncio.to_thread(until, lambda: not late), PATIENT)
        finally:
            last.set()
        return await asyncio.wait_for(work, PATIENT)

    with read_by_another(settings, run):
        result = asyncio.run(whole())

    assert (result.outcome, result.completed, result.failed) == ("finished", 4 * few, 0)
    assert run.counts()["completed"] == 4 * few
