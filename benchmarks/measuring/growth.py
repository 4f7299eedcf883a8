"""The memory of each process of a run, and how much more of it a larger document takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from measuring.looking import Looking
from measuring.memory import with_descendants

PARSER = "pipeline.engines.parser_child"


@dataclass(frozen=True)
class Peak:
    """The highest resident memory that a process had, in bytes. `own` is without pages that it
    shares: files that are mapped, Ray's object store, PostgreSQL's buffers.
    """

    resident: int = 0
    own: int = 0

    def higher(self, resident: int, own: int) -> Peak:
        """Take in one more look."""
        return Peak(max(self.resident, resident), max(self.own, own))


class ProcessPeaks(Looking):
    """Looks at every process of a run, in a thread, until the block ends. Processes that do the
    same are one row: the highest of them counts.
    """

    interval_seconds = 0.2

    def __init__(self, roots: Callable[[], Iterable[psutil.Process]]) -> None:
        super().__init__()
        self._roots = roots
        self._peaks: dict[str, Peak] = {}
        self.samples = 0

    @property
    def peaks(self) -> Mapping[str, Peak]:
        """Give the peaks by what the processes do."""
        return dict(self._peaks)

    def look(self) -> None:
        """Look once at every process."""
        for process in with_descendants(self._roots()):
            try:
                name, memory = role_of(process), process.memory_info()
            except psutil.Error:
                continue
            before = self._peaks.get(name, Peak())
            self._peaks[name] = before.higher(memory.rss, memory.rss - memory.shared)
        self.samples += 1


def role_of(process: psutil.Process) -> str:
    """Name what a process of a run does. Raises psutil.Error for one that is gone.

    Of the stage actors the one that reads documents is told by its child.
    """
    line = process.cmdline()
    name = process.name().partition(".")[0]
    if PARSER in line:
        return "parser child"
    if "actors.cli" in line:
        return "casegraph run"
    if name.startswith("postgres"):
        return "postgres backend" if "[local]" in " ".join(line) else "postgres server"
    if name == "ray::StageActor":
        children = (child.cmdline() for child in process.children())
        reads = any(PARSER in child for child in children)
        return "stage actor: ocr" if reads else "stage actor: others"
    if name.startswith("python"):
        return "other of Ray"  # its dashboard, agents and monitors
    return name


def compare(small: Mapping[str, Peak], large: Mapping[str, Peak]) -> dict[str, dict[str, Any]]:
    """Set the peaks with a large document beside those with a small one, by role; most grown
    first. `growth_bytes` is of memory that is a process's own.
    """
    rows = {
        role: {
            "small_resident_bytes": small.get(role, Peak()).resident,
            "large_resident_bytes": peak.resident,
            "small_own_bytes": small.get(role, Peak()).own,
            "large_own_bytes": peak.own,
            "growth_bytes": peak.own - small.get(role, Peak()).own,
        }
        for role, peak in large.items()
    }
    return dict(sorted(rows.items(), key=lambda row: -row[1]["growth_bytes"]))
