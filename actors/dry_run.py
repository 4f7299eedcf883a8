"""Says what a run would do, without doing it: no row is written and Ray is not started."""

from __future__ import annotations

from collections.abc import Callable

from actors.request import Request, split_by_size, uris
from pipeline import assembly, generations, identity
from pipeline.forecast import Forecast, stage_counts
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.ledger_projects import difference_of


def dry_run(
    settings: Settings, request: Request, *, plan_of: Callable[[Settings], Plan] = assembly.plan
) -> Forecast:
    """Walk over the sources and compare them with the project, under the plan that a run would
    have; if it would refuse that plan, as if `--reconfigure` was given.

    Raises UsageError for a source that is not there or has nothing, UnavailableError for a
    service that does not answer.
    """
    batches = request.files(settings)
    urls = assembly.open_services(settings)
    ledger = assembly.open_ledger(settings, urls)
    project = identity.project_id(request.project)
    stored, plan = ledger.plan_of(project), plan_of(settings)
    difference = ""
    if stored is not None:
        plan = generations.kept(plan, stored)
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
