"""What a run on Ray survives by itself: a coordinator that dies, nodes that leave and that join."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text
from waiting import until

from faults import small_stages
from faults.nodes import Nodes, ray_nodes
from faults.ray_process import reap, start
from faults.servers import OwnPostgres, OwnValkey
from faults.small_run import Outcome, SmallRun, write_documents
from pipeline.documents import StageName
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres

PATIENT = 240.0
DOCUMENTS = 60
RUN = RunSettings(shared_files=True, persist_seconds=0.05, lease_seconds=3.0)


@pytest.fixture
def case(postgres_server: OwnPostgres, valkey_server: OwnValkey, tmp_path: Path) -> Iterator[Case]:
    folder = tmp_path / "documents"
    write_documents(folder, DOCUMENTS)
    made = Case(postgres_server, valkey_server, tmp_path, folder)
    with made.stack:
        yield made


class Case:
    """A run that is held at its first stage until it is let go, and the same documents quiet."""

    def __init__(self, postgres: OwnPostgres, valkey: OwnValkey, home: Path, folder: Path) -> None:
        self.stack = ExitStack()
        self.folder = folder
        self.held = home / "held"
        self.held.touch()
        self.environment: Mapping[str, str] = {
            small_stages.HOLDS: str(self.held),
            small_stages.SECONDS: "0.02",
            # One for all runs of a database: its objects lie there.
            "CASEGRAPH_HOME": str(valkey.home / "home"),
            "CASEGRAPH_DATABASE_URL": postgres.url,
            "CASEGRAPH_REDIS_URL": valkey.url,
            "CASEGRAPH_RUN": RUN.model_dump_json(),
        }
        self.settings = Settings(
            home=valkey.home / "home",
            database_url=postgres.url,  # type: ignore[arg-type]
            redis_url=valkey.url,  # type: ignore[arg-type]
            run=RUN,
        )
        self.project = home.name
        self.harmed = SmallRun(self.settings, folder, self.project)

    def quiet(self) -> Outcome:
        """Give what comes out where nothing is harmed."""
        quiet = SmallRun(self.settings, self.folder, f"{self.project} quiet")
        quiet.until_done()
        return quiet.digest(), quiet.counts()

    @contextmanager
    def going(self, joining: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Run beside the block, on Ray."""
        process = start({**self.environment, **(joining or {})}, str(self.folder), self.project)
        try:
            yield process
        finally:
            reap(process)

    def until(self, process: Any, true: Callable[[], object]) -> None:
        """Poll until something holds of a run that is on."""

        def holds() -> bool:
            assert process.poll() is None, process.communicate()
            return bool(true())

        until(holds, PATIENT)

    def done(self) -> int:
        """Count the completed documents."""
        return self.harmed.counts()["completed"]

    def ended(self, process: Any) -> dict[str, Any]:
        """Wait for its end, and hold it to what the quiet run gives; give its report."""
        out, err = process.communicate(timeout=PATIENT)
        assert process.returncode == 3, f"{out}\n{err}"
        assert (self.harmed.digest(), self.harmed.counts()) == self.quiet()
        report: dict[str, Any] = json.loads(out)
        return report


def actors(above: psutil.Process, name: str) -> list[psutil.Process]:
    """Find the processes of actors that a process has started."""
    found = []
    for child in above.children(recursive=True):
        with suppress(psutil.Error):
            if child.name().startswith(name) or " ".join(child.cmdline()).startswith(name):
                found.append(child)
    return found


def raylet(node: Any) -> psutil.Process:
    [process] = node.all_processes["raylet"]
    return psutil.Process(process.process.pid)


def test_a_coordinator_that_dies_is_followed_by_another_one(case: Case) -> None:
    with case.going() as process:
        command = psutil.Process(process.pid)
        case.until(process, lambda: actors(command, "ray::RunCoordinator"))
        case.until(process, lambda: case.harmed.counts()["running"])
        case.held.unlink()
        case.until(process, lambda: case.done() > DOCUMENTS // 6)
        for coordinator in actors(command, "ray::RunCoordinator"):
            coordinator.kill()
        report = case.ended(process)
    assert report["outcome"] == "finished"
    assert report["documents"]["pending"] == report["documents"]["running"] == 0


def test_actors_of_which_nothing_is_heard_are_ended_and_others_take_their_place(case: Case) -> None:
    soon = RUN.model_copy(update={"stall_seconds": 2.0})
    with case.going({"CASEGRAPH_RUN": soon.model_dump_json()}) as process:
        command = psutil.Process(process.pid)
        case.until(process, lambda: case.harmed.counts()["running"])
        stopped = [
            actor
            for name in ("ray::RegistryActor", "ray::PersistenceActor")
            for actor in actors(command, name)
        ]
        for actor in stopped:
            actor.suspend()
        case.held.unlink()
        report = case.ended(process)
    assert len(stopped) == 2
    assert report["outcome"] == "finished"


def test_a_connection_that_is_lost_is_no_death(case: Case, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    with case.going({small_stages.CUTS: str(cut)}) as process:
        case.held.unlink()
        report = case.ended(process)
    assert int(cut.read_text()) > 0
    assert report["outcome"] == "finished"
    engine = postgres.connect(case.harmed.urls.database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT max(attempts) FROM documents")) == 1
    engine.dispose()


@pytest.fixture
def nodes(case: Case) -> Nodes:
    return case.stack.enter_context(ray_nodes(2, case.environment))


def test_nodes_that_join_are_used_and_nodes_that_leave_cost_only_time(
    case: Case, nodes: Nodes
) -> None:
    with case.going(nodes.joining) as process:
        for node in nodes.alive:
            case.until(process, lambda node=node: actors(raylet(node), "ray::StageActor"))
        case.until(process, lambda: case.harmed.counts()["running"])
        joined = nodes.add()
        case.until(process, lambda: actors(raylet(joined), "ray::StageActor"))
        case.held.unlink()
        case.until(process, lambda: case.done() > DOCUMENTS // 10)
        nodes.cluster.remove_node(nodes.alive.pop(0), allow_graceful=False)
        report = case.ended(process)
    # As many failed as do for reasons of their own: nobody was blamed for what went with the node.
    assert report["outcome"] == "finished"


@pytest.mark.long
def test_a_run_whose_nodes_are_all_gone_waits_for_one(case: Case, nodes: Nodes) -> None:
    with case.going(nodes.joining) as process:
        case.until(process, lambda: case.harmed.counts()["running"])
        for node in list(nodes.alive):
            case.until(process, lambda node=node: actors(raylet(node), "ray::StageActor"))
        for node in nodes.alive:
            nodes.cluster.remove_node(node, allow_graceful=False)
        nodes.alive.clear()
        case.held.unlink()
        before = case.done()
        joined = nodes.add()
        case.until(process, lambda: actors(raylet(joined), "ray::StageActor"))
        case.until(process, lambda: case.done() > before)
        case.ended(process)


def test_sick_nodes_are_done_without_and_nobody_is_blamed_for_them(case: Case) -> None:
    nodes = case.stack.enter_context(ray_nodes(1, case.environment))
    sound = nodes.environment
    for sick in ({small_stages.STARTS: "misses"}, {small_stages.SICK: StageName.CHUNK.value}):
        nodes.environment = {**sound, **sick}
        nodes.add()
    with case.going(nodes.joining) as process:
        for node in nodes.alive:
            case.until(process, lambda node=node: actors(raylet(node), "ray::StageActor"))
        case.held.unlink()
        report = case.ended(process)
    assert report["outcome"] == "finished"
