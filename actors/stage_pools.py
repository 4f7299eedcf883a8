"""The actors of the stages, and what they are asked.

An actor that dies is restarted by Ray, and the call that was lost with it is never repeated here:
the coordinator decides, since it counts attempts.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from actors.calls import Answer, Call
from actors.deaths import LONGEST_MESSAGE, death_of, raised_in, tail_of
from actors.hosted_actor import GoneError, HostedActor, NoStartError
from actors.hosting import answer_of, hosted
from actors.topology import Ask, Node, Place
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError, TemporaryError
from pipeline.sources import Identified, Located
from pipeline.stage_limits import CLOCK_PER_CPU

SPARE_CALLS = 2
"""Threads of an actor beside those that wait for a language model: to be told to stop."""

Grown = Callable[[StageName, int, str], None]
"""Hears of an actor of a stage that is ready, by its number, and of its node."""

logger = logging.getLogger(__name__)


class CallLostError(Exception):
    """Tell why a call gave no answer; `code` is the word that `failures` shows if it is blamed,
    `log_tail` the last words. `no_start` says why the actor cannot be started again, where that is
    so.
    """

    def __init__(
        self, code: str, message: str, log_tail: str = "", no_start: NoStartError | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.log_tail = log_tail
        self.no_start = no_start


class NodeLostError(Exception):
    """Tell that a call gave no answer since its node is gone, and which `actors` went with it."""

    def __init__(self, message: str, actors: Sequence[tuple[StageName, int]]) -> None:
        super().__init__(message)
        self.actors = actors


class StagePools:
    """One pool of actors for each stage.

    An actor belongs to its node: one whose process dies is started again there, and one whose node
    is gone is gone.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._stages: dict[StageName, dict[int, HostedActor]] = {x: {} for x in place.stages}
        self._starting: Counter[Place] = Counter()
        self._numbers = count()
        self._turn = 0
        self._ask = Ask.of(place.settings, place.waits, place.stages)

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

    def add(self, place: Place, grown: Grown) -> Coroutine[Any, Any, None]:
        """Start one actor more, and tell `grown` when it is ready; nothing if its node is lost
        before. It counts from now on. Raises NoStartError for one that cannot start.
        """
        self._starting[place] += 1
        return self._add(place, grown)

    async def _add(self, place: Place, grown: Grown) -> None:
        stage, node = place
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
        grown(stage, number, node)

    async def retire(self, stage: StageName, number: int) -> None:
        """End an actor that gets no call any more, and what it started; what it still looks at is
        waited for.
        """
        if actor := self._stages[stage].pop(number, None):
            await actor.retire()

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

    def waiting(self) -> list[HostedActor]:
        """Name the actors of the stages that wait for a language model."""
        return [x for stage in self._place.waits for x in self._stages.get(stage, {}).values()]

    def readers(self) -> list[HostedActor]:
        """Name the actors that read sources."""
        return list(self._stages[StageName.OCR].values())

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Ask one of the `ocr` actors, each in turn, what the bytes of sources are.

        Raises TemporaryError if the store where they lie does not answer, or if the process died,
        which is told when it is there again; NoStartError if it cannot be, or could not be started
        anew, and is forgotten; UnavailableError or UsageError for a store that refuses.
        """
        from ray.exceptions import RayActorError, RayTaskError

        number, reader = self._one_of(StageName.OCR)
        try:
            found: list[Identified | DocumentFailure] = await reader.ask("identify", sources)
        except RayActorError as error:
            death = f"the ocr process died while it looked at documents: {death_of(str(error))}"
            with suppress(GoneError):
                no_start = await self._back(StageName.OCR, number, reader)
                if no_start is not None:
                    raise no_start from error
            raise TemporaryError(death) from error
        except NoStartError:
            self._stages[StageName.OCR].pop(number, None)
            raise
        except GoneError as error:
            raise TemporaryError(str(error)) from error
        except RayTaskError as error:
            raise error.cause from error
        return found

    def _one_of(self, stage: StageName) -> tuple[int, HostedActor]:
        """Choose an actor of a stage, each in turn. Raises TemporaryError where there is none."""
        if not (numbers := sorted(self._stages[stage])):
            raise TemporaryError(f"no node is left for the {stage} stage")
        self._turn += 1
        number = numbers[self._turn % len(numbers)]
        return number, self._stages[stage][number]

    async def _back(self, stage: StageName, number: int, actor: HostedActor) -> NoStartError | None:
        """Wait until the process of an actor that died is there again; forget the actor if it
        cannot be, and say why. Raises GoneError.
        """
        try:
            await actor.started()
        except NoStartError as error:
            self._stages[stage].pop(number, None)
            return error
        return None

    async def run(self, call: Call) -> Answer:
        """Make one call of a stage.

        Raises CallLostError if its process died or it raised, which it never should: what is wrong
        with a document is an outcome. The errors of a store that does not answer come through.
        A death is told when the actor is there again, since it refuses calls until then, or cannot
        be. Raises NodeLostError if it is gone with its node, NoStartError if it was not asked since
        it could not be started.
        """
        actor = self._stages[call.stage].get(call.actor)
        if actor is None:
            raise NodeLostError("its process is gone", ())
        try:
            return await self._asked(actor, call)
        except NoStartError:
            self._stages[call.stage].pop(call.actor, None)
            raise
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
            no_start = await self._back(call.stage, call.actor, actor)
            raise CallLostError(*death, no_start=no_start) from error
        except RayTaskError as error:
            if isinstance(error.cause, CasegraphError):
                raise error.cause from error
            words = words_of(error.cause)[:LONGEST_MESSAGE]
            message = f"the {call.stage} stage raised {type(error.cause).__name__}: {words}"
            tail = tail_of(raised_in(str(error)))
            raise CallLostError("stage_raised", message, tail) from error
        return answer

    async def fill_vectors(self) -> int:
        """Have some vectors computed that published chunks lack; return how many, 0 if none."""
        _, reader = self._one_of(StageName.CHUNK)
        filled: int = await answer_of(StageName.CHUNK, reader.ask("fill_vectors"))
        return filled

    def _make_stage(self, stage: StageName, node: str) -> HostedActor:
        from actors.stage_actor import StageActor

        at_once = self._place.waits.get(stage)
        calls = 1 if at_once is None else at_once + SPARE_CALLS
        silence = CLOCK_PER_CPU * self._place.settings.limits.stage_seconds.of(stage)
        return hosted(
            self._place, stage, StageActor, self._place, stage,
            calls=calls, node=node, silence=silence, gpus=self._ask.gpus_of(stage),
        )  # fmt: skip
