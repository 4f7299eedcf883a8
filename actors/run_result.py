"""How a run on Ray ended."""

from __future__ import annotations

from collections.abc import Mapping

from actors.tally import NO_WORK, Work
from actors.waits import Spread
from pipeline.documents import StageName, Value
from pipeline.stores import run_progress
from pipeline.stores.postgres import words_of

OVER_BUDGET = "over_budget"
"""The outcome of a run that has spent what it may."""
INTERRUPTED = run_progress.INTERRUPTED
"""The outcome of a run whose coordinator is gone."""


def own_fault(error: BaseException) -> str:
    """Say that a run ended by a fault of its own: by this program's, and by no service's."""
    return f"the run ended by a fault of its own ({type(error).__name__}: {words_of(error)})"


class RunResult(Value):
    """How a run ended: `outcome` is finished, stopped (by a person), over_budget, interrupted or
    failed, `reason` why it is one of the last three. `stage_calls` counts the contents each stage
    worked on; `mode` is how it worked at the end; the embedding cache was `asked` for vectors and
    `found` some. `store_wait` is how long contents waited for stores along their way, `latency`
    from admitted to persisted, `work` what the stages came to. `by_own_fault` says of a run that
    failed that no service was to blame: see its log. `behind` is why entities are not those of all
    that was published.
    """

    outcome: str
    stage_calls: Mapping[StageName, int]
    seconds: float
    completed: int
    failed: int
    reason: str = ""
    by_own_fault: bool = False
    mode: str = ""
    mode_reason: str = ""
    embeddings_asked: int = 0
    embeddings_found: int = 0
    store_wait: Spread = Spread()
    latency: Spread = Spread()
    behind: str = ""
    work: Work = NO_WORK


def nothing_done(outcome: str, reason: str) -> RunResult:
    """Say how a run ended of which nobody knows that it did anything."""
    return RunResult(
        outcome=outcome, reason=reason, stage_calls={}, seconds=0.0, completed=0, failed=0
    )
