"""How long a child may take: in its own CPU time, so that a busy machine blames nobody."""

from __future__ import annotations

import time

import psutil

from pipeline.stage_limits import CLOCK_PER_CPU


class CpuAllowance:
    """The CPU seconds a child may still use, watched from outside by the clock. Of that it has
    `CLOCK_PER_CPU` times as much: for one that waits for something that never comes.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._process = psutil.Process(pid)
        self._started = time.monotonic()
        self._seconds = seconds
        self._due = self._started + seconds
        self._cpu_at_start = self._cpu()

    def _cpu(self) -> float:
        """Read the CPU seconds of the child; none once it has ended."""
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def extend(self, seconds: float) -> None:
        """Allow so many seconds from now, unless more are left."""
        self.allow(max(self._left(), seconds))

    def allow(self, seconds: float) -> None:
        """Allow so many seconds from now, and no more."""
        self._seconds = self._used() + seconds
        self._due = time.monotonic() + seconds

    def _used(self) -> float:
        """Count what was used: CPU seconds, or a share of the clock if that is more."""
        clock = (time.monotonic() - self._started) / CLOCK_PER_CPU
        return max(self._cpu() - self._cpu_at_start, clock)

    def _left(self) -> float:
        return self._seconds - self._used()

    def until_due(self) -> float:
        """Say for how many seconds there is no need to look."""
        return max(0.0, self._due - time.monotonic())

    def is_spent(self) -> bool:
        """Say whether the allowance is used up; if not, set when to look again."""
        if time.monotonic() < self._due:
            return False
        left = self._left()
        self._due = time.monotonic() + max(left, 0.02)
        return left <= 0
