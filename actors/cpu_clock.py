"""Counts the CPU seconds that a process takes, with what it has started."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TASKS = Path("/proc/self/task")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_clock() -> Callable[[], float]:
    """Give a clock of the CPU seconds of this process and of its children, ended ones too; one that
    goes by itself where the system does not say what children there are. It never goes back, though
    a child may end while it is looked at.
    """
    if not (TASKS / str(os.getpid()) / "children").exists():
        return time.perf_counter
    highest = 0.0

    def clock() -> float:
        nonlocal highest
        highest = max(highest, _cpu_seconds())
        return highest

    return clock


def _cpu_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = sum(map(_seconds_of, _children()))
    return time.process_time() + ended.ru_utime + ended.ru_stime + alive


def _children() -> list[str]:
    """Name the processes that threads of this one have started: looking at all would take long."""
    found: list[str] = []
    for task in TASKS.iterdir():
        with suppress(OSError):  # the thread has ended
            found += (task / "children").read_text().split()
    return found


def _seconds_of(process: str) -> float:
    """Read the CPU seconds of a process, after its name, which may have blanks; 0 if it ended."""
    try:
        after = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system, of_children_user, of_children_system = map(int, after[11:15])
    return (user + system + of_children_user + of_children_system) / TICKS
