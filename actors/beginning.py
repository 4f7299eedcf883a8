"""The beginning of a run: a project is opened, and the walk over its sources has begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from actors.intake import Intake, Record
from actors.joining import address_of, check_address
from actors.node_settings import check_cluster
from actors.planning import PlanOf, opened
from actors.progress import Snapshot
from actors.request import Request
from actors.stop import Stop
from actors.turns import Asking
from pipeline import assembly
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.source_copies import record_with_copies
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Ledger
from pipeline.stores.ledger_values import OpenedProject

OPENING_SECONDS = 10.0
"""So long it is borne that PostgreSQL breaks off or takes no writes while it is opened: who begins
is to hear soon of what stays so.
"""


@dataclass(frozen=True)
class Begun:
    """A project that is opened, with what its questions to language models show, and with what is
    taken in for it.
    """

    urls: ServiceUrls
    ledger: Ledger
    ask: Asking
    project: OpenedProject
    shown: Shown
    intake: Intake


def begin(
    settings: Settings,
    request: Request,
    plan_of: PlanOf,
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> Begun:
    """Open the project under its plan, and begin to record the documents of the sources: until
    there is something to work on. Who began it closes the intake.

    Raises UsageError for a source that is not there or a plan that the project was not made with,
    UnavailableError for a service that does not answer, StoppedWaitingError for one that does not
    when it is to stop.
    """
    if address := address_of(settings):
        check_address(address)
        check_cluster(settings)
    batches = request.files(settings)
    show(Snapshot(state="starting services"))
    ask = Asking(settings.run.patience_seconds, lambda: stop.asked)
    soon = Asking(min(OPENING_SECONDS, settings.run.patience_seconds), lambda: stop.asked)
    urls = soon(assembly.open_services, settings)
    ledger = assembly.open_ledger(settings, urls)
    ask(ledger.bind_objects)
    project, shown = opened(settings, request, ledger, urls, ask, plan_of)
    limit = settings.limits.max_file_bytes
    record = _recording(settings, ledger)
    intake = Intake(request, limit, batches, ledger, record, project.id, ask, stop)
    intake.begin(show)
    return Begun(urls, ledger, ask, project, shown, intake)


def _recording(settings: Settings, ledger: Ledger) -> Record:
    """Give what writes down files; on a cluster whose other nodes do not see them, with copies."""
    if address_of(settings) is None or settings.run.shared_files:
        return ledger.record_documents
    return partial(record_with_copies, ledger, assembly.open_blobs(settings))
