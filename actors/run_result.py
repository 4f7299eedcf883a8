"""How a run on Ray ended."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.documents import StageName, Value


class RunResult(Value):
    """How a run ended. `stage_calls` counts the contents each stage worked on."""

    outcome: str
    stage_calls: Mapping[StageName, int]
    seconds: float
    completed: int
    failed: int
    reason: str = ""
