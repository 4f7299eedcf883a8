"""The same stages fused: one Ray actor call does all five on a batch, and nothing is in between.

What a run takes beyond this is what its own layer costs: the hops between the stages, the
coordinator, the checkpoints between them.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring.flow import identified

SLOTS = 2


class Fused:
    """All five stages in one process; each result goes into the next one in memory."""

    def __init__(self) -> None:
        from faults import small_stages

        from pipeline.documents import StageName
        from pipeline.process import Stages
        from pipeline.stage import STAGES
        from pipeline.stores.memory import MemoryBlobs

        work = {
            StageName.OCR: lambda source: small_stages.read(source, MemoryBlobs()),
            StageName.CHUNK: small_stages.cut,
            StageName.EXTRACT: small_stages.find,
            StageName.RESOLVE: small_stages.name,
            StageName.RELATE: small_stages.relate,
        }
        built = (small_stages.SmallStage(stage, work[stage]) for stage in STAGES)
        self._stages = Stages(*built)

    def ready(self) -> None:
        """Say that it is there."""

    def run(self, paths: Sequence[str]) -> float:
        """Process some files; return the CPU seconds that took."""
        from pipeline.process import process

        began = time.process_time()
        for source in identified([Path(path) for path in paths]):
            process(source, self._stages)
        return time.process_time() - began


def measure_fused(ray: Any, paths: Sequence[Path], cores: int, batch: int) -> dict[str, float]:
    """Bring files through `cores` actors, `batch` a call, two calls to an actor at a time."""
    actors = [ray.remote(Fused).options(num_cpus=0).remote() for _ in range(cores)]
    ray.get([actor.ready.remote() for actor in actors])
    batches = deque(
        [str(path) for path in paths[at : at + batch]] for at in range(0, len(paths), batch)
    )
    calls = len(batches)
    began, mine, work = time.monotonic(), time.process_time(), 0.0
    running: dict[Any, Any] = {}
    free = deque(actors * SLOTS)
    while batches or running:
        while batches and free:
            actor = free.popleft()
            running[actor.run.remote(batches.popleft())] = actor
        [done], _ = ray.wait(list(running), num_returns=1)
        work += ray.get(done)
        free.append(running.pop(done))
    return {
        "seconds": time.monotonic() - began,
        "calls": calls,
        "work_cpu_seconds": work,
        "driver_cpu_seconds": time.process_time() - mine,
        "cores": len(os.sched_getaffinity(0)),
    }
