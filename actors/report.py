"""What a command says of a run: how the work ended, and what the project holds after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from actors.run_result import RunResult
from actors.waits import NO_SPREAD, Spread
from pipeline.documents import StageName
from pipeline.llm.spending import NOTHING_SPENT, Spent
from pipeline.stage import STAGES
from pipeline.stores.overview import Overview
from pipeline.stores.project_reader import FailureRow, SkippedRow


class NotFound(NamedTuple):
    """How many documents under the sources are not there any more, and where some of them were."""

    total: int = 0
    some: Sequence[str] = ()


ALL_FOUND = NotFound()


@dataclass(frozen=True)
class Report:
    """What a run did and what the project holds after it. `outcome` and `reason` are those of
    `RunResult`; `mode` is how it worked at its end, `mode_reason` why that was without Redis;
    `elsewhere` counts the documents that runs beside this one settled meanwhile; `skipped` are some
    of the documents that were not looked into, `failures` some of those that failed, where these
    are many with the `commonest` reason and how many have it. `behind` is why entities are not
    those of all that was published; empty if they are. `models` is what language models were asked
    and paid; `extractor` is what finds names.
    """

    project: str
    outcome: str
    documents: Mapping[str, int]
    graph: Overview
    failures: Sequence[FailureRow]
    skipped: Sequence[SkippedRow]
    seconds: float
    startup_seconds: float
    documents_per_second: float
    commonest: tuple[str, int] = ("", 0)
    completed: int = 0
    failed: int = 0
    elsewhere: int = 0
    not_found: NotFound = ALL_FOUND
    store_wait: Spread = NO_SPREAD
    latency: Spread = NO_SPREAD
    stage_calls: Mapping[StageName, int] = field(default_factory=dict)
    reason: str = ""
    mode: str = ""
    mode_reason: str = ""
    behind: str = ""
    models: Spent = NOTHING_SPENT
    extractor: str = "spacy"

    def as_json(self) -> dict[str, Any]:
        """Give the object that `run --json` ends with."""
        return {
            "project": self.project,
            "outcome": self.outcome,
            "documents": dict(self.documents),
            "not_found": self.not_found.total,
            "stage_calls": {stage.value: self.stage_calls.get(stage, 0) for stage in STAGES},
            "mode": self.mode or None,
            "mode_reason": self.mode_reason,
            "behind": self.behind,
            "language_models": self.models.as_json(),
            "store_wait_seconds": self.store_wait.model_dump(),
            "latency_seconds": self.latency.model_dump(),
            "seconds": round(self.seconds, 3),
            "startup_seconds": round(self.startup_seconds, 3),
            "documents_per_second": round(self.documents_per_second, 3),
            "entities": self.graph.entities,
            "relationships": self.graph.relationships,
            "dropped": self.graph.dropped,
        }


@dataclass(frozen=True)
class Ended:
    """How the work on Ray ended, all times that it was taken up together."""

    outcome: str = "finished"
    reason: str = ""
    seconds: float = 0.0
    store_wait: Spread = NO_SPREAD
    latency: Spread = NO_SPREAD
    completed: int = 0
    failed: int = 0
    stage_calls: Mapping[StageName, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    mode: str = ""
    mode_reason: str = ""
    behind: str = ""

    def followed_by(self, result: RunResult) -> Ended:
        """Add what came after."""
        return Ended(
            outcome=result.outcome,
            reason=result.reason,
            mode=result.mode,
            mode_reason=result.mode_reason,
            behind=result.behind,
            store_wait=result.store_wait if result.store_wait.count else self.store_wait,
            latency=result.latency if result.latency.count else self.latency,
            seconds=self.seconds + result.seconds,
            completed=self.completed + result.completed,
            failed=self.failed + result.failed,
            stage_calls={
                stage: self.stage_calls[stage] + result.stage_calls.get(stage, 0)
                for stage in STAGES
            },
        )
