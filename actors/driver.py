"""Carries out a run from the process that asked for it: the command line, a test, a notebook.

A document is in PostgreSQL before anything is done with it; the walk that finds documents goes on
beside the work. When there is nothing to do, Ray is not started.

What a run does is one of these at a time: it waits for the walk to find something (`begin`), it
works, beside the walk until that is over (a turn), or it waits for another run of the project.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from actors.beginning import Begun, begin
from actors.catching_up import caught_up, filled_in
from actors.intake import SHOWN
from actors.on_ray import CarryOut, Source, on_ray
from actors.planning import PlanOf
from actors.progress import Snapshot
from actors.report import Ended, Report
from actors.request import Request
from actors.run_result import INTERRUPTED, RunResult
from actors.stop import Stop
from actors.turns import Budget, Turns
from actors.workplace import HostStage, Workplace
from pipeline import assembly, logs
from pipeline.assembly import NameRules
from pipeline.documents import DocumentStatus, StageName
from pipeline.errors import CasegraphError, StoppedWaitingError, TemporaryError, UnavailableError
from pipeline.llm.showing import Shown
from pipeline.llm.spending import price_of
from pipeline.settings import Settings
from pipeline.stores.ledger import Ledger

WAIT_SECONDS = 1.0
IDLE_RUNS = 2
LOST_RUNS = 3
TOP = 10

logger = logging.getLogger(__name__)


def run(
    settings: Settings,
    request: Request,
    show: Callable[[Snapshot], None],
    stop: Stop,
    *,
    plan_of: PlanOf = assembly.plan,
    host: HostStage = assembly.host_stage,
    rules: Callable[[], NameRules] = assembly.Rules,
    waits_of: Callable[[Settings], Mapping[StageName, int]] = assembly.waits,
    carry_out: CarryOut = on_ray,
) -> Report:
    """Record the sources' documents and run until all are done or `stop` is asked for.

    `plan_of`, `host` and `waits_of` say which five stages there are, and which wait for a language
    model: those that the settings name; `rules` what entities are made by; `carry_out` does the
    work where it is: on Ray.
    Raises what `begin` does, and UsageError for a model without a price whose cost is bounded.
    """
    began, waits = time.monotonic(), waits_of(settings)
    _check_prices(settings, request, waits)
    plan_of(settings, Shown())  # What is wrong with the settings is said before anything starts.
    begun = begin(settings, request, plan_of, show, stop)
    urls, ledger, ask, project = begun.urls, begun.ledger, begun.ask, begun.project
    turns = Turns(ledger, ask, project.id, settings.run.lease_seconds)
    budget = Budget(assembly.open_account(urls, project.id), ask, request.max_cost)

    def work(run_: str, source: Source) -> RunResult:
        budget.begin(run_)
        place = Workplace(
            settings, urls, project.id, run_, project.plan, host, rules, waits, begun.shown,
            called=request.project,
        )  # fmt: skip
        return carry_out(place, source, show, stop)

    with closing(begun.intake):
        ended = _in_turns(begun, turns, work, show, stop)
    with logs.kept(settings):
        ended = caught_up(settings, urls, project.id, rules(), ended, show, stop)
        turns.keep(ended.reason)
        ended = filled_in(settings, urls, project.id, host, ended, show, stop)
        if ended.outcome == "finished":
            turns.keep(ended.reason)
            _sweep(ledger, settings.run.checkpoint_ttl_seconds)
    turns.keep(ended.reason)
    summed = (request, begun, ended, budget, time.monotonic() - began)
    try:
        return _report(*summed) if ended.reason else ask(_report, *summed)
    except (TemporaryError, UnavailableError) as error:
        raise _unread(ended, stop, error) from error
    finally:
        turns.leave()


def _in_turns(
    begun: Begun,
    turns: Turns,
    work: Callable[[str, Source], RunResult],
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> Ended:
    """Work on what there is until nothing is left, and say how that ended; a turn beside the walk
    lasts until this is over. Raises what ended the walk, and UnavailableError for documents that
    nobody can work on.
    """
    ledger, ask, project = begun.ledger, begun.ask, begun.project.id
    ended, idle, tried = Ended(outcome="stopped") if stop.asked else Ended(), 0, (0, 0)
    losses = Losses()
    while ended.outcome == "finished":
        source = begun.intake.to_do()
        expected = source()
        pending = expected.total
        counts = ask(ledger.counts, project)
        now = pending, _settled(counts)
        # Something moved since a turn in vain: another run had them first, and is at work.
        if now != tried:
            idle = 0
        if counts[DocumentStatus.RUNNING] and (idle or not pending):
            if stop.asked:
                return replace(ended, outcome="stopped")
            # Another run has them, or had them and died: then they are free when its lease ends.
            turns.leave()
            show(Snapshot(state="waiting for another run of this project"))
            time.sleep(WAIT_SECONDS)
        # Once may be the doing of another run, which gave back what it had.
        elif idle == IDLE_RUNS:
            turns.leave()
            raise UnavailableError(
                f"{pending} documents cannot be worked on: none was completed and none failed; "
                "run again, and if it stays so, `casegraph doctor` may say why"
            )
        elif pending or expected.more:
            turn = turns.begin()
            try:
                result = work(turn, source)
            except CasegraphError as error:
                turns.broken(error)
                raise
            turns.ended(result)
            if source().failed:
                turns.leave()
                begun.intake.check()
            ended = losses.taken_up(ended.followed_by(result), result, stop)
            idle, tried = idle_after(result, idle), now
        elif not counts[DocumentStatus.PENDING]:
            break
    return ended


def idle_after(result: RunResult, idle: int) -> int:
    """Count the turns in a row that could work on nothing; one that was cut off says nothing."""
    if result.outcome == INTERRUPTED:
        return idle
    return 0 if result.completed + result.failed else idle + 1


@dataclass
class Losses:
    """The turns in a row whose coordinator died before anything was done."""

    count: int = 0

    def taken_up(self, ended: Ended, result: RunResult, stop: Stop) -> Ended:
        """Go on where a coordinator died, in a turn that takes up what it had; not for ever, and
        not where it is to stop.
        """
        moved = bool(result.completed + result.failed)
        if result.outcome != INTERRUPTED:
            self.count = 0
            return ended
        logger.warning("%s", result.reason)
        if stop.asked:
            return replace(ended, outcome="stopped", reason="")
        self.count = 1 if moved else self.count + 1
        if self.count == LOST_RUNS:
            reason = f"{result.reason}, {LOST_RUNS} times in a row"
            return replace(ended, outcome="failed", reason=reason)
        return replace(ended, outcome="finished", reason="")


def _check_prices(settings: Settings, request: Request, waits: Mapping[StageName, int]) -> None:
    """See that the cost of what is asked is known where it is bounded. Raises UsageError."""
    if waits and request.max_cost is not None:
        price_of(settings.llm.model, settings.llm.prices)


def _sweep(ledger: Ledger, seconds: float) -> None:
    """Remove objects that nothing names any more; a run does not fail for them."""
    try:
        ledger.sweep_objects(seconds)
    except (TemporaryError, UnavailableError) as error:
        logger.warning("objects that nothing names stay until the next run: %s", error)


def _unread(ended: Ended, stop: Stop, error: CasegraphError) -> CasegraphError:
    """Say how a run ended whose sum cannot be read: why it failed is worth more than that."""
    unread = f"what was done is kept, and its sum cannot be read: {error}"
    if stop.asked and ended.outcome != "failed":
        return StoppedWaitingError(f"stopped; {unread}")
    return UnavailableError(ended.reason or unread)


def _settled(counts: Mapping[DocumentStatus, int]) -> int:
    """Count the documents that nothing more is to be done for."""
    return counts[DocumentStatus.COMPLETED] + counts[DocumentStatus.FAILED]


def _report(request: Request, begun: Begun, ended: Ended, budget: Budget, total: float) -> Report:
    """Sum up a run that took `total` seconds."""
    urls, project, intake = begun.urls, begun.project.id, begun.intake
    counts = begun.ledger.counts(project)
    failures, commonest = assembly.list_failures(urls, project, TOP)
    return Report(
        project=request.project,
        outcome=ended.outcome,
        reason=ended.reason,
        mode=ended.mode,
        mode_reason=ended.mode_reason,
        behind=ended.behind,
        store_wait=ended.store_wait,
        latency=ended.latency,
        documents={status.value: counts.get(status, 0) for status in DocumentStatus},
        seconds=total,
        startup_seconds=total - ended.seconds,
        documents_per_second=ended.completed / ended.seconds if ended.seconds else 0.0,
        completed=ended.completed,
        failed=ended.failed,
        elsewhere=max(_settled(counts) - intake.settled - ended.completed - ended.failed, 0),
        not_found=intake.not_found,
        stage_calls=ended.stage_calls,
        models=budget.spent(),
        extractor=begun.project.plan.identity_of(StageName.EXTRACT).configuration.get(
            "extractor", "spacy"
        ),
        graph=assembly.open_overview(urls, project, TOP),
        failures=failures,
        commonest=commonest,
        skipped=assembly.list_skipped(urls, project, SHOWN),
    )
