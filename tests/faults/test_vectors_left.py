"""Vectors that a run did not come to are computed by the same command, or by the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from actors import driver
from actors.on_ray import Source
from actors.progress import EMBEDDING, Snapshot
from actors.report import Report
from actors.request import Request
from actors.run_result import INTERRUPTED, RunResult
from actors.stop import Stop
from actors.workplace import HostStage, Workplace
from faults import small_stages
from faults.local_pools import LocalPools
from faults.local_run import in_threads
from faults.small_run import write_documents
from pipeline.assembly import Hosted, Stores
from pipeline.documents import StageName
from pipeline.errors import UnavailableError
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.walking import Selection, Walk

DOCUMENTS = 12


@pytest.fixture
def unaided(settings: Settings, tmp_path: Path) -> Settings:
    """Give settings without a cache that would know vectors already."""
    write_documents(tmp_path / "documents", DOCUMENTS)
    run = RunSettings(shared_files=True, persist_seconds=0.05, lease_seconds=2.0)
    return settings.model_copy(update={"acceleration": "off", "run": run})


class Command:
    """`casegraph run`, whose turns end as `turn` says; it counts them."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.turns = 0
        self.shown: list[Snapshot] = []
        self.host: HostStage = small_stages.host
        self.turn: Callable[[RunResult], RunResult] = lambda result: result

    def __call__(self, stop: Stop | None = None) -> Report:
        return driver.run(
            self.settings,
            Request([str(self.folder)], "p", Walk(Selection())),
            self.shown.append,
            stop or Stop(),
            plan_of=small_stages.plan,
            host=self.host,
            rules=small_stages.SmallRules,
            carry_out=self._carry_out,
        )

    def _carry_out(
        self, place: Workplace, source: Source, show: Callable[[Snapshot], None], stop: Stop
    ) -> RunResult:
        self.turns += 1
        return self.turn(in_threads(place, source, show, stop))

    def lacking(self) -> tuple[int, int]:
        """Count the chunks without a vector, and all."""
        assert self.settings.database_url is not None
        engine = postgres.engine_of(self.settings.database_url.get_secret_value(), pool_size=1)
        try:
            with engine.connect() as connection:
                query = "SELECT count(*) FILTER (WHERE vector IS NULL), count(*) FROM chunks"
                lacking, count = connection.execute(text(query)).one()
        finally:
            engine.dispose()
        return lacking, count


@pytest.fixture
def command(unaided: Settings, tmp_path: Path) -> Command:
    return Command(unaided, tmp_path / "documents")


def test_the_same_command_computes_what_a_coordinator_that_died_did_not(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(pools: LocalPools) -> int:
        raise RuntimeError("as if it were killed here")

    died = {"outcome": INTERRUPTED, "reason": "the coordinator died", "by_own_fault": False}
    monkeypatch.setattr(LocalPools, "fill_vectors", dies)
    command.turn = lambda result: result.model_copy(update=died)

    report = command()

    assert report.outcome == "finished"
    assert report.completed >= DOCUMENTS
    lacking, count = command.lacking()
    assert (lacking, command.turns) == (0, 1)
    assert count >= DOCUMENTS
    assert EMBEDDING in {snapshot.state for snapshot in command.shown}


def test_the_next_command_computes_what_one_that_was_stopped_did_not(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, stop, asked = LocalPools.fill_vectors, Stop(), threading.Event()

    async def stopped(pools: LocalPools) -> int:
        stop.asked = True
        asked.set()
        return 1

    monkeypatch.setattr(LocalPools, "fill_vectors", stopped)
    first = command(stop)
    assert asked.is_set()
    assert first.outcome == "stopped"
    lacking, _ = command.lacking()
    assert lacking > 0

    monkeypatch.setattr(LocalPools, "fill_vectors", fill)
    assert command().outcome == "finished"
    lacking, _ = command.lacking()
    # Nothing else is to be done, so no actor is started for it.
    assert (lacking, command.turns) == (0, 1)


def test_what_keeps_vectors_from_being_computed_is_said_and_one_may_stop_there(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill, stop = LocalPools.fill_vectors, Stop()

    async def stopped(pools: LocalPools) -> int:
        stop.asked = True
        return 1

    monkeypatch.setattr(LocalPools, "fill_vectors", stopped)
    command(stop)
    monkeypatch.setattr(LocalPools, "fill_vectors", fill)

    def missing(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
        raise UnavailableError("the model is not installed: pip install it")

    command.host = missing
    failed = command()
    assert (failed.outcome, failed.reason) == (
        "failed",
        "the model is not installed: pip install it",
    )

    def breaks(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
        raise RuntimeError("no memory is left")

    command.host = breaks
    failed = command()
    assert failed.outcome == "failed"
    assert "RuntimeError: no memory is left" in failed.reason
    said = capsys.readouterr().err.splitlines()
    assert said == ["vectors could not be computed (builtins.RuntimeError)"]

    later = Stop()

    def stops(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
        later.asked = True
        return small_stages.host(stage, settings, stores)

    command.host = stops
    assert command(later).outcome == "stopped"
    command.host = small_stages.host
    assert command().outcome == "finished"
    assert (command.lacking()[0], command.turns) == (0, 1)


def test_a_command_that_finds_nothing_lacking_says_nothing_of_it(command: Command) -> None:
    command()
    command.shown.clear()
    assert command().outcome == "finished"
    assert (command.lacking()[0], command.turns) == (0, 1)
    assert EMBEDDING not in {snapshot.state for snapshot in command.shown}
