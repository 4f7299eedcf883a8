"""Whatever PostgreSQL does while a run is on: it waits and goes on, or ends with one clear line and
goes on later. Nothing is marked done that is not.

A whole run with small stages, without Ray, on a PostgreSQL of its own and the session's Valkey.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_case import LedgerCase, emptied
from sqlalchemy import Engine

from faults.harmed import DOCUMENTS, PATIENT, Harmed
from faults.harmed_call import through
from faults.local_pools import LocalPools
from faults.proxy import Proxy, proxy_for
from faults.ray_process import ROOT, reap
from faults.servers import OwnPostgres
from faults.small_cli import ON_RAY
from faults.small_run import Outcome, SmallRun
from pipeline.errors import TemporaryError
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.stores.forgetting import Forgetting, Forgotten

RUN = RunSettings(window=8, persist_seconds=0.02, lease_seconds=2)
LONG = RUN.model_copy(update={"patience_seconds": 300.0, "cpus": 2})
ENDS_WITHIN = 12.0


@dataclass
class Faulty(Harmed):
    """A run whose PostgreSQL a test can harm: the server itself, or the line to it."""

    server: OwnPostgres


IN_BOTH_MODES = pytest.mark.parametrize("faulty", ["on", "off"], indirect=True)
"""The others are in the long suite in database mode, where it is the same code that waits."""


@pytest.fixture(params=["on", pytest.param("off", marks=pytest.mark.long)])
def faulty(
    request: pytest.FixtureRequest,
    postgres_server: OwnPostgres,
    folder: Path,
    valkey_url: str,
    tmp_path: Path,
) -> Iterator[Faulty]:
    with proxy_for(postgres_server.url) as line:
        through = Settings(
            home=tmp_path / "home",
            database_url=line.url(postgres_server.url),  # type: ignore[arg-type]
            redis_url=valkey_url,  # type: ignore[arg-type]
            acceleration=request.param,
            run=RUN,
        )
        past = through.model_copy(
            update={"database_url": Settings(database_url=postgres_server.url).database_url}  # type: ignore[arg-type]
        )
        project = request.node.name
        yield Faulty(
            SmallRun(through, folder, project),
            SmallRun(past, folder, project).move_in(),
            line,
            postgres_server,
        )


@IN_BOTH_MODES
def test_killed_and_restarted(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        faulty.server.restart()
    assert results[0].outcome == "finished"
    assert faulty.outcome() == quiet


def test_refused_for_a_while(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        faulty.line.refuse()
        faulty.line.cut()
        time.sleep(RUN.lease_seconds * 1.5)  # the fault itself: longer than the lease
        faulty.line.heal()
    assert results[0].outcome == "finished"
    assert faulty.outcome() == quiet


def test_refused_when_all_is_published_and_vectors_are_filled_in(
    faulty: Faulty, quiet: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = LocalPools.fill_vectors
    told: list[str] = []

    async def refused(pools: LocalPools) -> int:
        if not told:
            faulty.line.refuse()
            faulty.line.cut()
        try:
            return await fill(pools)
        except TemporaryError as error:
            told.append(str(error))
            faulty.line.heal()
            raise

    monkeypatch.setattr(LocalPools, "fill_vectors", refused)
    result = faulty.run()

    assert len(told) == 1
    assert result.outcome == "finished"
    assert faulty.outcome() == quiet
    with postgres.connect(faulty.server.url).connect() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM chunks WHERE vector IS NULL")
        assert left.scalar() == 0


def test_paused_past_the_lease(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        faulty.server.pause()
        time.sleep(RUN.lease_seconds * 1.5)  # the fault itself
        faulty.server.resume()
    assert results[0].outcome == "finished"
    assert faulty.outcome() == quiet


@IN_BOTH_MODES
def test_cut_again_and_again(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        for _ in range(6):
            faulty.line.cut()
            faulty.after(5)
    assert results[0].outcome == "finished"
    assert faulty.outcome() == quiet


@IN_BOTH_MODES
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unheard"])
def test_commits_lost(faulty: Faulty, quiet: Outcome, answered: bool) -> None:
    with faulty.going() as results:
        for skip in (0, 1, 2, 3):
            faulty.line.lose("COMMIT", skip=skip, answered=answered)
            faulty.until(lambda: faulty.line.lost or not faulty.looking.left())
    assert results[0].outcome == "finished"
    assert faulty.outcome() == quiet


def test_away_for_too_long_is_one_line_and_the_next_run_goes_on(
    faulty: Faulty, quiet: Outcome
) -> None:
    short = RUN.model_copy(update={"patience_seconds": 1.0})
    faulty.run = SmallRun(
        faulty.run.settings.model_copy(update={"run": short}), faulty.run.folder, faulty.run.project
    )
    with faulty.going() as results:
        faulty.line.refuse()
        faulty.line.cut()
        faulty.until(lambda: bool(results))
        faulty.line.heal()
    [result] = results
    assert result.outcome == "failed"
    assert re.search(r"waited [1-9] s", result.reason)
    assert "run again when it is back" in result.reason
    faulty.run.until_done()
    assert faulty.outcome() == quiet


@contextmanager
def command(run: SmallRun) -> Iterator[subprocess.Popen[str]]:
    """Start `casegraph run` with a patience that no test has; on Ray where calls are in the way,
    which a thread cannot be ended in.
    """
    settings = run.settings
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CASEGRAPH_")}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "faults.small_cli",
            "run",
            str(run.folder),
            "--project",
            run.project,
        ],
        env=kept
        | {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
            "CASEGRAPH_HOME": str(settings.home),
            "CASEGRAPH_DATABASE_URL": run.urls.database_url,
            "CASEGRAPH_REDIS_URL": run.urls.redis_url,
            "CASEGRAPH_ACCELERATION": settings.acceleration,
            "CASEGRAPH_RUN": LONG.model_dump_json(),
            **({ON_RAY: "1"} if settings.acceleration == "off" else {}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        reap(process)


def test_ctrl_c_is_heard_while_it_is_away(faulty: Faulty, quiet: Outcome) -> None:
    with command(faulty.run) as process:
        faulty.until(lambda: faulty.done() >= DOCUMENTS // 8)
        faulty.line.refuse()
        faulty.line.cut()
        time.sleep(2)  # the fault itself: the waits become long ones
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENT)
        took = time.monotonic() - asked
    faulty.line.heal()

    last = said.strip().splitlines()[-1]
    assert process.returncode == 130, said
    assert last.startswith("casegraph: stopped; what was done is kept"), said
    assert took < ENDS_WITHIN, said
    faulty.run.until_done()
    assert faulty.outcome() == quiet


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unheard"])
def test_forgetting_counts_what_went_when_the_answer_to_its_commit_is_lost(
    postgres_server: OwnPostgres, straight: Engine, line: Proxy, answered: bool
) -> None:
    case = LedgerCase(emptied(straight))
    case.publish("a", "Ann Lee met Bob Ray.", "Ann Lee", "Bob Ray")
    with through(line, postgres_server) as engine:
        forgetting = Forgetting(engine, case.project, case.blobs, lambda _: None)
        line.lose("COMMIT", skip=1, answered=answered)  # the first one looks for the documents
        gone = forgetting.forget([case.uri("a.txt")])

    assert line.lost
    assert gone == Forgotten(documents=1, contents=1, mentions=2, relationships=1)
    assert case.value("SELECT count(*) FROM documents") == 0
