"""Says what a run would do, without doing it.

Without a language model no row is written and Ray is not started. With one, what it would cost is
told from the chunks, so the documents are read as far as these: that costs nothing and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from actors.estimating import estimate
from actors.planning import PlanOf, foreseen
from actors.progress import Snapshot
from actors.reading import read
from actors.request import Request, split_by_size, uris
from actors.stop import Stop
from pipeline import assembly, generations, identity
from pipeline.errors import UsageError
from pipeline.forecast import Forecast, stage_counts
from pipeline.llm.estimating import Estimate, Way
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.ledger_projects import READING, difference_of
from pipeline.walking import Walk

Read = Callable[[Settings, Request, Plan, Callable[[Snapshot], None], Stop], None]
"""Brings documents as far as their chunks: see `reading`."""


def dry_run(settings: Settings, request: Request, *, plan_of: PlanOf = assembly.plan) -> Forecast:
    """Walk over the sources and compare them with the project, under the plan that a run would
    have; if it would refuse that plan, as if `--reconfigure` was given.

    Raises UsageError for a source that is not there or has nothing, UnavailableError for a
    service that does not answer.
    """
    batches = request.files(settings)
    urls = assembly.open_services(settings)
    ledger = assembly.open_ledger(settings, urls)
    project = identity.project_id(request.project)
    stored, shown = foreseen(settings, request, ledger, urls)
    plan = plan_of(settings, shown)
    difference = ""
    if stored is not None:
        plan = generations.kept(plan, stored)
        if not ledger.takes(project, stored, plan):
            difference = difference_of(stored.model_dump(mode="json"), plan.model_dump(mode="json"))
        if request.from_stage:
            plan = generations.raised(plan, request.from_stage)
    with ledger.forecasting(project, rehash=request.rehash) as forecasting:
        for batch in batches:
            small, large = split_by_size(batch, settings.limits.max_file_bytes)
            forecasting.found(small)
            forecasting.found([file for file, _ in large], left_out=True)
        counts = forecasting.counts()
        kinds = ("new", "changed", "unchanged", "left_out", "failed", "pending")
        return Forecast(
            project=request.project,
            **{kind: counts.get(kind, 0) for kind in kinds},
            not_found=forecasting.not_found(uris(request.sources)),
            stages=stage_counts(plan, forecasting.unread(), forecasting.known()),
            difference=difference,
            needs_reconfigure=bool(difference) and not request.reconfigure,
        )


def priced(
    settings: Settings,
    request: Request,
    show: Callable[[Snapshot], None],
    stop: Stop,
    *,
    plan_of: PlanOf = assembly.plan,
    ways_of: Callable[[Settings, Shown], Sequence[Way]] = assembly.ways,
    read: Read = read,
) -> Estimate:
    """Read the documents, and estimate what a run would ask language models under the plan that it
    would have; it asks in these `ways`.

    Raises what `reading.read` does, and UsageError where the project's chunks are of other settings
    than a run would make them by.
    """
    urls = assembly.open_services(settings)
    ledger = assembly.open_ledger(settings, urls)
    project = identity.project_id(request.project)
    stored, shown = foreseen(settings, request, ledger, urls)
    plan, ways = plan_of(settings, shown), ways_of(settings, shown)
    if stored is not None:
        plan = generations.kept(plan, stored)
        if any(stored.identity_of(stage) != plan.identity_of(stage) for stage in READING):
            raise UsageError(
                "the project's chunks were made by other settings than these, so what language "
                "models would cost cannot be told; run with --reconfigure and without a language "
                "model first, or leave those settings as they were"
            )
    anew = replace(request, walk=Walk(request.walk.selection, request.walk.objects))
    read(settings, anew, stored or plan, show, stop)
    if stored is not None and request.from_stage:
        plan = generations.raised(plan, request.from_stage)
    with ledger.forecasting(project, rehash=False) as forecasting:
        return estimate(settings, urls, project, plan, forecasting.known(), ways)
