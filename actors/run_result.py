"""How a run on Ray ended."""

from __future__ import annotations

from collections.abc import Mapping

from actors.waits import Spread
from pipeline.documents import StageName, Value


class RunResult(Value):
    """How a run ended. `stage_calls` counts the contents each stage worked on; `mode` is how it
    worked at the end; the embedding cache was `asked` for vectors and `found` some. `store_wait` is
    how long contents waited for stores along their way, `latency` from admitted to persisted.
    """

    outcome: str
    stage_calls: Mapping[StageName, int]
    seconds: float
    completed: int
    failed: int
    reason: str = ""
    mode: str = ""
    mode_reason: str = ""
    embeddings_asked: int = 0
    embeddings_found: int = 0
    store_wait: Spread = Spread()
    latency: Spread = Spread()
