"""How long contents waited for stores, and how long they took until they were persisted.

Plain bookkeeping. What is in flight is bounded by the window and the queue, and of what is done
the last `KEPT` are remembered, so a run over millions of documents takes no more memory.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.documents import Value

KEPT = 10_000


class Spread(Value):
    """What some durations, in seconds, are like; all 0 for none. `count` is how many there are."""

    count: int = 0
    median: float = 0.0
    p95: float = 0.0


NO_SPREAD = Spread()


@dataclass
class _Way:
    began: float
    waited: float = 0.0
    ready: float | None = None


def _kept() -> deque[float]:
    return deque(maxlen=KEPT)


@dataclass
class Waits:
    """The contents of one run. `clock` gives seconds since whenever."""

    clock: Callable[[], float] = time.monotonic
    _ways: dict[str, _Way] = field(default_factory=dict)
    _waited: deque[float] = field(default_factory=_kept)
    _took: deque[float] = field(default_factory=_kept)

    def admit(self, content: str) -> None:
        """Begin the way of a content; one that is on its way already stays as it is."""
        if content not in self._ways:
            now = self.clock()
            self._ways[content] = _Way(now, ready=now)

    def taken_up(self, content: str) -> float | None:
        """Say how long a content waited for the call that takes it up now; None if it did not."""
        way = self._ways.get(content)
        if way is None or way.ready is None:
            return None
        waited, way.ready = self.clock() - way.ready, None
        return waited

    def put_down(self, contents: Iterable[str]) -> None:
        """Note that a call is over: from now on its contents wait for the next one."""
        for content in contents:
            if way := self._ways.get(content):
                way.ready = self.clock()

    def add(self, contents: Iterable[str], seconds: float) -> None:
        """Add what a call waited for stores: each content of it waited for all of that."""
        for content in contents:
            if way := self._ways.get(content):
                way.waited += seconds

    def end(self, content: str) -> None:
        """Note that a content is persisted."""
        if way := self._ways.pop(content, None):
            self._waited.append(way.waited)
            self._took.append(self.clock() - way.began)

    def drop(self, content: str) -> None:
        """Let go of a content that is not going to be persisted."""
        self._ways.pop(content, None)

    @property
    def store_wait(self) -> Spread:
        """Say how long contents waited for stores along their way."""
        return spread(self._waited)

    @property
    def latency(self) -> Spread:
        """Say how long contents took from admitted to persisted."""
        return spread(self._took)


def spread(seconds: Iterable[float]) -> Spread:
    """Sum up durations by their median and their 95th percentile."""
    ordered = sorted(seconds)
    if not ordered:
        return NO_SPREAD
    return Spread(
        count=len(ordered), median=_percentile(ordered, 0.5), p95=_percentile(ordered, 0.95)
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Take the smallest value that at least this share of all does not exceed."""
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]
