"""Starts the actors of a run and asks them: the only place that knows they are Ray's.

An actor that dies is restarted by Ray, and the call that was lost with it is never repeated here:
the coordinator decides, since it counts attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from actors.calls import Answer, Call
from actors.deaths import LONGEST_MESSAGE, death_of, raised_in, tail_of
from actors.hosted_actor import LOOKING, HostedActor
from actors.persistence_actor import Drained
from actors.registry_actor import DiedError, Settled
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError, TemporaryError, UnavailableError
from pipeline.sources import Identified, Located
from pipeline.stage_limits import CLOCK_PER_CPU

SPARE_CALLS = 2
"""Threads of an actor beside those that wait for a language model: to be told to stop."""
GRACE_SECONDS = 2.0
"""How long a run that ends waits for what a language model was asked: it is paid for anyway."""


class CallLostError(Exception):
    """Tell why a call gave no answer; `code` is the word that `failures` shows if it is blamed,
    `log_tail` the last words.
    """

    def __init__(self, code: str, message: str, log_tail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.log_tail = log_tail


class ActorPools:
    """One pool of actors for each stage, the persistence actor, and the registry actor."""

    def __init__(self, place: Workplace, wanted: Mapping[StageName, int]) -> None:
        self._place = place
        self._wanted = wanted
        self._stages: dict[StageName, list[HostedActor]] = {}
        self._persistence: HostedActor | None = None
        self._registry: HostedActor | None = None
        self._turn = 0

    async def start(self, grown: Callable[[StageName], None]) -> list[asyncio.Task[None]]:
        """Start all actors at once, and wait until one of each stage has loaded its models. Nobody
        waits for the registry's.

        `grown` hears of each actor of a stage that is ready, also of those that come later: the
        tasks that wait for them are returned. Raises UnavailableError for one that cannot start.
        """
        from actors.persistence_actor import PersistenceActor
        from actors.registry_actor import RegistryActor

        first: list[asyncio.Task[None]] = []
        later: list[asyncio.Task[None]] = []
        for stage in self._place.stages:
            self._stages[stage] = []
            for number in range(self._wanted[stage]):
                task = asyncio.create_task(self._grow(stage, self._make_stage(stage), grown))
                (later if number else first).append(task)
        self._persistence = self._make("persistence", PersistenceActor, self._place)
        self._registry = self._make("registry", RegistryActor, self._place)
        await asyncio.gather(self._persistence.started(), *first)
        return later

    async def _grow(
        self, stage: StageName, actor: HostedActor, grown: Callable[[StageName], None]
    ) -> None:
        await actor.started()
        self._stages[stage].append(actor)
        grown(stage)

    async def stop(self) -> None:
        """Let stages that wait for a language model ask nothing more; what they have asked is
        waited for only a moment longer.
        """
        await asyncio.gather(*(actor.let_go("stop") for actor in self._waiting()))
        await asyncio.sleep(GRACE_SECONDS)
        await asyncio.gather(*(actor.let_go("close") for actor in self._waiting()))

    def _waiting(self) -> list[HostedActor]:
        return [actor for stage in self._place.waits for actor in self._stages.get(stage, ())]

    async def close(self) -> None:
        """End what the actors started: the parser's child, connections to a language model, and
        the queue's reader, unless that is dead or hangs; then it is forgotten when another one
        leaves. So does the child of a dead reader of sources end, and the lease of the registry
        lapses: a run that is done must not fail, or hang, for it.
        """
        started = [*self._stages.get(StageName.OCR, ()), *self._waiting()]
        asked = [actor.let_go("close") for actor in started]
        leaving = (self._persistence, self._registry)
        asked += [actor.let_go("leave") for actor in leaving if actor is not None]
        await asyncio.gather(*asked)

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Ask one of the `ocr` actors, each in turn, what the bytes of sources are.

        Raises TemporaryError if the store where they lie does not answer, or if the process died,
        which is told when it is there again; UnavailableError if it cannot be, UnavailableError or
        UsageError for a store that refuses.
        """
        from ray.exceptions import RayActorError, RayTaskError

        readers = self._stages[StageName.OCR]
        self._turn = (self._turn + 1) % len(readers)
        reader = readers[self._turn]
        try:
            found: list[Identified | DocumentFailure] = await reader.ask("identify", sources)
        except RayActorError as error:
            death = f"the ocr process died while it looked at documents: {death_of(str(error))}"
            await reader.started()
            raise TemporaryError(death) from error
        except RayTaskError as error:
            raise error.cause from error
        return found

    async def run(self, call: Call) -> Answer:
        """Make one call of a stage.

        Raises CallLostError if its process died or it raised, which it never should: what is wrong
        with a document is an outcome. The errors of a store that does not answer come through.
        A death is told when the actor is there again, since it refuses calls until then.
        """
        from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

        from pipeline.stores.postgres import words_of

        actor = self._stages[call.stage][call.actor]
        try:
            answer: Answer = await actor.ask("run", call.tasks)
        except (OutOfMemoryError, RayActorError) as error:
            death = await actor.death(call.stage, str(error))
            await actor.started()
            raise CallLostError(*death) from error
        except RayTaskError as error:
            if isinstance(error.cause, CasegraphError):
                raise error.cause from error
            words = words_of(error.cause)[:LONGEST_MESSAGE]
            message = f"the {call.stage} stage raised {type(error.cause).__name__}: {words}"
            tail = tail_of(raised_in(str(error)))
            raise CallLostError("stage_raised", message, tail) from error
        return answer

    async def drain(self, block_ms: int) -> Drained:
        """Ask the persistence actor for one round.

        Raises TemporaryError for one that failed and may be repeated, UnavailableError for what a
        repetition would not mend, and whatever a fault of the actor's own is. So do those that fill
        in vectors.
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
            settled: Settled = await _answer("registry", self._registry.ask("turn"))
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

    async def fill_vectors(self) -> int:
        """Have some vectors computed that published chunks lack; return how many, 0 if none."""
        reader = self._stages[StageName.CHUNK][0]
        filled: int = await _answer(StageName.CHUNK, reader.ask("fill_vectors"))
        return filled

    async def _ask_persistence(self, method: str, *arguments: object) -> Any:
        if self._persistence is None:
            raise RuntimeError("asked before `start`")
        return await _answer("persistence", self._persistence.ask(method, *arguments))

    def _make_stage(self, stage: StageName) -> HostedActor:
        from actors.stage_actor import StageActor

        at_once = self._place.waits.get(stage)
        calls = 1 if at_once is None else at_once + SPARE_CALLS
        silence = CLOCK_PER_CPU * self._place.settings.limits.stage_seconds.of(stage)
        return self._make(stage, StageActor, self._place, stage, calls=calls, silence=silence)

    def _make(
        self,
        what: str,
        kind: type,
        *arguments: object,
        calls: int = 1,
        silence: float | None = None,
    ) -> HostedActor:
        import ray

        options: dict[str, Any] = {
            "num_cpus": 0, "max_restarts": -1, "max_task_retries": 0, "max_concurrency": calls,
        }  # fmt: skip
        if silence is not None:
            options["concurrency_groups"] = {LOOKING: 1}
        actor: Any = ray.remote(**options)(kind).remote(*arguments)
        settings = self._place.settings
        most, start = settings.run.growth_bytes, settings.limits.start_seconds
        return HostedActor(what, actor, most, start, silence)


async def _answer(what: str, asked: Awaitable[Any]) -> Any:
    """Wait for the answer of an actor that is asked again if need be. See `ActorPools.drain`."""
    from ray.exceptions import RayActorError, RayTaskError

    try:
        return await asked
    except RayTaskError as error:
        if isinstance(error.cause, CasegraphError) and not isinstance(error.cause, TemporaryError):
            raise UnavailableError(f"{what} failed: {error.cause}") from error
        raise error.cause from error
    except RayActorError as error:
        raise TemporaryError(f"the {what} process died and is started again") from error
