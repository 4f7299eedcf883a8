"""A process that dies at any named point loses nothing: who comes next ends with the same graph.

All points are walked one by one, each in a process of its own, on real stores and without Ray.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from published_case import shared_database

from actors.persistence_actor import drain_queue
from faults.invariants import broken
from faults.small_run import Outcome, SmallRun, undisturbed, write_documents
from pipeline import assembly, identity
from pipeline.crash_points import POINTS, VARIABLE
from pipeline.documents import StageName
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_checkpoints import RedisCheckpoints

DOCUMENTS = 12
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults.small_run", "actors.coordinator", "boto3"])


def die_there(run: SmallRun, at: str) -> None:
    """Do the work of a process with a crash point set."""
    os.environ[VARIABLE] = at
    if at.startswith(("adopt", "refuse")):
        drain_queue(run.settings, run.urls)
    else:
        run.until_done()


def ending(run: SmallRun, at: str) -> int | None:
    """Run in a process of its own and give its exit status."""
    process = PROCESSES.Process(target=die_there, args=(run, at))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        pytest.fail(f"the run does not end at {at}")
    return process.exitcode


def strange(run: SmallRun, point: str) -> None:
    """Queue what comes to these points: a checkpoint that PostgreSQL has with another digest, one
    of a project that is gone.
    """
    link = assembly.open_link(run.settings, run.urls)
    assert link is not None
    project = identity.project_id("gone")
    content = identity.content_id(project, "0" * 64, "text/plain")
    fingerprint, stage = "f" * 64, StageName.OCR
    if point.startswith("adopt"):
        engine = postgres.engine_of(run.urls.database_url)
        with engine.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT content_id::text, stage, fingerprint FROM stage_results ORDER BY 1, 2, 3"
            ).first()
        engine.dispose()
        project = identity.project_id(run.project)
        content, stage, fingerprint = row[0], StageName(row[1]), row[2]
    with link.answering() as client:
        client.flushdb()
    loser = Checkpoint(
        content=content, stage=stage, fingerprint=fingerprint, digest="loser", payload=b"loser"
    )
    RedisCheckpoints(link, 100).put(project, [loser])


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crashes") / "documents"
    write_documents(folder, DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def expected(
    services: ServiceUrls,
    migrated_template: str,
    few: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    with shared_database(services, migrated_template) as url:
        return undisturbed(few, url, tmp_path_factory.mktemp("quiet"))


OF_REDIS = ("put", "done", "adopt", "refuse")
WALKED = [
    *((point, "on") for point in POINTS),
    *((point, "off") for point in POINTS if not point.startswith(OF_REDIS)),
]


@pytest.mark.parametrize(("point", "acceleration"), WALKED)
def test_a_death_at_any_point_changes_nothing(
    point: str,
    acceleration: str,
    few: Path,
    expected: Outcome,
    settings: Settings,
    tmp_path: Path,
) -> None:
    fast = RunSettings(window=8, persist_seconds=0.02, lease_seconds=0.5)
    run = SmallRun(settings.model_copy(update={"acceleration": acceleration, "run": fast}), few)
    if point.startswith(("adopt", "refuse")):
        run.until_done()
        strange(run, point)
    marker = tmp_path / "died"
    assert ending(run, f"{point}@{marker}") == -signal.SIGKILL
    assert marker.exists()
    if acceleration == "on":
        assert broken(run) == []
    assert ending(run, f"{point}@{marker}") == 0
    assert (run.digest(), run.counts()) == expected
    if acceleration == "on":
        assert broken(run) == []
