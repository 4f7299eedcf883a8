"""CPU time of all processes of a run, by what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import psutil

from measuring.growth import role_of
from measuring.looking import Looking
from measuring.memory import with_descendants

IDLE = "ray::IDLE"
"""A worker of Ray that is nobody's yet."""


class CpuByRole(Looking):
    """Looks at every process of a run, in a thread, until the block ends. What a process used
    before its last look is what counts: of one that ends at once, up to an interval is missed.
    """

    interval_seconds = 0.5

    def __init__(self, roots: Callable[[], Iterable[psutil.Process]]) -> None:
        super().__init__()
        self._roots = roots
        self._seen: dict[tuple[int, float], tuple[str, float]] = {}

    def look(self) -> None:
        """Look once at every process."""
        for process in with_descendants(self._roots()):
            try:
                times, key = process.cpu_times(), (process.pid, process.create_time())
                before = self._seen.get(key)
                # What a process does never changes, but a worker of Ray has its name from its job.
                role = before[0] if before and before[0] != IDLE else role_of(process)
            except psutil.Error:
                continue
            self._seen[key] = role, times.user + times.system

    @property
    def seconds(self) -> Mapping[str, float]:
        """Sum up by role, most first."""
        spent: Counter[str] = Counter()
        for role, seconds in self._seen.values():
            spent[role] += seconds
        return dict(spent.most_common())
