"""Under which plan a run works: the settings decide it, and what its project has pinned for the
questions to a language model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from actors.request import Request
from actors.turns import Asking
from pipeline import assembly, identity
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Ledger
from pipeline.stores.ledger_values import OpenedProject

PlanOf = Callable[[Settings, Shown], Plan]
"""Names the five stages, whose questions show this."""

UNMADE = "made by the run"
"""Stands for a snapshot in the plan of a run that would make it."""


def looks_anew(settings: Settings, request: Request, stored: Plan | None, shown: Shown) -> bool:
    """Say whether a run looks at what its project knows before it asks: it is told to, or the
    project begins to use it. A new project knows nothing yet.
    """
    if stored is None or settings.llm.context != "project" or not assembly.waits(settings):
        return False
    begins = request.reconfigure and not _used(stored)
    return request.refresh_context or (begins and shown.snapshot is None)


def foreseen(
    settings: Settings, request: Request, ledger: Ledger, urls: ServiceUrls
) -> tuple[Plan | None, Shown]:
    """Read the plan that a project has, if it is there, and say what the questions of a run would
    show.
    """
    project = identity.project_id(request.project)
    stored = ledger.plan_of(project)
    shown = assembly.shown_for(settings, urls, project)
    if looks_anew(settings, request, stored, shown):
        shown = replace(shown, snapshot=UNMADE)
    return stored, shown


def opened(
    settings: Settings,
    request: Request,
    ledger: Ledger,
    urls: ServiceUrls,
    ask: Asking,
    plan_of: PlanOf,
) -> tuple[OpenedProject, Shown]:
    """Open the project of a run under the plan that it works under, after a look at what the
    project knows where it is to take one: that is agreed to, and nothing else by it.

    Raises as `Ledger.open_project`, and TemporaryError.
    """
    project = identity.project_id(request.project)
    shown = ask(assembly.shown_for, settings, urls, project)
    stored = ask(ledger.plan_of, project)
    agreed = request.reconfigure
    if looks_anew(settings, request, stored, shown):
        before = replace(shown, snapshot=_snapshot_of(stored))
        ask(ledger.open_project, request.project, plan_of(settings, before), reconfigure=agreed)
        made = ask(assembly.refresh_context, settings, urls, project)
        shown, agreed = replace(shown, snapshot=made.hash), True
    plan = plan_of(settings, shown)
    found = ask(
        ledger.open_project,
        request.project,
        plan,
        reconfigure=agreed,
        from_stage=request.from_stage,
    )
    return found, shown


def _contexts(plan: Plan) -> list[dict[str, object]]:
    """Give what is known around chunks by the configurations of the stages that ask."""
    found = (one.configuration.get("context") for one in plan.identities)
    return [one for one in found if isinstance(one, dict)]


def _used(plan: Plan) -> bool:
    return any(one.get("mode") == "project" for one in _contexts(plan))


def _snapshot_of(plan: Plan | None) -> str | None:
    """Name the snapshot that a plan was made with."""
    names = [one.get("snapshot") for one in _contexts(plan)] if plan else []
    return next((name for name in names if isinstance(name, str)), None)
