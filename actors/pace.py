"""How fast documents go through a run."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

SPAN_SECONDS, STEP_SECONDS = 10.0, 0.5


class Pace:
    """Documents a second over the last `SPAN_SECONDS`. `clock` gives seconds since whenever."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def note(self, total: int) -> float:
        """Take down how many have gone through so far, and return how many do in a second."""
        now = self._clock()
        if now - self._seen[-1][0] >= STEP_SECONDS:
            self._seen.append((now, total))
            while now - self._seen[0][0] > SPAN_SECONDS and len(self._seen) > 1:
                self._seen.popleft()
        since, before = self._seen[0]
        return (total - before) / max(now - since, STEP_SECONDS)
