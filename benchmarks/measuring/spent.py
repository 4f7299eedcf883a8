"""Time that work took: by the clock, and of the CPU, which other work distorts less."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from measuring.memory import with_descendants
from pipeline.settings import Settings
from pipeline.stores import embedded


@dataclass(frozen=True)
class Spent:
    """Seconds: by the clock, of this process's CPU, and of PostgreSQL's."""

    wall: float
    own_cpu: float
    postgres_cpu: float

    @property
    def cpu(self) -> float:
        """Sum the CPU seconds."""
        return self.own_cpu + self.postgres_cpu


class Meter:
    """Measures this process and the embedded PostgreSQL. Processes that PostgreSQL ended meanwhile
    are not counted, so connections have to stay open while it measures.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def measure(self, work: Callable[[], object]) -> Spent:
        """Do the work and say what it took."""
        server, own, began = self._postgres(), time.process_time(), time.monotonic()
        work()
        wall, own_after = time.monotonic() - began, time.process_time()
        after = self._postgres()
        return Spent(
            wall=wall,
            own_cpu=own_after - own,
            postgres_cpu=sum(seconds - server.get(pid, 0.0) for pid, seconds in after.items()),
        )

    def _postgres(self) -> dict[int, float]:
        """Read the CPU seconds of each process of the server."""
        pids = [
            state.pid
            for state in embedded.service_status(self._settings)
            if state.name == "postgres" and state.pid is not None
        ]
        seconds = {}
        for process in with_descendants(psutil.Process(pid) for pid in pids):
            with suppress(psutil.Error):
                times = process.cpu_times()
                seconds[process.pid] = times.user + times.system
        return seconds
