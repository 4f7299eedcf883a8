"""As `test_crash_points`, on Ray: whichever process comes to a point dies there, once.

A stage actor or the persistence actor is started again and the run goes on; with the coordinator
or the command the run ends, and the next one goes on. Nobody is blamed.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import crash_scenes
from faults.crash_scenes import OF_MODELS
from faults.invariants import broken, unsettled
from faults.ray_process import reap, start
from faults.servers import OwnPostgres, OwnValkey
from faults.small_run import Outcome, SmallRun, undisturbed, write_documents
from pipeline import identity
from pipeline.crash_points import POINTS, VARIABLE
from pipeline.documents import StageName
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres

DOCUMENTS = 12
SECONDS = 120.0
FINISHED = 3
"""With documents that fail by themselves."""
RUN = RunSettings(cpus=1, window=8, persist_seconds=0.02, lease_seconds=1)
NOT_ON_RAY = {
    "forget.before-commit": "forgetting is a command of its own, which starts no Ray",
    "forget.after-commit": "as before the commit",
    **{
        f"{command}.{when}-commit": why
        for when in ("before", "after")
        for command, why in {
            "retry": "another command that starts no Ray",
            "decide": "another command that starts no Ray",
            "delete": "another command that starts no Ray",
            "loosen": "only forgetting and deleting drop what PostgreSQL does not have",
            "remove": "the small run on Ray has no object that was loose for long",
            "skip": "the small run on Ray has no document that is too large",
        }.items()
    },
}
OF_THE_COMMAND = ("bind", "open", "record", "start", "end")
OF_THE_COORDINATOR = ("claim", "identify", "fail", "again", "requeue", "renew", "release")
WALKED = [
    *(
        (point, "on")
        for point in POINTS
        if point not in NOT_ON_RAY and not point.startswith(OF_MODELS)
    ),
    # Without Redis it is the stage actors that write.
    *((point, "off") for point in POINTS if point.startswith("persist")),
]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crashes-on-ray") / "documents"
    write_documents(folder, DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def expected(
    postgres_server: OwnPostgres, few: Path, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    return undisturbed(few, postgres_server.url, tmp_path_factory.mktemp("quiet"))


@pytest.fixture
def run(
    request: pytest.FixtureRequest,
    postgres_server: OwnPostgres,
    valkey_server: OwnValkey,
    few: Path,
    tmp_path: Path,
) -> Iterator[SmallRun]:
    """Give a project of its own on the module's servers; Redis is empty."""
    valkey_server.flush()
    point, mode = request.node.callspec.params["point"], request.node.callspec.params["mode"]
    settings = Settings(
        home=tmp_path / "home",
        database_url=postgres_server.url,  # type: ignore[arg-type]
        redis_url=valkey_server.url,  # type: ignore[arg-type]
        acceleration=mode,
        run=RUN,
    )
    return SmallRun(settings, few, f"{point}-{mode}").move_in()


def environment_of(run: SmallRun) -> dict[str, str]:
    return {
        "CASEGRAPH_HOME": str(run.settings.home),
        "CASEGRAPH_DATABASE_URL": run.urls.database_url,
        "CASEGRAPH_REDIS_URL": run.urls.redis_url,
        "CASEGRAPH_ACCELERATION": run.settings.acceleration,
        "CASEGRAPH_RUN": RUN.model_dump_json(),
    }


def ending(run: SmallRun, environment: dict[str, str], *more: str) -> tuple[int, str]:
    """Run on Ray once; give the exit status and what was said."""
    process = start(environment_of(run) | environment, str(run.folder), run.project, *more)
    try:
        _, said = process.communicate(timeout=SECONDS)
    finally:
        reap(process)
    return process.returncode, said


def blamed(run: SmallRun) -> list[str]:
    """Name the errors of which documents were ever accused that do not fail by themselves."""
    engine = postgres.engine_of(run.urls.database_url)
    try:
        with engine.connect() as connection:
            return list(
                connection.exec_driver_sql(
                    "SELECT f.error FROM failures f JOIN documents d ON d.id = f.document_id"
                    " WHERE d.project_id = %s AND f.error <> 'unreadable'",
                    (identity.project_id(run.project),),
                ).scalars()
            )
    finally:
        engine.dispose()


def status_after(point: str) -> int:
    """Say how a run ends in which the process died that comes to a point."""
    if point.startswith(OF_THE_COMMAND):
        return -signal.SIGKILL
    return 1 if point.startswith(OF_THE_COORDINATOR) else FINISHED


@pytest.mark.long
@pytest.mark.parametrize(("point", "mode"), WALKED)
def test_a_death_at_any_point_on_ray_changes_nothing(
    point: str, mode: str, run: SmallRun, expected: Outcome, tmp_path: Path
) -> None:
    environment = crash_scenes.prepare(run, point, tmp_path)
    marker = tmp_path / "died"
    environment[VARIABLE] = f"{point}@{marker}"
    from_stage = [StageName.RELATE] if point.startswith(crash_scenes.AFTER_A_RUN) else []

    status, said = ending(run, environment, *from_stage)

    assert marker.exists(), said
    assert status == status_after(point), said
    if mode == "on":
        assert broken(run) == []
    if status != FINISHED or run.left():
        # The point is still set, and nobody dies at it again.
        status, said = ending(run, environment)
        assert (status, run.left()) == (FINISHED, 0), said
        if mode == "on":
            assert broken(run) == []
    assert (run.digest(), run.counts()) == expected
    assert unsettled(run) == []
    assert blamed(run) == []


def test_what_is_not_walked_on_ray_is_walked_without() -> None:
    """`test_crash_points` walks every point that the source names."""
    assert NOT_ON_RAY.keys() < set(POINTS)
    assert all(NOT_ON_RAY.values())
