"""Starts the actors of a run and asks them: with what it stands on, the only place that knows they
are Ray's.
"""

from __future__ import annotations

import asyncio
from typing import Any

from actors.deaths import death_of
from actors.hosted_actor import HostedActor
from actors.hosting import answer_of, hosted
from actors.persistence_actor import Drained
from actors.registry_actor import DiedError, Settled
from actors.stage_pools import StagePools
from actors.workplace import Workplace
from pipeline.errors import TemporaryError

GRACE_SECONDS = 2.0
"""How long a run that ends waits for what a language model was asked: it is paid for anyway."""


class ActorPools(StagePools):
    """The actors of the stages, the persistence actor, and the registry actor, which two stand
    where the coordinator does.
    """

    def __init__(self, place: Workplace) -> None:
        super().__init__(place)
        self._persistence: HostedActor | None = None
        self._registry: HostedActor | None = None

    async def open(self) -> None:
        """Start the two that stand here, and wait for the one that persists; nobody waits for the
        registry's. Raises NoStartError.
        """
        from actors.persistence_actor import PersistenceActor
        from actors.registry_actor import RegistryActor

        place, silence = self._place, self._place.settings.run.stall_seconds
        self._persistence = hosted(place, "persistence", PersistenceActor, place, silence=silence)
        self._registry = hosted(place, "registry", RegistryActor, place, silence=silence)
        await self._persistence.started()

    async def stop(self) -> None:
        """Let stages that wait for a language model ask nothing more; what they have asked is
        waited for only a moment longer.
        """
        await asyncio.gather(*(actor.let_go("stop") for actor in self.waiting()))
        await asyncio.sleep(GRACE_SECONDS)
        await asyncio.gather(*(actor.let_go("close") for actor in self.waiting()))

    async def close(self) -> None:
        """End what the actors started: the parser's child, connections to a language model, and
        the queue's reader, unless that is dead or hangs; then it is forgotten when another one
        leaves. So does the child of a dead reader of sources end, and the lease of the registry
        lapses: a run that is done must not fail, or hang, for it.
        """
        started = [*self.readers(), *self.waiting()]
        asked = [actor.let_go("close") for actor in started]
        leaving = (self._persistence, self._registry)
        asked += [actor.let_go("leave") for actor in leaving if actor is not None]
        await asyncio.gather(*asked)

    async def drain(self, block_ms: int) -> Drained:
        """Ask the persistence actor for one round. Raises what `answer_of` does, and so do those
        that fill in vectors.
        """
        report: Drained = await self._ask_persistence("drain", block_ms)
        return report

    async def resolve(self) -> Settled:
        """Ask the registry actor for a turn.

        Raises DiedError if its process died, when it is there again, UnavailableError if it cannot
        be; else as `drain`.
        """
        from ray.exceptions import RayActorError

        if self._registry is None:
            raise RuntimeError("asked before `start`")
        try:
            settled: Settled = await answer_of("registry", self._registry.ask("turn"))
        except TemporaryError as error:
            if not isinstance(error.__cause__, RayActorError):
                raise
            death = death_of(str(error.__cause__))
            await self._registry.started()
            raise DiedError(f"the process that settles entities died: {death}") from error
        return settled

    async def fill_from_cache(self) -> bool:
        """Say whether every published chunk has a vector, after the cache was asked once more;
        False also without a cache.
        """
        filled: bool = await self._ask_persistence("fill_vectors")
        return filled

    async def _ask_persistence(self, method: str, *arguments: object) -> Any:
        if self._persistence is None:
            raise RuntimeError("asked before `start`")
        return await answer_of("persistence", self._persistence.ask(method, *arguments))
