"""The actors of a run in threads of this process: the coordinator and all below it, without Ray."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from actors.calls import Answer, Call
from actors.persistence_actor import Drained, PersistenceActor
from actors.registry_actor import RegistryActor, Settled
from actors.stage_actor import StageActor
from actors.stage_pools import CallLostError, Grown
from actors.topology import Node, Place
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError
from pipeline.sources import Identified, Located

# A small run is over in a fraction of a second, and waits for an empty queue at its end.
BLOCK_MS = 20
GRACE_SECONDS = 1.0
HERE, CORES, MEMORY = "here", 1, 1 << 40


class LocalPools:
    """What `ActorPools` is on Ray. Each actor has a thread, or some, and stores of its own.

    `stages` is the place of the stage actors, where that is to be another than the others'.
    """

    def __init__(self, place: Workplace, stages: Workplace | None = None) -> None:
        self._place = place
        self._of_stages = stages or place
        self._actors: dict[StageName, dict[int, tuple[StageActor, ThreadPoolExecutor]]] = {
            stage: {} for stage in place.stages
        }
        self._numbers = count()
        self._nodes: dict[int, str] = {}
        self._persistence: tuple[PersistenceActor, ThreadPoolExecutor] | None = None
        self._registry: tuple[RegistryActor, ThreadPoolExecutor] | None = None

    async def nodes(self) -> list[Node]:
        return [Node(id=HERE, cpus=CORES, memory=MEMORY)]

    @property
    def placement(self) -> Counter[Place]:
        return Counter(
            (stage, self._nodes[number])
            for stage, actors in self._actors.items()
            for number in actors
        )

    def place_of(self, stage: StageName, number: int) -> Place | None:
        return (stage, self._nodes[number]) if number in self._actors[stage] else None

    def lose(self, nodes: Collection[str]) -> list[tuple[StageName, int]]:
        return []

    async def add(self, place: Place, grown: Grown) -> None:
        stage, node = place
        actor = StageActor(self._of_stages, stage)
        actor.load()
        threads = ThreadPoolExecutor(self._of_stages.waits.get(stage, 1))
        number = next(self._numbers)
        self._nodes[number] = node
        self._actors[stage][number] = actor, threads
        grown(stage, number, node)

    async def retire(self, stage: StageName, number: int) -> None:
        actor, thread = self._actors[stage].pop(number)
        await _in(thread, actor.close)
        await asyncio.to_thread(thread.shutdown)

    async def open(self) -> None:
        self._persistence = (PersistenceActor(self._place), ThreadPoolExecutor(1))
        self._registry = (RegistryActor(self._place), ThreadPoolExecutor(1))

    async def close(self) -> None:
        left = [one for one in (self._persistence, self._registry) if one is not None]
        for actor, thread in left:
            await _in(thread, actor.leave)
        for reader, thread in self._actors[StageName.OCR].values():
            await _in(thread, reader.close)
        for actor in self._waiting():
            await asyncio.to_thread(actor.close)
        rows = [row for rows in self._actors.values() for row in rows.values()]
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
        return [actor for stage in waits for actor, _ in self._actors.get(stage, {}).values()]

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        actor, thread = next(iter(self._actors[StageName.OCR].values()))
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
        actor, thread = next(iter(self._actors[StageName.CHUNK].values()))
        return await _in(thread, actor.fill_vectors)


async def _in(thread: ThreadPoolExecutor, function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)
