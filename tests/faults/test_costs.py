"""What a document costs in PostgreSQL: transactions, and whether a stage ever asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.local_pools import LocalPools
from faults.proxy import Proxy, Traffic, proxy_for
from faults.small_run import SmallRun, write_documents
from pipeline.settings import Settings

DOCUMENTS = 200


@pytest.fixture
def lines(migrated_url: str) -> Iterator[tuple[Proxy, Proxy]]:
    """Give two ways to one PostgreSQL: that of the stage actors, and that of all others."""
    with proxy_for(migrated_url) as stages, proxy_for(migrated_url) as others:
        yield stages, others


@pytest.fixture
def run_in(
    lines: tuple[Proxy, Proxy], migrated_url: str, valkey_url: str, tmp_path: Path
) -> Callable[[str], SmallRun]:
    stages, others = lines
    write_documents(tmp_path / "documents", DOCUMENTS)

    def make(acceleration: str) -> SmallRun:
        settings = Settings(
            home=tmp_path / "home",
            database_url=others.url(migrated_url),  # type: ignore[arg-type]
            redis_url=valkey_url,  # type: ignore[arg-type]
            acceleration=acceleration,  # type: ignore[arg-type]
        )
        return SmallRun(settings, tmp_path / "documents", stages_database=stages.url(migrated_url))

    return make


@pytest.fixture
def while_at_work(lines: tuple[Proxy, Proxy], monkeypatch: pytest.MonkeyPatch) -> list[Traffic]:
    """Collect what has passed from the stage actors when a run begins to fill in vectors: from then
    on no document waits, and filling needs PostgreSQL.
    """
    seen: list[Traffic] = []
    fill = LocalPools.fill_vectors

    async def noted(pools: LocalPools) -> int:
        seen.append(lines[0].traffic)
        return await fill(pools)

    monkeypatch.setattr(LocalPools, "fill_vectors", noted)
    return seen


def test_accelerated_a_document_costs_two_transactions_and_no_stage_asks_postgresql(
    lines: tuple[Proxy, Proxy],
    run_in: Callable[[str], SmallRun],
    while_at_work: list[Traffic],
) -> None:
    _, others = lines
    run = run_in("on")
    before = others.traffic

    result = run()

    spent = others.traffic - before
    counts = run.counts()
    assert result.outcome == "finished"
    assert result.mode == "accelerated"
    assert counts["completed"] + counts["failed"] >= DOCUMENTS
    # Two a document are promised; batches make it a fraction, on a busy machine as well.
    assert 0 < spent.commits + spent.rollbacks <= DOCUMENTS
    # Questions that are transactions of their own have no COMMIT, but they are round trips.
    assert spent.round_trips <= 6 * DOCUMENTS, spent
    assert while_at_work[0].connections == 0
    assert result.store_wait.count == result.latency.count > 0
    assert 0 < result.store_wait.median <= result.store_wait.p95 <= result.latency.p95


def test_in_database_mode_the_stages_ask_postgresql_for_each_document(
    run_in: Callable[[str], SmallRun], while_at_work: list[Traffic]
) -> None:

    result = run_in("off")()

    assert result.outcome == "finished"
    assert result.mode == "database"
    assert while_at_work[0].connections > 0
    assert while_at_work[0].commits > DOCUMENTS // 10
