"""Actors whose processes take more and more memory: started anew, at nobody's cost."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from faults import small_stages
from faults.ray_process import reap, start
from sqlalchemy import text
from waiting import until

from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores import postgres

DOCUMENTS = 10
PATIENT = 200.0


def processes(of: int, kind: str) -> set[int]:
    """Name the living processes of one kind of actor, by their ids."""
    found = set()
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(of).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                # One that has just ended has no words.
                if "".join(process.cmdline()[:1]).startswith(f"ray::{kind}"):
                    found.add(process.pid)
    return found


@pytest.mark.long
def test_a_process_that_grows_is_started_anew_and_nothing_is_lost(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url
    assert settings.redis_url
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Ray.\nNumber {number}")
    run = start(
        {
            "CASEGRAPH_HOME": str(settings.home),
            "CASEGRAPH_DATABASE_URL": settings.database_url.get_secret_value(),
            "CASEGRAPH_REDIS_URL": settings.redis_url.get_secret_value(),
            "CASEGRAPH_RUN__CPUS": "1",
            "CASEGRAPH_RUN__GROWTH_BYTES": str(64 << 20),
            # Four inputs are too many; what a call works on comes on top.
            small_stages.HOARDS: str(20 << 20),
            # Calls of few documents: a batch is what a process works on within a time.
            small_stages.SECONDS: "0.1",
        },
        str(folder),
        "growing",
    )
    seen: set[int] = set()

    def has_ended() -> bool:
        seen.update(processes(run.pid, "StageActor"))
        return run.poll() is not None

    try:
        until(has_ended, PATIENT)
        out, err = run.communicate()
    finally:
        reap(run)
    report = json.loads(out)
    assert report["documents"]["completed"] == DOCUMENTS, err
    assert report["stage_calls"] == {stage.value: DOCUMENTS for stage in STAGES}
    # On one core each stage has one actor, and five processes would have been enough.
    assert len(seen) > 2 * len(STAGES), seen
    engine = postgres.connect(settings.database_url.get_secret_value())
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT DISTINCT attempts FROM documents")).all() == [1]
    engine.dispose()
