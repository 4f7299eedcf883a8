"""How long each stage takes for a content, learnt from its calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.documents import StageName

CALL_SECONDS = 0.2
MAX_BATCH = 16
SMOOTHING = 0.3
SHORTEST = 1e-4


class Speeds:
    """Smoothed seconds for each content, by stage; nothing of a stage that has not worked yet."""

    def __init__(self) -> None:
        self._seconds: dict[StageName, float] = {}

    def learn(self, stage: StageName, seconds: Sequence[float]) -> None:
        """Take in what contents took."""
        for value in seconds:
            known = self._seconds.get(stage, value)
            self._seconds[stage] = known + SMOOTHING * (value - known)

    def batch(self, stage: StageName) -> int:
        """Count the contents that make a call worth its cost; one while nothing is known."""
        if stage not in self._seconds:
            return 1
        return max(1, min(MAX_BATCH, round(CALL_SECONDS / max(self._seconds[stage], SHORTEST))))

    def could_do(self, at_work: Mapping[StageName, int], stages: Collection[StageName]) -> float:
        """Say how many contents a second these stages get through if they never wait for work: as
        many as the slowest stage; 0 where that of one is not known yet. `at_work` counts the
        contents that all actors of a stage work on at once.
        """
        if not all(stage in self._seconds for stage in stages):
            return 0.0
        return min(at_work[stage] / max(self._seconds[stage], SHORTEST) for stage in stages)
