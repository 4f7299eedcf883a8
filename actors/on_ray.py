"""Carries out the work of a run on Ray, which is started for it and ends with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from actors.memory import available_bytes
from actors.progress import Snapshot
from actors.run_result import RunResult, own_fault
from actors.stop import Stop
from actors.topology import actors_for
from actors.workplace import Workplace
from pipeline import logs
from pipeline.errors import CasegraphError, UnavailableError

POLL_SECONDS = 0.25
MEMORY_SHARE = 0.6

CarryOut = Callable[[Workplace, int, Callable[[Snapshot], None], Stop], RunResult]
"""Works until nothing of so many pending documents is left or it is to stop; shows where it is."""


def on_ray(
    place: Workplace, pending: int, show: Callable[[Snapshot], None], stop: Stop
) -> RunResult:
    """Start Ray and a coordinator, and show what it says until it ends.

    Raises UnavailableError for whatever ends the coordinator itself.
    """
    from actors.cluster import local_ray, log_folder
    from actors.coordinator import RunCoordinator

    settings = place.settings
    cpus = settings.run.cpus or len(os.sched_getaffinity(0))
    memory = int(available_bytes() * MEMORY_SHARE)
    counts = actors_for(cpus, memory, pending, settings.run.actors, place.waits)
    show(Snapshot(state="starting Ray", total=pending))
    with logs.kept(settings, run=place.run), local_ray(cpus) as ray:
        coordinator_class = ray.remote(RunCoordinator).options(
            num_cpus=0, max_restarts=0, max_concurrency=16
        )
        coordinator = coordinator_class.remote(place, counts, pending)
        try:
            result = _watch(ray, coordinator, show, stop)
        except ray.exceptions.RayError as error:
            raised = isinstance(error, ray.exceptions.RayTaskError)
            if raised and not isinstance(error.cause, CasegraphError):
                raise UnavailableError(own_fault(error.cause)) from error
            raise UnavailableError(f"the run ended early: {_reason(error)}") from error
        if not result.by_own_fault:
            return result
        # Who looks for the fault needs the traceback, which the processes of Ray write down.
        reason = f"{result.reason}; the log of the run has more: {log_folder(ray)}"
        return result.model_copy(update={"reason": reason})


def _watch(ray: Any, coordinator: Any, show: Callable[[Snapshot], None], stop: Stop) -> RunResult:
    """Poll a coordinator until its run has ended. Raises ray.exceptions.RayError."""
    ended = coordinator.run.remote()
    told = False
    while not ray.wait([ended], timeout=POLL_SECONDS)[0]:
        if stop.asked and not told:
            ray.get(coordinator.drain.remote())
            told = True
        show(ray.get(coordinator.snapshot.remote()))
    result: RunResult = ray.get(ended)
    show(ray.get(coordinator.snapshot.remote()))
    return result


def _reason(error: Exception) -> str:
    """Take the last line of an error that crossed processes: the error itself."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
