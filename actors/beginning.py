"""The beginning of a run: a project is opened, and the files of its sources are taken down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from actors.joining import address_of, check_address
from actors.node_settings import check_cluster
from actors.planning import PlanOf, opened
from actors.progress import Snapshot
from actors.report import ALL_FOUND, NotFound
from actors.request import Request, split_by_size, uris
from actors.stop import Stop
from actors.turns import Asking
from pipeline import assembly
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.source_copies import record_with_copies
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Ledger
from pipeline.stores.ledger_values import OpenedProject
from pipeline.walking import FoundFile

SHOWN = 3


@dataclass(frozen=True)
class Begun:
    """A project that is opened, with what its questions to language models show, and with what it
    does not find again.
    """

    urls: ServiceUrls
    ledger: Ledger
    ask: Asking
    project: OpenedProject
    shown: Shown
    not_found: NotFound


def begin(
    settings: Settings,
    request: Request,
    plan_of: PlanOf,
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> Begun:
    """Open the project under its plan, and record the documents of the sources.

    Raises UsageError for a source that is not there or a plan that the project was not made with,
    UnavailableError for a service that does not answer, StoppedWaitingError for one that does not
    when it is to stop.
    """
    if address := address_of(settings):
        check_address(address)
        check_cluster(settings)
    batches = request.files(settings)
    show(Snapshot(state="starting services"))
    urls = assembly.open_services(settings)
    ledger = assembly.open_ledger(settings, urls)
    ask = Asking(settings.run.patience_seconds, lambda: stop.asked)
    ask(ledger.bind_objects)
    project, shown = opened(settings, request, ledger, urls, ask, plan_of)
    not_found = _record(settings, request, batches, ledger, project.id, show, stop)
    return Begun(urls, ledger, ask, project, shown, not_found)


def _record(
    settings: Settings,
    request: Request,
    batches: Iterable[Sequence[FoundFile]],
    ledger: Ledger,
    project: str,
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> NotFound:
    """Write down the files that a walk finds, and say which documents it does not find again; none
    if it is stopped. Raises UnavailableError if PostgreSQL, or a store that is walked over, goes
    away: a walk is not repeated.
    """
    found, record = 0, _recording(settings, ledger)
    try:
        with ledger.roll_call(project) as roll:
            for batch in batches:
                small, large = split_by_size(batch, settings.limits.max_file_bytes)
                record(project, small, rehash=request.rehash)
                ledger.record_skipped(project, large)
                roll.found(batch)
                found += len(batch)
                show(Snapshot(state="looking for documents", total=found))
                if stop.asked:
                    return ALL_FOUND
            sources = uris(request.sources)
            count = roll.missing(sources)
            return NotFound(count, roll.missing_some(sources, SHOWN) if count else ())
    except TemporaryError as error:
        raise UnavailableError(
            f"{error}; {found:,} files are taken down: run again when it is back"
        ) from error


def _recording(settings: Settings, ledger: Ledger) -> Callable[..., object]:
    """Give what writes down files; on a cluster whose other nodes do not see them, with copies."""
    if address_of(settings) is None or settings.run.shared_files:
        return ledger.record_documents
    return partial(record_with_copies, ledger, assembly.open_blobs(settings))
