"""Reads the documents of a run, as far as their chunks, and leaves them pending."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from actors.beginning import begin
from actors.on_ray import CarryOut, on_ray
from actors.progress import Snapshot
from actors.request import Request
from actors.run_result import INTERRUPTED
from actors.stop import Stop
from actors.turns import Turns
from actors.workplace import HostStage, Workplace
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import StoppedWaitingError, UnavailableError
from pipeline.settings import Settings
from pipeline.stage import Plan


def read(
    settings: Settings,
    request: Request,
    plan: Plan,
    show: Callable[[Snapshot], None],
    stop: Stop,
    *,
    host: HostStage = assembly.host_stage,
    carry_out: CarryOut = on_ray,
) -> None:
    """Record the sources' documents under the plan of the project, or the first one that it has,
    and run `ocr` and `chunk`; what they make is kept for the run that comes.

    Raises what `begin` does, UnavailableError for a run that could not go on, StoppedWaitingError
    if it is stopped.
    """
    asked = replace(request, reconfigure=False, from_stage=None, refresh_context=False)
    begun = begin(settings, asked, lambda *_: plan, show, stop)
    project = begun.project
    with closing(begun.intake) as intake:
        source = intake.to_do()
        if source().total > 0 and not stop.asked:
            turns = Turns(begun.ledger, begun.ask, project.id, settings.run.lease_seconds)
            place = Workplace(
                settings, begun.urls, project.id, turns.begin(), project.plan, host,
                last=StageName.CHUNK, called=request.project,
            )  # fmt: skip
            result = carry_out(place, source, show, stop)
            turns.ended(result)
            turns.leave()
            intake.check()
            if result.outcome in {"failed", INTERRUPTED}:
                raise UnavailableError(result.reason)
    if stop.asked:
        raise StoppedWaitingError("stopped; what was read is kept")
