"""Starts the actors of a run and asks them: the only place that knows they are Ray's.

An actor that dies is restarted by Ray, and the call that was lost with it is never repeated here:
the coordinator decides, since it counts attempts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from actors.calls import Answer, Call
from actors.persistence_actor import Drained
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import CasegraphError, TemporaryError, UnavailableError
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES

START_ATTEMPTS = 3
START_SECONDS = 300
RESTART_SECONDS = 0.5
LEAVE_SECONDS = 3.0


class CallLostError(Exception):
    """Tell why a call gave no answer; `code` is the word that `failures` shows if it is blamed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ActorPools:
    """One pool of actors for each stage, and the persistence actor."""

    def __init__(self, place: Workplace, wanted: Mapping[StageName, int]) -> None:
        self._place = place
        self._wanted = wanted
        self._stages: dict[StageName, list[Any]] = {}
        self._persistence: Any = None
        self._turn = 0

    async def start(self, grown: Callable[[StageName], None]) -> list[asyncio.Task[None]]:
        """Start all actors at once, and wait until one of each stage has loaded its models.

        `grown` hears of each actor of a stage that is ready, also of those that come later: the
        tasks that wait for them are returned. Raises UnavailableError for one that cannot start.
        """
        from actors.persistence_actor import PersistenceActor

        first: list[asyncio.Task[None]] = []
        later: list[asyncio.Task[None]] = []
        for stage in STAGES:
            self._stages[stage] = []
            for number in range(self._wanted[stage]):
                task = asyncio.create_task(self._grow(stage, self._make_stage(stage), grown))
                (later if number else first).append(task)
        self._persistence = self._make(PersistenceActor, self._place)
        await asyncio.gather(_started("persistence", self._persistence), *first)
        return later

    async def _grow(self, stage: StageName, actor: Any, grown: Callable[[StageName], None]) -> None:
        await _started(stage, actor)
        self._stages[stage].append(actor)
        grown(stage)

    async def close(self) -> None:
        """End what the actors started: the parser's child, and the queue's reader, unless that is
        dead or hangs; then it is forgotten when another one leaves. So does the child of a dead
        reader of sources end: a run that is done must not fail, or hang, for it.
        """
        asked = [reader.close.remote for reader in self._stages.get(StageName.OCR, ())]
        if self._persistence is not None:
            asked.append(self._persistence.leave.remote)
        await asyncio.gather(*map(_let_go, asked))

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Ask the `ocr` actors in turn what the bytes of sources are, until one answers.

        Raises TemporaryError if the store where they lie does not, UnavailableError or UsageError
        if it refuses.
        """
        from ray.exceptions import RayActorError, RayTaskError

        readers = self._stages[StageName.OCR]
        while True:
            self._turn = (self._turn + 1) % len(readers)
            try:
                found: list[Identified | DocumentFailure] = await readers[
                    self._turn
                ].identify.remote(sources)
            except RayActorError:
                await asyncio.sleep(RESTART_SECONDS)
            except RayTaskError as error:
                if isinstance(error.cause, CasegraphError):
                    raise error.cause from error
                raise
            else:
                return found

    async def run(self, call: Call) -> Answer:
        """Make one call of a stage.

        Raises CallLostError if its process died or it raised, which it never should: what is wrong
        with a document is an outcome. The errors of a store that does not answer come through.
        A death is told when the actor is there again, since it refuses calls until then.
        """
        from ray.exceptions import RayActorError, RayTaskError

        actor = self._stages[call.stage][call.actor]
        try:
            answer: Answer = await actor.run.remote(call.tasks)
        except RayActorError as error:
            message = f"the {call.stage} process died while it worked on this document ({error})"
            await _started(call.stage, actor)
            raise CallLostError("worker_died", message) from error
        except RayTaskError as error:
            if isinstance(error.cause, CasegraphError):
                raise error.cause from error
            message = f"the {call.stage} stage raised {type(error.cause).__name__}: {error.cause}"
            raise CallLostError("stage_raised", message) from error
        return answer

    async def drain(self, block_ms: int) -> Drained:
        """Ask the persistence actor for one round.

        Raises TemporaryError for one that failed and may be repeated, UnavailableError for what a
        repetition would not mend. So do those that fill in vectors.
        """
        report: Drained = await _answer("persistence", self._persistence.drain.remote(block_ms))
        return report

    async def fill_from_cache(self) -> bool:
        """Say whether every published chunk has a vector, after the cache was asked once more;
        False also without a cache.
        """
        filled: bool = await _answer("persistence", self._persistence.fill_vectors.remote())
        return filled

    async def fill_vectors(self) -> int:
        """Have some vectors computed that published chunks lack; return how many, 0 if none."""
        reader = self._stages[StageName.CHUNK][0]
        filled: int = await _answer(StageName.CHUNK, reader.fill_vectors.remote())
        return filled

    def _make_stage(self, stage: StageName) -> Any:
        from actors.stage_actor import StageActor

        return self._make(StageActor, self._place, stage)

    def _make(self, kind: type, *arguments: object) -> Any:
        import ray

        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": 0}
        return ray.remote(kind).options(**options).remote(*arguments)


async def _let_go(ask: Callable[[], Any]) -> None:
    """Ask an actor to end something, and wait for it no longer than a moment."""
    from ray.exceptions import RayError

    with suppress(RayError, TimeoutError):
        await asyncio.wait_for(ask(), LEAVE_SECONDS)


async def _answer(what: str, asked: Any) -> Any:
    """Wait for the answer of an actor that is asked again if need be. See `ActorPools.drain`."""
    from ray.exceptions import RayActorError, RayTaskError

    from pipeline.stores.postgres import words_of

    try:
        return await asked
    except RayTaskError as error:
        if isinstance(error.cause, TemporaryError):
            raise error.cause from error
        raise UnavailableError(f"{what} failed: {words_of(error.cause)}") from error
    except RayActorError as error:
        raise TemporaryError(f"the {what} process died and is started again") from error


async def _started(what: str, actor: Any) -> Any:
    """Wait until an actor's constructor is done, also the one after a death.

    Raises UnavailableError after three failures, or when it takes too long.
    """
    from ray.exceptions import ActorUnavailableError, RayActorError

    failures, late = 0, time.monotonic() + START_SECONDS
    while True:
        try:
            await actor.ready.remote()
        except ActorUnavailableError as error:
            if time.monotonic() > late:
                raise UnavailableError(f"{what} did not start in {START_SECONDS} s") from error
        except RayActorError as error:
            failures += 1
            if failures == START_ATTEMPTS or "constructor" in str(error):
                reason = str(error).strip().splitlines()[-1].strip()
                raise UnavailableError(f"{what} could not start: {reason}") from error
        else:
            return actor
        await asyncio.sleep(RESTART_SECONDS)
