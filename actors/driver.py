"""Carries out a run from the process that asked for it: the command line, a test, a notebook.

Documents are in PostgreSQL before anything starts; when there is nothing to do, Ray is not started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from actors.progress import Snapshot
from actors.stop import Stop
from actors.topology import actors_for
from actors.workplace import Workplace
from pipeline import assembly
from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.sources import FoundFile, Walk
from pipeline.stage import STAGES
from pipeline.stores.overview import Overview
from pipeline.stores.project_reader import FailureRow

RECORD_BATCH = 500
POLL_SECONDS = 0.25
MEMORY_SHARE = 0.6
TOP = 10


@dataclass(frozen=True)
class Report:
    """What a run did and what the project holds after it. `reason` is for `outcome` failed."""

    project: str
    outcome: str
    documents: Mapping[str, int]
    graph: Overview
    failures: Sequence[FailureRow]
    seconds: float
    startup_seconds: float
    documents_per_second: float
    completed: int = 0
    unchanged: int = 0
    stage_calls: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the object that `run --json` ends with."""
        return {
            "project": self.project,
            "outcome": self.outcome,
            "documents": dict(self.documents),
            "stage_calls": {str(stage): count for stage, count in self.stage_calls.items()},
            "seconds": round(self.seconds, 3),
            "startup_seconds": round(self.startup_seconds, 3),
            "documents_per_second": round(self.documents_per_second, 3),
            "entities": self.graph.entities,
            "relationships": self.graph.relationships,
        }


@dataclass(frozen=True)
class Request:
    """What to run: see the options of `casegraph run`."""

    sources: Sequence[str]
    project: str
    walk: Walk
    rehash: bool = False
    reconfigure: bool = False


def run(
    settings: Settings, request: Request, show: Callable[[Snapshot], None], stop: Stop
) -> Report:
    """Record the sources' documents and run until all are done or `stop` is asked for.

    Raises UsageError for a source that is not there or settings that the project was not made
    with, UnavailableError for a service that does not answer.
    """
    began = time.monotonic()
    show(Snapshot(state="starting services"))
    request.walk.check(request.sources)
    urls = assembly.open_services(settings)
    ledger = assembly.open_ledger(settings, urls)
    plan = assembly.plan(settings)
    project = ledger.open_project(request.project, plan, reconfigure=request.reconfigure)
    found = 0
    unchanged = 0
    for batch in _batches(request.walk.files(request.sources), RECORD_BATCH):
        small, large = split_by_size(batch, settings.limits.max_file_bytes)
        recorded = ledger.record_documents(project.id, small, rehash=request.rehash)
        ledger.record_skipped(project.id, large)
        found += len(batch)
        unchanged += recorded.unchanged
        show(Snapshot(state="looking for documents", total=found))
        if stop.asked:
            break
    pending = ledger.pending_count(project.id)
    outcome: Mapping[str, Any] = {"outcome": "finished"}
    if stop.asked:
        outcome = {"outcome": "stopped"}
    elif pending:
        run_id = ledger.start_run(project.id, settings.run.lease_seconds)
        place = Workplace(settings, urls, project.id, run_id, plan)
        outcome = _on_ray(place, pending, show, stop)
    total = time.monotonic() - began
    worked = float(outcome.get("seconds", 0.0))
    counts = ledger.counts(project.id)
    graph = assembly.open_overview(urls, project.id, TOP)
    return Report(
        project=request.project,
        outcome=outcome["outcome"],
        reason=outcome.get("reason", ""),
        documents={str(status): count for status, count in counts.items() if count},
        seconds=total,
        startup_seconds=total - worked,
        documents_per_second=outcome.get("completed", 0) / worked if worked else 0.0,
        completed=outcome.get("completed", 0),
        unchanged=unchanged,
        stage_calls=outcome.get("stage_calls", dict.fromkeys(STAGES, 0)),
        graph=graph,
        failures=assembly.list_failures(urls, project.id),
    )


def split_by_size(
    files: Sequence[FoundFile], limit: int
) -> tuple[list[FoundFile], list[tuple[FoundFile, str]]]:
    """Part files that are small enough from those that are left out, with the reason."""
    small, large = [], []
    for file in files:
        if file.size <= limit:
            small.append(file)
        else:
            reason = (
                f"{file.size:,} bytes are over the limit of {limit:,}; raise limits.max_file_bytes"
            )
            large.append((file, reason))
    return small, large


def _batches(files: Iterator[FoundFile], size: int) -> Iterator[list[FoundFile]]:
    """Cut a stream into lists; nothing but one list is ever held."""
    batch: list[FoundFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _on_ray(
    place: Workplace, pending: int, show: Callable[[Snapshot], None], stop: Stop
) -> Mapping[str, Any]:
    """Start Ray and a coordinator, and show what it says until it ends."""
    from actors.cluster import local_ray
    from actors.coordinator import RunCoordinator

    settings = place.settings
    cpus = settings.run.cpus or len(os.sched_getaffinity(0))
    memory = int(psutil.virtual_memory().available * MEMORY_SHARE)
    counts = actors_for(cpus, memory, pending, settings.run.actors)
    show(Snapshot(state="starting Ray", total=pending))
    with local_ray(cpus) as ray:
        coordinator_class = ray.remote(RunCoordinator).options(
            num_cpus=0, max_restarts=0, max_concurrency=16
        )
        coordinator = coordinator_class.remote(place, counts, pending)
        ended = coordinator.run.remote()
        told = False
        while not ray.wait([ended], timeout=POLL_SECONDS)[0]:
            if stop.asked and not told:
                ray.get(coordinator.drain.remote())
                told = True
            show(ray.get(coordinator.snapshot.remote()))
        try:
            result = ray.get(ended)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise UnavailableError(f"the run ended by an error: {reason}") from error
        show(ray.get(coordinator.snapshot.remote()))
    answer: Mapping[str, Any] = result.model_dump()
    return answer
