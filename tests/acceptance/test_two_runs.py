"""Two `casegraph run` of one project at the same time, and one that was paused meanwhile."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from faults import history
from sqlalchemy import Engine, text
from waiting import until

from pipeline.stores import postgres

pytestmark = pytest.mark.long

DOCUMENTS = 150
PATIENT = 150.0
QUICK = {"CASEGRAPH_RUN__WINDOW": "8", "CASEGRAPH_RUN__LEASE_SECONDS": "2"}


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = postgres.connect(migrated_url)
    history.remember(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        words = f"Alice Moreno met Robert Chen in Seattle. She sued Acme {number} Inc. in 2021."
        (folder / f"{number:02}.txt").write_text(words)
    return folder


def count(engine: Engine, question: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(question)) or 0)


COMPLETED = "SELECT count(*) FROM documents WHERE status = 'completed'"
WORKERS = "SELECT count(DISTINCT claimed_by) FROM documents"


def signal_all(pid: int, number: int) -> None:
    """Send a signal to a process and all that it started, Ray's too."""
    first = psutil.Process(pid)
    for process in (first, *first.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def test_two_runs_at_the_same_time_share_the_work(casegraph, corpus: Path, engine: Engine) -> None:
    arguments = ("run", str(corpus), "--project", "p", "--json")
    # Fewer in flight than there are, so that there is something left to share.
    few = replace(casegraph, environment={**casegraph.environment, "CASEGRAPH_RUN__WINDOW": "8"})
    both = [few.start(*arguments) for _ in range(2)]
    try:
        said = [process.communicate(timeout=PATIENT) for process in both]
    finally:
        for process in both:
            process.kill()
    assert [process.returncode for process in both] == [0, 0], said
    assert count(engine, COMPLETED) == DOCUMENTS
    assert count(engine, WORKERS) == 2
    assert history.written(engine) > 5 * DOCUMENTS
    assert history.written_twice(engine) == []
    assert history.takeovers(engine) == (0, 0)


def test_a_run_that_was_paused_past_its_lease_changes_nothing(
    casegraph, corpus: Path, engine: Engine
) -> None:
    quick = replace(casegraph, environment={**casegraph.environment, **QUICK})
    arguments = ("run", str(corpus), "--project", "p", "--json")
    paused = quick.start(*arguments)
    try:
        until(
            lambda: count(engine, "SELECT count(*) FROM documents WHERE status = 'running'"),
            PATIENT,
        )
        signal_all(paused.pid, signal.SIGSTOP)
        assert count(engine, COMPLETED) < DOCUMENTS
        until(
            lambda: not count(engine, "SELECT count(*) FROM runs WHERE lease_until > now()"),
            PATIENT,
        )
        other = json.loads(quick(*arguments).stdout)
        assert other["documents"]["completed"] == DOCUMENTS
        before = quick("digest", "--project", "p").stdout
        taken, wrong = history.takeovers(engine)
        assert taken > 0
        assert wrong == 0
        signal_all(paused.pid, signal.SIGCONT)
        out, err = paused.communicate(timeout=PATIENT)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            signal_all(paused.pid, signal.SIGCONT)
        paused.kill()
    assert paused.returncode == 0, f"{out}\n{err}"
    assert count(engine, COMPLETED) == DOCUMENTS
    assert count(engine, "SELECT count(*) FROM failures") == 0
    assert history.written_twice(engine) == []
    assert quick("digest", "--project", "p").stdout == before
