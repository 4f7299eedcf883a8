"""A process that dies at any named point loses nothing: who comes next ends with the same graph.

All points are walked one by one, each in a process of its own, on real stores and without Ray.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from databases import Databases
from s3_case import CREDENTIALS, S3Server, serving

from actors.persistence_actor import drain_queue
from faults import crash_scenes
from faults.crash_scenes import OF_MODELS
from faults.invariants import broken, unsettled
from faults.small_run import Outcome, SmallRun, undisturbed, write_documents
from pipeline import assembly, identity
from pipeline.crash_points import POINTS, VARIABLE
from pipeline.documents import StageName
from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.stores.decisions import record
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.project_deletion import delete_project
from pipeline.walking import Selection, Walk

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = 8
BEFORE_AND_AFTER = ("before", "after")
EXPIRES = "expires, and PostgreSQL does not have it"
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults.small_run", "actors.coordinator", "boto3"])


def come_there(run: SmallRun, point: str) -> None:
    """Do what comes to a point."""
    if point.startswith(("forget", "remove")):
        forget_one(run)
    elif point.startswith("gone"):
        run(from_stage=StageName.RELATE)
    elif point.startswith("skip"):
        leave_one_out(run)
    elif point.startswith("decide"):
        decide(run)
    elif point.startswith("retry"):
        assembly.open_ledger(run.settings, run.urls).retry(identity.project_id(run.project))
    elif point.startswith(("delete", "loosen")):
        delete(run)
    else:
        go_on(run, point)


def go_on(run: SmallRun, point: str) -> None:
    """Do what a process does that finds what is left to do."""
    if point.startswith(("adopt", "refuse")):
        drain_queue(run.settings, run.urls)
    else:
        run.until_done()


def forget_one(run: SmallRun) -> None:
    """Forget a container, with what is in it."""
    link, blobs = assembly.open_link(run.settings, run.urls), assembly.open_blobs(run.settings)
    forgetting = Forgetting(
        postgres.engine_of(run.urls.database_url),
        identity.project_id(run.project),
        blobs,
        ForgottenCopies(link, blobs) if link else lambda _: None,
    )
    forgetting.forget([str(run.folder / "0003.txt")])


def delete(run: SmallRun) -> None:
    """Delete the project, with what Redis and the object store have of it."""
    link, blobs = assembly.open_link(run.settings, run.urls), assembly.open_blobs(run.settings)
    delete_project(
        postgres.engine_of(run.urls.database_url),
        run.project,
        ForgottenCopies(link, blobs) if link else None,
        blobs,
    )


def decide(run: SmallRun) -> None:
    """Say of two names that they are one, of which no document has the other."""
    pair = ((RawName("PERSON", "Ann Lee"),), (RawName("PERSON", "Zoe Lee"),))
    made = Decision(0, DecisionKind.MERGE, pair, who="tester")
    engine = postgres.engine_of(run.urls.database_url)
    record(engine, identity.project_id(run.project), made)


def leave_one_out(run: SmallRun) -> None:
    """Find a document too large that is not so large the next time."""
    ledger = assembly.open_ledger(run.settings, run.urls)
    project = ledger.open_project(run.project, run.plan).id
    [found] = Walk(Selection()).files([str(run.folder / "0003.txt")])
    ledger.record_skipped(project, [(found, "too large")])


def die_there(
    work: Callable[[SmallRun, str], None], run: SmallRun, at: str, environment: Mapping[str, str]
) -> None:
    """Work in a process of its own with a crash point set."""
    os.environ.update({VARIABLE: at, **CREDENTIALS, **environment})
    work(run, at.partition("@")[0])


def ending(
    work: Callable[[SmallRun, str], None],
    run: SmallRun,
    at: str,
    environment: Mapping[str, str] | None = None,
) -> int | None:
    """Work in a process of its own and give its exit status."""
    process = PROCESSES.Process(target=die_there, args=(work, run, at, environment or {}))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        pytest.fail(f"the run does not end at {at}")
    return process.exitcode


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crashes") / "documents"
    write_documents(folder, DOCUMENTS)
    return folder


@pytest.fixture(scope="module")
def expected(
    databases: Databases,
    few: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    with databases.fresh() as url:
        return undisturbed(few, url, tmp_path_factory.mktemp("quiet"))


@pytest.fixture(scope="module")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with serving(tmp_path_factory.mktemp("s3"), {"cases": {}}) as server:
        yield server


OF_REDIS = ("put", "done", "adopt", "refuse", "loosen")
AS_WITH_REDIS = (
    "bind", "open", "record", "skip", "start", "renew", "claim", "again", "requeue", "release",
    "end", "retry",
)  # fmt: skip
"""What knows nothing of Redis."""


def is_alike(point: str, mode: str) -> bool:
    """Say whether a death there is like another: before a commit nothing of it is there, with Redis
    or without. Those are walked in the long suite only.
    """
    same, before = point.startswith(AS_WITH_REDIS), ".before" in point
    return (same and before) if mode == "on" else same or before


def marks(point: str, mode: str) -> list[pytest.MarkDecorator]:
    """Say where a point is walked: what is like another in the long suite, of the others one in
    four in `make test`.
    """
    if is_alike(point, mode):
        return [pytest.mark.long]
    return [] if crash_scenes.stands_for_others(f"{point} {mode}") else [pytest.mark.slow]


WALKED = [
    pytest.param(point, mode, marks=marks(point, mode))
    for mode, points in {
        "on": [point for point in POINTS if not point.startswith(OF_MODELS)],
        "off": [point for point in POINTS if not point.startswith((*OF_REDIS, *OF_MODELS))],
        "s3": [point for point in POINTS if point.startswith("object")],
    }.items()
    for point in points
]


@pytest.mark.parametrize(("point", "mode"), WALKED)
def test_a_death_at_any_point_changes_nothing(
    point: str,
    mode: str,
    few: Path,
    expected: Outcome,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    changes: dict[str, object] = {
        "run": RunSettings(window=8, persist_seconds=0.02, lease_seconds=0.5),
        "acceleration": "off" if mode == "off" else "on",
    }
    if mode == "s3":
        changes["s3_endpoint_url"] = request.getfixturevalue("s3_server").url
        changes["object_store_url"] = f"s3://cases/{point}"
    run = SmallRun(settings.model_copy(update=changes), few).move_in()
    environment = crash_scenes.prepare(run, point, tmp_path)
    marker = tmp_path / "died"
    assert ending(come_there, run, f"{point}@{marker}", environment) == -signal.SIGKILL
    assert marker.exists()
    # Copies of what is forgotten go after the commit; who dies between leaves them to expire.
    gone = point in ("forget.after-commit", "delete.after-commit")
    left_over = EXPIRES if gone else "nothing"
    if mode != "off":
        assert [line for line in broken(run) if left_over not in line] == []
    assert ending(go_on, run, f"{point}@{marker}", environment) == 0
    assert (run.digest(), run.counts()) == expected
    assert unsettled(run) == []
    if mode != "off":
        assert broken(run) == []


def test_every_point_that_the_source_names_is_walked() -> None:
    """One that is missing here is met by no test, one too many by no process."""
    assert points_in(ROOT / "pipeline") | points_in(ROOT / "actors") == set(POINTS)


def points_in(folder: Path) -> set[str]:
    """Read which points the source has."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            names = [x.value for x in node.args if isinstance(x, ast.Constant)]
            if name == "crash_point":
                found.update(names)
            elif name == "transaction":
                found.update(f"{of}.{when}-commit" for of in names for when in BEFORE_AND_AFTER)
    return found
