"""Starts the actors of a run and asks them: the only place that knows they are Ray's.

An actor that dies is restarted by Ray, and the call that was lost with it is never repeated here:
the coordinator decides, since it counts attempts.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from actors.calls import Answer, Call
from actors.deaths import LONGEST_MESSAGE, death_of, raised_in, tail_of
from actors.hosted_actor import LOOKING, GoneError, HostedActor
from actors.persistence_actor import Drained
from actors.registry_actor import DiedError, Settled
from actors.topology import Node, Place, Placement
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError, TemporaryError, UnavailableError
from pipeline.sources import Identified, Located
from pipeline.stage_limits import CLOCK_PER_CPU

SPARE_CALLS = 2
"""Threads of an actor beside those that wait for a language model: to be told to stop."""
GRACE_SECONDS = 2.0
"""How long a run that ends waits for what a language model was asked: it is paid for anyway."""

Grown = Callable[[StageName, int], None]
"""Hears of an actor of a stage that is ready, by its number."""

logger = logging.getLogger(__name__)


class CallLostError(Exception):
    """Tell why a call gave no answer; `code` is the word that `failures` shows if it is blamed,
    `log_tail` the last words.
    """

    def __init__(self, code: str, message: str, log_tail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.log_tail = log_tail


class NodeLostError(Exception):
    """Tell that a call gave no answer since its node is gone, and which `actors` went with it."""

    def __init__(self, message: str, actors: Sequence[tuple[StageName, int]]) -> None:
        super().__init__(message)
        self.actors = actors


class ActorPools:
    """One pool of actors for each stage, the persistence actor, and the registry actor.

    An actor of a stage belongs to its node: one whose process dies is started again there, and one
    whose node is gone is gone. The two others stand where the coordinator does.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._stages: dict[StageName, dict[int, HostedActor]] = {x: {} for x in place.stages}
        self._starting: Counter[Place] = Counter()
        self._persistence: HostedActor | None = None
        self._registry: HostedActor | None = None
        self._numbers = count()
        self._turn = 0

    async def nodes(self) -> list[Node]:
        """Name the nodes that actors of stages may run on at this moment."""
        from actors.cluster import alive_nodes

        return await asyncio.to_thread(alive_nodes)

    @property
    def placement(self) -> Counter[Place]:
        """Count the actors of stages, by place; those that are still starting, too."""
        stand = Counter(
            (stage, actor.node)
            for stage, actors in self._stages.items()
            for actor in actors.values()
        )
        return stand + self._starting

    def place_of(self, stage: StageName, number: int) -> Place | None:
        """Say where an actor stands; None for one that is gone."""
        actor = self._stages[stage].get(number)
        return None if actor is None else (stage, actor.node)

    async def start(self, placement: Placement, grown: Grown) -> list[asyncio.Task[None]]:
        """Start all actors at once, and wait until one of each stage has loaded its models. Nobody
        waits for the registry's.

        `grown` hears of each actor of a stage that is ready, also of those that come later: the
        tasks that wait for them are returned. Raises UnavailableError for one that cannot start.
        """
        from actors.persistence_actor import PersistenceActor
        from actors.registry_actor import RegistryActor

        first: dict[StageName, asyncio.Task[None]] = {}
        later: list[asyncio.Task[None]] = []
        for (stage, node), wanted in sorted(placement.items()):
            for _ in range(wanted if stage in self._stages else 0):
                task = asyncio.create_task(self.add((stage, node), grown))
                if stage in first:
                    later.append(task)
                first.setdefault(stage, task)
        self._persistence = self._make("persistence", PersistenceActor, self._place)
        self._registry = self._make("registry", RegistryActor, self._place)
        await asyncio.gather(self._persistence.started(), *first.values())
        return later

    async def add(self, place: Place, grown: Grown) -> None:
        """Start one actor more, and tell `grown` when it is ready; nothing if its node is lost
        before. Raises UnavailableError for one that cannot start.
        """
        stage, node = place
        self._starting[place] += 1
        actor = self._make_stage(stage, node)
        try:
            await actor.started()
        except GoneError as error:
            logger.warning("%s", error)
            return
        finally:
            self._starting[place] -= 1
        number = next(self._numbers)
        self._stages[stage][number] = actor
        grown(stage, number)

    async def retire(self, stage: StageName, number: int) -> None:
        """End an actor that has no call any more, and what it started."""
        if actor := self._stages[stage].pop(number, None):
            await actor.let_go("close")
            actor.kill()

    def lose(self, nodes: Collection[str]) -> list[tuple[StageName, int]]:
        """Forget the actors of nodes that are gone, and name them."""
        lost = [
            (stage, number)
            for stage, actors in self._stages.items()
            for number, actor in actors.items()
            if actor.node in nodes
        ]
        for stage, number in lost:
            del self._stages[stage][number]
        return lost

    async def stop(self) -> None:
        """Let stages that wait for a language model ask nothing more; what they have asked is
        waited for only a moment longer.
        """
        await asyncio.gather(*(actor.let_go("stop") for actor in self._waiting()))
        await asyncio.sleep(GRACE_SECONDS)
        await asyncio.gather(*(actor.let_go("close") for actor in self._waiting()))

    def _waiting(self) -> list[HostedActor]:
        return [x for stage in self._place.waits for x in self._stages.get(stage, {}).values()]

    async def close(self) -> None:
        """End what the actors started: the parser's child, connections to a language model, and
        the queue's reader, unless that is dead or hangs; then it is forgotten when another one
        leaves. So does the child of a dead reader of sources end, and the lease of the registry
        lapses: a run that is done must not fail, or hang, for it.
        """
        started = [*self._stages.get(StageName.OCR, {}).values(), *self._waiting()]
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

        reader = self._one_of(StageName.OCR)
        try:
            found: list[Identified | DocumentFailure] = await reader.ask("identify", sources)
        except RayActorError as error:
            death = f"the ocr process died while it looked at documents: {death_of(str(error))}"
            with suppress(GoneError):
                await reader.started()
            raise TemporaryError(death) from error
        except GoneError as error:
            raise TemporaryError(str(error)) from error
        except RayTaskError as error:
            raise error.cause from error
        return found

    def _one_of(self, stage: StageName) -> HostedActor:
        """Choose an actor of a stage, each in turn. Raises TemporaryError where there is none."""
        if not (numbers := sorted(self._stages[stage])):
            raise TemporaryError(f"no node is left for the {stage} stage")
        self._turn += 1
        return self._stages[stage][numbers[self._turn % len(numbers)]]

    async def run(self, call: Call) -> Answer:
        """Make one call of a stage.

        Raises CallLostError if its process died or it raised, which it never should: what is wrong
        with a document is an outcome. The errors of a store that does not answer come through.
        A death is told when the actor is there again, since it refuses calls until then. Raises
        NodeLostError if it never will be.
        """
        actor = self._stages[call.stage].get(call.actor)
        if actor is None:
            raise NodeLostError("its node is gone", ())
        try:
            return await self._asked(actor, call)
        except GoneError as error:
            raise NodeLostError(str(error), self.lose([actor.node])) from error

    async def _asked(self, actor: HostedActor, call: Call) -> Answer:
        """Do so of an actor whose node may go. Raises GoneError then."""
        from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

        from pipeline.stores.postgres import words_of

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
        reader = self._one_of(StageName.CHUNK)
        filled: int = await _answer(StageName.CHUNK, reader.ask("fill_vectors"))
        return filled

    async def _ask_persistence(self, method: str, *arguments: object) -> Any:
        if self._persistence is None:
            raise RuntimeError("asked before `start`")
        return await _answer("persistence", self._persistence.ask(method, *arguments))

    def _make_stage(self, stage: StageName, node: str) -> HostedActor:
        from actors.stage_actor import StageActor

        at_once = self._place.waits.get(stage)
        calls = 1 if at_once is None else at_once + SPARE_CALLS
        silence = CLOCK_PER_CPU * self._place.settings.limits.stage_seconds.of(stage)
        return self._make(
            stage, StageActor, self._place, stage, calls=calls, node=node, silence=silence
        )

    def _make(
        self,
        what: str,
        kind: type,
        *arguments: object,
        calls: int = 1,
        node: str = "",
        silence: float | None = None,
    ) -> HostedActor:
        """Have an actor started on a node, or where the coordinator is."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = node or ray.get_runtime_context().get_node_id()
        options: dict[str, Any] = {
            "num_cpus": 0, "max_restarts": -1, "max_task_retries": 0, "max_concurrency": calls,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=not node),
        }  # fmt: skip
        if silence is not None:
            options["concurrency_groups"] = {LOOKING: 1}
        actor: Any = ray.remote(**options)(kind).remote(*arguments)
        settings = self._place.settings
        most, start = settings.run.growth_bytes, settings.limits.start_seconds
        return HostedActor(what, actor, most, start, here, silence)


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
    except GoneError as error:
        raise TemporaryError(str(error)) from error
