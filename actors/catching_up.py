"""Brings entities and vectors up to date where no run is at work to do it: in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from actors.progress import EMBEDDING, RESOLVING, Snapshot
from actors.report import Ended
from actors.run_result import own_fault
from actors.stop import Stop
from actors.turns import Asking
from actors.workplace import HostStage
from pipeline import assembly
from pipeline.assembly import NameRules
from pipeline.documents import StageName
from pipeline.errors import (
    CasegraphError,
    StoppedWaitingError,
    TemporaryError,
    UnavailableError,
)
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

logger = logging.getLogger(__name__)


def caught_up(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    rules: NameRules,
    ended: Ended,
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> Ended:
    """Apply what a run left that was killed, or what was forgotten or decided since; say how the
    run has ended then. Where all is applied this is one question to PostgreSQL. One that did not
    come to its end leaves it to the next.
    """
    if ended.outcome != "finished" or ended.behind:
        return ended
    keeper = assembly.open_registry(settings, urls, project, rules)
    try:
        turn = keeper.finish(
            stopping=lambda: stop.asked,
            tell=lambda turn: show(Snapshot(state=RESOLVING, changes=turn.pending)),
        )
    except StoppedWaitingError as error:
        return replace(ended, outcome="stopped", reason=str(error))
    except (TemporaryError, UnavailableError) as error:
        return replace(ended, outcome="failed", reason=str(error))
    except Exception as error:
        logger.exception("entities could not be settled")
        return replace(ended, outcome="failed", reason=own_fault(error))
    finally:
        keeper.leave()
    return ended if turn.is_done or not stop.asked else replace(ended, outcome="stopped")


def filled_in(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    host: HostStage,
    ended: Ended,
    show: Callable[[Snapshot], None],
    stop: Stop,
) -> Ended:
    """Compute the vectors that published chunks lack since a run was killed or stopped before it
    came to it; say how the run has ended then. Where none is lacking this is one question to
    PostgreSQL.
    """
    if ended.outcome != "finished":
        return ended
    stores = assembly.open_stores(settings, urls)
    filling = assembly.open_filling(settings, stores, project)
    ask = Asking(settings.run.patience_seconds, lambda: stop.asked)
    try:
        if ask(filling.from_cache):
            return ended
        show(Snapshot(state=EMBEDDING))
        embed = host(StageName.CHUNK, settings, stores).embed
        while embed is not None and ask(filling.with_model, embed):
            if stop.asked:
                return replace(ended, outcome="stopped")
    except CasegraphError as error:
        outcome = "stopped" if isinstance(error, StoppedWaitingError) else "failed"
        return replace(ended, outcome=outcome, reason=str(error))
    except Exception as error:
        logger.exception("vectors could not be computed")
        return replace(ended, outcome="failed", reason=own_fault(error))
    return ended
