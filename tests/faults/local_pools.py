"""The actors of a run in threads of this process: the coordinator and all below it, without Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from actors.actor_pools import CallLostError
from actors.calls import Answer, Call
from actors.persistence_actor import Drained, PersistenceActor
from actors.registry_actor import RegistryActor, Settled
from actors.stage_actor import StageActor
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError
from pipeline.sources import Identified, Located

# A small run is over in a fraction of a second, and waits for an empty queue at its end.
BLOCK_MS = 20
GRACE_SECONDS = 1.0


class LocalPools:
    """What `ActorPools` is on Ray. Each actor has a thread, or some, and stores of its own.

    `stages` is the place of the stage actors, where that is to be another than the others'.
    """

    def __init__(
        self, place: Workplace, wanted: Mapping[StageName, int], stages: Workplace | None = None
    ) -> None:
        self._place = place
        self._of_stages = stages or place
        self._wanted = wanted
        self._actors: dict[StageName, list[tuple[StageActor, ThreadPoolExecutor]]] = {}
        self._persistence: tuple[PersistenceActor, ThreadPoolExecutor] | None = None
        self._registry: tuple[RegistryActor, ThreadPoolExecutor] | None = None

    async def start(self, grown: Callable[[StageName], None]) -> list[asyncio.Task[None]]:
        for stage in self._place.stages:
            self._actors[stage] = []
            for _ in range(self._wanted[stage]):
                actor = StageActor(self._of_stages, stage)
                actor.load()
                threads = ThreadPoolExecutor(self._of_stages.waits.get(stage, 1))
                self._actors[stage].append((actor, threads))
                grown(stage)
        self._persistence = (PersistenceActor(self._place), ThreadPoolExecutor(1))
        self._registry = (RegistryActor(self._place), ThreadPoolExecutor(1))
        return []

    async def close(self) -> None:
        left = [one for one in (self._persistence, self._registry) if one is not None]
        for actor, thread in left:
            await _in(thread, actor.leave)
        for reader, thread in self._actors.get(StageName.OCR, ()):
            await _in(thread, reader.close)
        for actor in self._waiting():
            await asyncio.to_thread(actor.close)
        rows = [row for rows in self._actors.values() for row in rows]
        for _, thread in [*rows, *left]:
            await asyncio.to_thread(thread.shutdown)

    async def stop(self) -> None:
        for actor in self._waiting():
            actor.stop()
        await asyncio.sleep(GRACE_SECONDS)
        for actor in self._waiting():
            await asyncio.to_thread(actor.close)

    def _waiting(self) -> list[StageActor]:
        waits = self._of_stages.waits
        return [actor for stage in waits for actor, _ in self._actors.get(stage, ())]

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        actor, thread = self._actors[StageName.OCR][0]
        return await _in(thread, actor.identify, sources)

    async def run(self, call: Call) -> Answer:
        actor, thread = self._actors[call.stage][call.actor]
        try:
            return await _in(thread, actor.run, call.tasks)
        except CasegraphError:
            raise
        except Exception as error:
            raise CallLostError("stage_raised", str(error)) from error

    async def drain(self, block_ms: int) -> Drained:
        assert self._persistence is not None
        actor, thread = self._persistence
        return await _in(thread, actor.drain, min(block_ms, BLOCK_MS))

    async def resolve(self) -> Settled:
        assert self._registry is not None
        actor, thread = self._registry
        return await _in(thread, actor.turn)

    async def fill_from_cache(self) -> bool:
        assert self._persistence is not None
        actor, thread = self._persistence
        return bool(await _in(thread, actor.fill_vectors))

    async def fill_vectors(self) -> int:
        actor, thread = self._actors[StageName.CHUNK][0]
        return await _in(thread, actor.fill_vectors)


async def _in(thread: ThreadPoolExecutor, function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)
