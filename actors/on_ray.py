"""Carries out the work of a run on Ray, which is started for it and ends with it, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from actors.claims import Expected
from actors.deaths import told_by
from actors.mode import Mode
from actors.progress import STARTING, Snapshot, published
from actors.run_result import INTERRUPTED, RunResult, own_fault
from actors.stop import Stop
from actors.topology import Ask
from actors.workplace import Workplace
from pipeline import assembly, logs
from pipeline.errors import (
    CasegraphError,
    StoppedWaitingError,
    TemporaryError,
    UnavailableError,
)

POLL_SECONDS = 0.5
ANSWER_SECONDS = 2.0

Source = Callable[[], Expected]
CarryOut = Callable[[Workplace, Source, Callable[[Snapshot], None], Stop], RunResult]
"""Works until nothing is left of what is expected, and no more is, or it is to stop; shows where it
is.
"""


def on_ray(
    place: Workplace, source: Source, show: Callable[[Snapshot], None], stop: Stop
) -> RunResult:
    """Start Ray, or join the cluster that is to do the work, and a coordinator there, and show what
    it says until it ends. Of one that dies the result is what it said last.

    Raises UnavailableError for what a coordinator raises, and for a cluster that cannot be joined
    or goes away.
    """
    from actors.autoscaling import requested
    from actors.cluster import alive_nodes, local_ray
    from actors.joining import Presence, address_of, has_nodes, joined

    settings, expected = place.settings, source()
    ask = Ask.of(settings, place.waits, place.stages)
    ask.check()
    address, voice = address_of(settings), _Voice(place, expected, show)
    say = voice.say
    if address is None:
        cpus = settings.run.cpus or len(os.sched_getaffinity(0))
        say("starting Ray")
        with logs.kept(settings, run=place.run), local_ray(cpus) as ray:
            if lack := ask.lacks(alive_nodes()):
                raise UnavailableError(
                    f"on this machine Ray finds no node with {lack}; see that `nvidia-smi` lists "
                    "one, or set CASEGRAPH_EXTRACT__DEVICE=cpu"
                )
            say(STARTING)
            return _Watch(ray, source, show, stop, voice.keep).carry_out(place)
    say(f"joining the Ray cluster at {address}")
    with logs.kept(settings, run=place.run), joined(address) as ray:
        presence = Presence(ray.get_runtime_context().gcs_address)
        with requested(ask, settings.run.cpus, presence.is_there):
            if not has_nodes(ask, settings.run.nodes_seconds, stop, say):
                raise StoppedWaitingError("stopped before the cluster had a node to work on")
            say(STARTING)
            try:
                watching = (ray, source, show, stop, voice.keep, presence.look, presence.check)
                return _Watch(*watching).carry_out(place.sealed())
            except UnavailableError as error:
                raise presence.explain(error) from error


class _Voice:
    """Says where a run is that has no coordinator to say so."""

    def __init__(
        self, place: Workplace, expected: Expected, show: Callable[[Snapshot], None]
    ) -> None:
        mode = Mode.of(place.settings.acceleration)
        self._run, self._lease = place.run, place.settings.run.lease_seconds
        self._ledger = assembly.open_ledger(place.settings, place.urls)
        self._known = Snapshot(
            total=expected.total, more=expected.more, mode=mode.name, reason=mode.reason
        )
        self._show = show

    def say(self, state: str) -> None:
        """Say, here and to who looks from elsewhere, what a run is at before it has a coordinator,
        and keep it alive. Each step from one call to the next has a lease for itself.
        """
        snapshot = self._known.model_copy(update={"state": state})
        self._show(snapshot)
        with suppress(TemporaryError):
            self._ledger.renew(self._run, self._lease)
        self.keep(snapshot)

    def keep(self, snapshot: Snapshot) -> None:
        """Keep where a run is, for who looks from elsewhere, longer than its coordinator does."""
        with suppress(TemporaryError):
            self._ledger.tell(self._run, published(snapshot))


def interrupted(last: Snapshot, why: str) -> RunResult:
    """Say what a run came to whose coordinator died, as far as that is known."""
    return RunResult(
        outcome=INTERRUPTED,
        stage_calls=last.done,
        seconds=last.seconds,
        completed=last.completed,
        failed=last.failed,
        reason=f"the process that coordinates the run died: {why}",
    )


@dataclass
class _Watch:
    """One coordinator, from its start to its end. Of one that dies `keep` has what it said last.
    `look`, from time to time, and `gone`, at once, raise for a Ray that is not there any more.
    """

    ray: Any
    source: Source
    show: Callable[[Snapshot], None]
    stop: Stop
    keep: Callable[[Snapshot], None]
    look: Callable[[], None] = lambda: None
    gone: Callable[[], None] = lambda: None
    last: Snapshot = field(default_factory=Snapshot)

    def carry_out(self, place: Workplace) -> RunResult:
        """Start it, and wait until it ends. Raises UnavailableError, and what `look` does."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from actors.cluster import log_folder
        from actors.coordinator import RunCoordinator

        ray = self.ray
        # With the process that asks for the run, since neither is of use without the other.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        coordinator_class = ray.remote(RunCoordinator).options(
            num_cpus=0, max_restarts=0, max_concurrency=16, scheduling_strategy=here,
            enable_task_events=False,
        )  # fmt: skip
        coordinator = coordinator_class.remote(place, self.source())
        try:
            result = self._until_ended(coordinator)
        except ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, CasegraphError):
                raise UnavailableError(own_fault(error.cause)) from error
            raise UnavailableError(f"the run ended early: {told_by(error)}") from error
        except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
            if getattr(error, "actor_init_failed", False):
                raise UnavailableError(told_by(error)) from error
            self.gone()
            self.keep(self.last)
            return interrupted(self.last, told_by(error))
        except ray.exceptions.RayError as error:
            raise UnavailableError(f"the run ended early: {told_by(error)}") from error
        if not result.by_own_fault:
            return result
        # Who looks for the fault needs the traceback, which the processes of Ray write down.
        reason = f"{result.reason}; the log of the run has more: {log_folder(ray)}"
        return result.model_copy(update={"reason": reason})

    def _until_ended(self, coordinator: Any) -> RunResult:
        """Poll it, and tell it what is expected, as often as that changes. Raises
        ray.exceptions.RayError.
        """
        ended = coordinator.run.remote()
        told, known = False, None
        while not self.ray.wait([ended], timeout=POLL_SECONDS)[0]:
            self.look()
            if self.stop.asked and not told:
                self._ask(coordinator.drain.remote())
                told = True
            expected = self.source()
            if expected != known:
                self._ask(coordinator.expect.remote(expected))
                known = expected
            self._show(coordinator)
        result: RunResult = self._ask(ended)
        self._show(coordinator)
        return result

    def _show(self, coordinator: Any) -> None:
        self.last = self._ask(coordinator.snapshot.remote())
        self.show(self.last)

    def _ask(self, what: Any) -> Any:
        """Wait for an answer as long as Ray is there."""
        while True:
            try:
                return self.ray.get(what, timeout=ANSWER_SECONDS)
            except self.ray.exceptions.GetTimeoutError:
                self.look()
