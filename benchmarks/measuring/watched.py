"""CPU time and memory of all processes of a run, by what they do, looked at while it goes on."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from measuring.growth import PARSER
from measuring.looking import Looking
from measuring.memory import with_descendants

STAGES, COORDINATOR, PERSISTENCE = "stage actors", "coordinator", "persistence"
REGISTRY, RAY, POSTGRES, VALKEY = "registry", "Ray", "PostgreSQL", "Valkey"
DRIVER, OTHER, IDLE = "command", "other", "idle worker of Ray"
ACTORS: Mapping[str, str] = {
    "ray::StageActor": STAGES,
    "ray::RunCoordinator": COORDINATOR,
    "ray::PersistenceActor": PERSISTENCE,
    "ray::RegistryActor": REGISTRY,
    "ray::IDLE": IDLE,
}
COMMANDS = {"actors.cli", "faults.ray_run"}
DAEMONS = ("raylet", "gcs_server", "ray::")


@dataclass(frozen=True)
class Look:
    """All processes at one moment: what each role has taken of the CPU so far, those that have
    ended among them, in seconds; and the memory that it shares with nobody, in bytes.
    """

    at: float
    cpu: Mapping[str, float]
    own: Mapping[str, int]


class Watched(Looking):
    """Looks at every process of a run, in a thread, until the block ends. Of one that ends, what it
    had taken at the last look is kept, so up to an interval of it is missed.

    The thread uses any core of the machine, also where the run is held to some.
    """

    interval_seconds = 0.5

    def __init__(self, roots: Callable[[], Iterable[psutil.Process]], cores: Iterable[int]) -> None:
        super().__init__()
        self._roots, self._cores = roots, frozenset(cores)
        self._seen: dict[psutil.Process, tuple[str, float]] = {}
        self.looks: list[Look] = []
        self.seconds = 0.0
        """What the looking itself took of the CPU."""

    def look(self) -> None:
        """Look once."""
        if not self.looks:
            os.sched_setaffinity(0, self._cores)  # of this thread alone
        cpu, own = time.thread_time(), Counter[str]()
        for process in with_descendants(self._roots()):
            try:
                self._note(process, own)
            except psutil.Error:
                continue
        taken = Counter[str]()
        for role, seconds in self._seen.values():
            taken[_counted(role)] += seconds
        self.looks.append(Look(time.monotonic(), dict(taken), dict(own)))
        self.seconds += time.thread_time() - cpu

    def _note(self, process: psutil.Process, own: Counter[str]) -> None:
        """Take down one process. Raises psutil.Error for one that is gone."""
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
            known, _ = self._seen.get(process, (IDLE, 0.0))
            # What a process does never changes, but a worker of Ray waits for what that will be.
            role = role_of(process.name(), process.cmdline()) if known == IDLE else known
        self._seen[process] = role, times.user + times.system
        own[_counted(role)] += max(memory.rss - memory.shared, 0)


def _counted(role: str) -> str:
    return RAY if role == IDLE else role


def role_of(name: str, line: Sequence[str]) -> str:
    """Say what a process of a run does, by its name and its command line. What the parser's child
    takes counts as the stage's.
    """
    title = name.partition(".")[0]
    signs = (
        (ACTORS.get(title, ""), title in ACTORS),
        (STAGES, PARSER in line),
        (DRIVER, bool(COMMANDS & set(line))),
        (POSTGRES, title.startswith("postgres")),
        (VALKEY, title.startswith(("valkey", "redis"))),
        (IDLE, any("default_worker.py" in word for word in line)),
        (RAY, title.startswith(DAEMONS) or any("/ray/" in word for word in line)),
    )
    return next((role for role, fits in signs if fits), OTHER)
