"""Carries out the work of a run on Ray, which is started for it and ends with it, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from actors.hosted_actor import last_words
from actors.memory import available_bytes
from actors.progress import Snapshot
from actors.run_result import RunResult, own_fault
from actors.stop import Stop
from actors.topology import actors_for
from actors.workplace import Workplace
from pipeline.documents import StageName
from pipeline.errors import CasegraphError, StoppedWaitingError, UnavailableError

POLL_SECONDS = 0.25
ANSWER_SECONDS = 2.0
MEMORY_SHARE = 0.6

CarryOut = Callable[[Workplace, int, Callable[[Snapshot], None], Stop], RunResult]
"""Works until nothing of so many pending documents is left or it is to stop; shows where it is."""


def on_ray(
    place: Workplace, pending: int, show: Callable[[Snapshot], None], stop: Stop
) -> RunResult:
    """Start Ray, or join the cluster that is to do the work, and a coordinator there, and show what
    it says until it ends.

    Raises UnavailableError for whatever ends the coordinator itself, and for a cluster that cannot
    be joined or goes away.
    """
    from actors.cluster import local_ray
    from actors.joining import Presence, address_of, joined, working_nodes

    settings = place.settings
    address = address_of(settings)
    if address is None:
        cpus = settings.run.cpus or len(os.sched_getaffinity(0))
        memory = int(available_bytes() * MEMORY_SHARE)
        counts = actors_for(cpus, memory, pending, settings.run.actors, place.waits)
        show(Snapshot(state="starting Ray", total=pending))
        with local_ray(cpus) as ray:
            return _carried_out(ray, place, counts, pending, show, stop)
    show(Snapshot(state=f"joining the Ray cluster at {address}", total=pending))
    with joined(address) as ray:
        size = working_nodes(ray, settings.run.patience_seconds, stop)
        if size is None:
            raise StoppedWaitingError("stopped before the cluster had a node to work on")
        cpus = min(size.cpus, settings.run.cpus or size.cpus)
        memory = int(size.memory * MEMORY_SHARE)
        counts = actors_for(cpus, memory, pending, settings.run.actors, place.waits)
        presence = Presence(ray.get_runtime_context().gcs_address)
        try:
            return _carried_out(
                ray, place.sealed(), counts, pending, show, stop, look=presence.look
            )
        except UnavailableError as error:
            raise presence.explain(error) from error


def _carried_out(
    ray: Any,
    place: Workplace,
    counts: Mapping[StageName, int],
    pending: int,
    show: Callable[[Snapshot], None],
    stop: Stop,
    *,
    look: Callable[[], None] = lambda: None,
) -> RunResult:
    """Start a coordinator, and wait until it ends; `look` raises for a Ray that is gone."""
    from actors.cluster import log_folder
    from actors.coordinator import RunCoordinator

    coordinator_class = ray.remote(RunCoordinator).options(
        num_cpus=0, max_restarts=0, max_concurrency=16
    )
    coordinator = coordinator_class.remote(place, counts, pending)
    try:
        result = _watch(ray, coordinator, show, stop, look)
    except ray.exceptions.RayError as error:
        raised = isinstance(error, ray.exceptions.RayTaskError)
        if raised and not isinstance(error.cause, CasegraphError):
            raise UnavailableError(own_fault(error.cause)) from error
        raise UnavailableError(f"the run ended early: {last_words(error)}") from error
    if not result.by_own_fault:
        return result
    # Who looks for the fault needs the traceback, which the processes of Ray write down.
    reason = f"{result.reason}; the log of the run has more: {log_folder(ray)}"
    return result.model_copy(update={"reason": reason})


def _watch(
    ray: Any,
    coordinator: Any,
    show: Callable[[Snapshot], None],
    stop: Stop,
    look: Callable[[], None],
) -> RunResult:
    """Poll a coordinator until its run has ended. Raises ray.exceptions.RayError, and what `look`
    does.
    """

    def ask(what: Any) -> Any:
        while True:
            try:
                return ray.get(what, timeout=ANSWER_SECONDS)
            except ray.exceptions.GetTimeoutError:
                look()

    ended = coordinator.run.remote()
    told = False
    while not ray.wait([ended], timeout=POLL_SECONDS)[0]:
        look()
        if stop.asked and not told:
            ask(coordinator.drain.remote())
            told = True
        show(ask(coordinator.snapshot.remote()))
    result: RunResult = ask(ended)
    show(ask(coordinator.snapshot.remote()))
    return result
