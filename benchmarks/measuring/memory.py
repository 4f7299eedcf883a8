"""Memory of all processes of a run, looked at while it goes on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import psutil

from measuring.looking import Looking

WORTH_A_LOOK = 1.01


class PeakMemory(Looking):
    """Samples the memory of processes and of all they started, in a thread, until the block ends.

    Memory that processes share is counted once (the sum of PSS). Where the system does not let us
    see that of another account's process, it is the memory it shares with nobody. To sum it costs
    CPU time that the run would miss, so that is only done when the plain sum of resident memory,
    which costs little, is a hundredth higher than it was the last time.
    """

    interval_seconds = 0.5

    def __init__(self, roots: Callable[[], Iterable[psutil.Process]]) -> None:
        super().__init__()
        self._roots = roots
        self._peak: Counter[str] = Counter()
        self._processes = 0
        self._samples = 0
        self._resident = 0
        self._looking = 0.0

    def as_json(self) -> dict[str, Any]:
        """Give the highest sum, and what it was made of."""
        return {
            "peak_bytes": self._peak.total(),
            "peak_processes": self._processes,
            "peak_bytes_by_program": dict(self._peak.most_common()),
            "samples": self._samples,
            "cpu_seconds_of_looking": self._looking,
        }

    def look(self) -> None:
        """Look once, and closely where it is worth it."""
        cpu = time.thread_time()
        processes = with_descendants(self._roots())
        resident = sum(map(resident_of, processes))
        if resident > self._resident * WORTH_A_LOOK:
            self._resident = resident
            self._look_closely(processes)
        self._samples += 1
        self._looking += time.thread_time() - cpu

    def _look_closely(self, processes: Iterable[psutil.Process]) -> None:
        """Sum the memory, each shared page once, and keep the sum if it is the highest."""
        now: Counter[str] = Counter()
        count = 0
        for process in processes:
            name, size = memory_of(process)
            now[name] += size
            count += 1
        if now.total() > self._peak.total():
            self._peak, self._processes = now, count


def with_descendants(roots: Iterable[psutil.Process]) -> set[psutil.Process]:
    """Collect processes and all that they started; those that are gone are passed over."""
    found: set[psutil.Process] = set()
    for root in roots:
        try:
            found |= {root, *root.children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return found


def resident_of(process: psutil.Process) -> int:
    """Read a process's resident memory in bytes, shared or not; 0 for one that is gone."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def memory_of(process: psutil.Process) -> tuple[str, int]:
    """Read a process's name and its share of memory in bytes; nothing for one that is gone.

    Ray adds to an actor's name what it does at the moment; that is left out.
    """
    try:
        name = process.name().partition(".")[0]
        try:
            return name, int(process.memory_full_info().pss)
        except psutil.AccessDenied:
            plain = process.memory_info()
            return name, int(plain.rss - plain.shared)
    except psutil.Error:
        return "gone", 0
