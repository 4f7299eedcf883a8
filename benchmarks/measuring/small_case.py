"""One run of documents on Ray, held to some cores, watched, and told as figures."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from faults import ray_run, small_stages
from faults.nodes import ray_nodes
from faults.ray_process import reap, start

from actors.cluster import ENVIRONMENT
from measuring.story import Story, read_shown, shares
from measuring.texts import Corpus
from measuring.watched import COORDINATOR, RAY, STAGES, Watched
from measuring.whole import PROJECT, fresh_home
from pipeline import assembly
from pipeline.settings import RunSettings, Settings, load_settings
from pipeline.stores import embedded
from pipeline.stores.embedded import ServiceUrls

NOT_ON_NODES = {"RAY_AUTH_MODE", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"}
SHOWN = "shown.jsonl"
POLL_SECONDS, SETTLE_SECONDS, IDLE_SECONDS = 0.2, 8.0, 20.0
EVERYWHERE = frozenset(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Place:
    """Where a run is: on so many cores, in a Ray of its own or on a cluster of so many nodes on
    this machine, beside a head without cores; with so many documents in flight at most.
    """

    cores: int
    nodes: int = 1
    window: int | None = None

    @property
    def settings(self) -> RunSettings:
        """Give the settings of a run there."""
        cpus = self.cores if self.nodes == 1 else None
        return RunSettings(cpus=cpus, window=self.window, shared_files=True)


@contextlib.contextmanager
def held_to(cores: int) -> Iterator[None]:
    """Hold this thread, and all processes that it starts, to the first cores for the block."""
    os.sched_setaffinity(0, sorted(EVERYWHERE)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, EVERYWHERE)


@contextlib.contextmanager
def services() -> Iterator[tuple[Settings, ServiceUrls]]:
    """Give settings of an empty home whose servers run, on the cores of who asks."""
    with fresh_home() as home:
        settings = load_settings(home=home)
        yield settings, assembly.open_services(settings)


def measure_run(
    settings: Settings, urls: ServiceUrls, corpus: Corpus, place: Place, *, real: bool = False
) -> dict[str, Any]:
    """Run documents through the small stages, or the real ones. Raises SystemExit with what the run
    said if it fails.
    """
    more = {ray_run.REAL: "1"} if real else {}
    report, story, watched = _watched(settings, urls, corpus, place, more)
    return figures(story, report) | {"cpu_seconds_of_looking": watched.seconds}


def measure_idle(
    settings: Settings, urls: ServiceUrls, corpus: Corpus, place: Place
) -> dict[str, float]:
    """Let a run stand still for a while, documents in its hands, and say what share of a core each
    role takes for that: it takes as much beside any work. The stage actors are what is held.
    """
    held, written = settings.home_folder / "held", settings.home_folder / SHOWN
    held.touch()
    moments: list[float] = []

    def let_go() -> None:
        try:
            while held.exists() and not (written.exists() and read_shown(_lines(written))):
                time.sleep(POLL_SECONDS)
            time.sleep(SETTLE_SECONDS)
            moments.append(time.monotonic())
            time.sleep(IDLE_SECONDS)
            moments.append(time.monotonic())
        finally:
            held.unlink(missing_ok=True)

    beside = threading.Thread(target=let_go, daemon=True)
    beside.start()
    try:
        _, _, watched = _watched(settings, urls, corpus, place, {small_stages.HOLDS: str(held)})
    finally:
        held.unlink(missing_ok=True)
        beside.join()
    found = shares(watched.looks, *moments)
    return {role: share for role, share in found.items() if role != STAGES}


def _watched(
    settings: Settings,
    urls: ServiceUrls,
    corpus: Corpus,
    place: Place,
    more: Mapping[str, str],
) -> tuple[Mapping[str, Any], Story, Watched]:
    """Run documents to the end, watched. Raises SystemExit with what the run said if it fails."""
    written = settings.home_folder / SHOWN
    given = {
        "CASEGRAPH_HOME": str(settings.home_folder),
        "CASEGRAPH_DATABASE_URL": urls.database_url,
        "CASEGRAPH_REDIS_URL": urls.redis_url or "",
        "CASEGRAPH_RUN": place.settings.model_dump_json(),
        ray_run.SHOWN: str(written),
        **more,
    }
    servers = [state.pid for state in embedded.service_status(settings)]

    def roots() -> Iterator[psutil.Process]:
        """Find what this process has started, and the servers."""
        yield from psutil.Process().children()
        for pid in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield psutil.Process(pid)

    with cluster(place, given) as joining, Watched(roots, EVERYWHERE) as watched:
        report = run(given | joining, corpus.folder)
    if report["documents"]["completed"] != len(corpus.paths):
        raise SystemExit(f"not all {len(corpus.paths)} were completed: {report['documents']}")
    story = Story(read_shown(_lines(written)), watched.looks, len(corpus.paths))
    return report, story, watched


def _lines(written: Path) -> list[str]:
    """Read the lines of a file that are whole: it may be written to."""
    return written.read_text("utf-8").split("\n")[:-1]


@contextlib.contextmanager
def cluster(place: Place, given: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Start the nodes of a place, if it has some; give the environment of who joins them."""
    if place.nodes == 1:
        yield {}
        return
    # What a local run's own Ray has; and the health checks of a real cluster, not of a test.
    theirs = {name: value for name, value in ENVIRONMENT.items() if name not in NOT_ON_NODES}
    with ray_nodes(place.nodes, theirs | given, health={}) as nodes:
        yield nodes.joining


def run(environment: Mapping[str, str], folder: Path) -> Mapping[str, Any]:
    """Run to the end and give the report. Raises SystemExit with what was said if it fails."""
    process: subprocess.Popen[str] = start(environment, str(folder), PROJECT)
    try:
        out, err = process.communicate()
    finally:
        reap(process)
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}:\n{err}")
    report: Mapping[str, Any] = json.loads(out)
    return report


def figures(story: Story, report: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a run as figures."""
    steady = report["seconds"] - report["startup_seconds"]
    costs = story.seconds_per_document()
    return {
        "documents": story.documents,
        "seconds": steady,
        "startup_seconds": report["startup_seconds"],
        "documents_per_second": story.documents / steady,
        "cpu_seconds_per_document": sum(costs.values()),
        "cpu_seconds_per_document_by_role": costs,
        "highest_bytes": story.highest(),
        "bytes_over_time": story.memory(),
        "coordinator_bytes_over_time": story.memory(COORDINATOR),
        "ray_bytes_over_time": story.memory(RAY),
        "under_way_at_once": story.most_under_way(),
    }
