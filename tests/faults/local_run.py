"""Carries out the work of a run in threads of this process, as `actors.on_ray` does on Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from actors.coordinator import RunCoordinator
from actors.on_ray import Source
from actors.progress import Snapshot
from actors.run_result import RunResult
from actors.stop import Stop
from actors.workplace import Workplace
from faults.local_pools import LocalPools
from pipeline.documents import StageName
from pipeline.stage import STAGES

ONE_EACH = dict.fromkeys(STAGES, 1)
ACTORS = ONE_EACH | {StageName.OCR: 2, StageName.CHUNK: 2}
POLL_SECONDS = 0.02


def in_threads(
    place: Workplace,
    source: Source,
    show: Callable[[Snapshot], None],
    stop: Stop,
    actors: Mapping[StageName, int] = ACTORS,
) -> RunResult:
    """Run to the end, or until `stop` is asked for."""

    async def whole() -> RunResult:
        run = place.settings.run.model_copy(update={"actors": dict(actors)})
        there = replace(place, settings=place.settings.model_copy(update={"run": run}))
        coordinator = RunCoordinator(there, source(), LocalPools(there))
        work, told = asyncio.create_task(coordinator.run()), False
        while not (await asyncio.wait([work], timeout=POLL_SECONDS))[0]:
            if stop.asked and not told:
                await coordinator.drain()
                told = True
            await coordinator.expect(source())
            show(await coordinator.snapshot())
        show(await coordinator.snapshot())
        return await work

    return asyncio.run(whole())
