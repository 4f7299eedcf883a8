"""One actor of a run: waited for while it starts, started anew when it has grown too much, and
ended when it gives no sign of life.

A process that has taken more memory than it should is not waited for to be killed by the machine,
which takes along what it works on: it ends itself between two calls, so nothing is lost and nobody
is blamed. Ray starts it again.

Whoever is late ends itself (`actors/time_limit.py`); a process that is stopped, or whose node
hangs, cannot. So after a call that takes long is asked, beside it, and one of which nothing is
heard is given up.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

from actors.deaths import LONGEST_MESSAGE, Death, death_of, explained, gist
from actors.last_words import Whereabouts, last_words
from pipeline.documents import StageName
from pipeline.errors import TemporaryError, UnavailableError

LOOKING = "looking"
"""The threads of an actor in which it is asked whether it is alive, whatever else it does."""
START_ATTEMPTS = 3
RESTART_SECONDS = 0.5
LEAVE_SECONDS = 3.0
UNHEARD = "nothing is heard of it"
NO_GPU = ": another run or job may have its GPU"


logger = logging.getLogger(__name__)


class GoneError(Exception):
    """Tell that an actor is gone with its node, and never comes back."""


class NoStartError(UnavailableError):
    """Tell that an actor cannot be started, or not again; another one may."""


class HostedActor:
    """An actor with `where`, `ready` and `end`, called `what`, on a node, which may take
    `start_seconds` to start. `most` is how many bytes its process may grow by; what it answers says
    in `grown` by how many it has, where it says so. After `silence` seconds a call is asked after,
    and given up after as many more without a sign; of an actor without, nobody asks. One `on_gpu`
    may wait for that.
    """

    def __init__(
        self,
        what: str,
        actor: Any,
        most: int,
        start_seconds: float,
        node: str,
        silence: float | None = None,
        *,
        on_gpu: bool = False,
    ) -> None:
        self.node = node
        self._what = what
        self._actor = actor
        self._most = most
        self._start_seconds = start_seconds
        self._silence = silence
        self._unheard = UNHEARD + (NO_GPU if on_gpu else "")
        self._silent = False
        self._where: Whereabouts | None = None
        self._loaded: Whereabouts | None = None
        self._running = 0
        self._idle = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None

    async def ask(self, method: str, *arguments: object) -> Any:
        """Call a method, after the process has been started anew if it has grown too much.

        Raises what Ray does, NoStartError if it cannot be started again, GoneError, and
        TemporaryError if only the connection to it was lost, or what it answered: a large answer
        lies on its node until it is fetched.
        """
        from ray.exceptions import (
            ActorUnavailableError,
            ActorUnschedulableError,
            ObjectLostError,
        )

        while self._renewal is not None:
            # Shielded: who is not waiting any more must not keep others from it.
            await asyncio.shield(self._renewal)
        there = self._where
        self._running += 1
        self._idle.clear()
        try:
            answer = await self._answer(getattr(self._actor, method).remote(*arguments))
        except ActorUnschedulableError as error:
            raise self._gone() from error
        except ActorUnavailableError as error:
            if await self._is_still(there):
                lost = f"the connection to the {self._what} process was lost while it was at work"
                raise TemporaryError(lost) from error
            raise
        except ObjectLostError as error:
            lost = f"what the {self._what} process answered was lost with its node"
            raise TemporaryError(lost) from error
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
        grown = getattr(answer, "grown", 0)
        if grown > self._most and self._renewal is None:
            logger.warning(
                "the %s process has grown by %d MB (run.growth_bytes) and is started again",
                self._what,
                grown >> 20,
            )
            self._renewal = asyncio.create_task(self._renew())
        return answer

    async def _answer(self, asked: Any) -> Any:
        """Wait for an answer, as long as the process gives signs of life."""
        answer = asyncio.ensure_future(asked)
        try:
            while not (await asyncio.wait([answer], timeout=self._silence))[0]:
                await self._look()
            return answer.result()
        finally:
            answer.cancel()

    async def _look(self) -> None:
        """Ask for a sign of life, and kill the process if there is none."""
        import ray
        from ray.exceptions import RayError

        sign = self._beside("alive").remote()
        try:
            await asyncio.wait_for(sign, self._silence)
        except TimeoutError:
            logger.warning("the %s process gives no sign of life and is ended", self._what)
            self._silent = True
            ray.kill(self._actor, no_restart=False)
        except RayError:
            pass  # it is dead, which its call will tell

    def _beside(self, method: str) -> Any:
        """Choose a method for a call that is not to wait for what the process is at."""
        called = getattr(self._actor, method)
        return called if self._silence is None else called.options(concurrency_group=LOOKING)

    async def _is_still(self, there: Whereabouts | None) -> bool:
        """Say whether the process is the one that was there, once it or another one answers."""
        from ray.exceptions import ActorUnavailableError, RayError

        late = time.monotonic() + self._start_seconds
        while time.monotonic() < late:
            try:
                asked = self._beside("where").remote()
                return bool(await asyncio.wait_for(asked, self._start_seconds) == there)
            except ActorUnavailableError:
                await asyncio.sleep(RESTART_SECONDS)
            except (RayError, TimeoutError):
                break
        return False

    async def death(self, stage: StageName, words: str) -> Death:
        """Say why the process died while it worked for a stage; `words` are Ray's."""
        return explained(stage, words, await last_words(self._where), silent=self._silent)

    async def _renew(self) -> None:
        """End the process when none of its calls is left, and wait for the next one. Raises what
        `started` does, to each who asks from then on.
        """
        await self._idle.wait()
        there = self._where
        if not await self._has_left():
            import ray

            ray.kill(self._actor, no_restart=False)
            # It may still answer for a moment, where it takes several calls at once.
            while await self._is_still(there):
                await asyncio.sleep(RESTART_SECONDS)
        await self.started()
        self._renewal = None

    async def _has_left(self) -> bool:
        """Tell the process to end, and say whether it has soon: one that is stopped cannot."""
        from ray.exceptions import ActorUnschedulableError, RayActorError, RayError

        try:
            await asyncio.wait_for(self._actor.end.remote(), LEAVE_SECONDS)
        except (RayActorError, ActorUnschedulableError):
            return True
        except (RayError, TimeoutError):
            logger.warning("the %s process does not end by itself and is ended", self._what)
        return False

    async def started(self) -> None:
        """Wait until a process is there and has loaded its models, also the one after a death. One
        that had loaded them before may be at work again, for longer than a start takes: it is asked
        beside that.

        Raises NoStartError for one that cannot, after three that died over it, or when the one
        or the other takes too long, and where Ray cannot give it what it needs; GoneError.
        """
        from ray.exceptions import ActorUnschedulableError, RayActorError, RayError, RayTaskError

        failures, late = 0, time.monotonic() + self._start_seconds
        while True:
            loading = False
            try:
                self._where = await self._by(late, self._beside("where"))
                self._silent = False
                if self._where != self._loaded:
                    loading, late = True, time.monotonic() + self._start_seconds
                    await self._by(late, self._actor.ready)
                    self._loaded = self._where
            except ActorUnschedulableError as error:
                raise self._gone() from error
            except RayTaskError as error:
                reason = " ".join(str(error.cause).split()) or type(error.cause).__name__
                raise self._no_start(f"could not start: {reason[:LONGEST_MESSAGE]}") from error
            except (TimeoutError, RayActorError) as error:
                # Until there is a process, Ray refuses calls; and one may wait for ever.
                failures += loading
                told = gist(await last_words(self._where)) if loading else ""
                told = told or death_of(str(error) or self._unheard)
                if time.monotonic() >= late:
                    within = f"{self._start_seconds:g} s (limits.start_seconds)"
                    raise self._no_start(f"did not start in {within}: {told}") from error
                if failures == START_ATTEMPTS or "constructor" in str(error):
                    raise self._no_start(f"could not start: {told}") from error
            except RayError as error:
                reason = " ".join(str(error).split())[:LONGEST_MESSAGE]
                raise self._no_start(f"could not start: {reason}") from error
            else:
                return
            await asyncio.sleep(RESTART_SECONDS)

    async def _by(self, late: float, method: Any) -> Any:
        """Call a method and wait for it no longer than until then. Raises TimeoutError."""
        return await asyncio.wait_for(method.remote(), max(late - time.monotonic(), 0))

    def _no_start(self, what: str) -> NoStartError:
        return NoStartError(f"{self._what} {what}")

    def _gone(self) -> GoneError:
        return GoneError(f"the {self._what} process is gone with its node ({self.node[:8]})")

    async def retire(self) -> None:
        """End the process for good, and what it started, when none of its calls is left."""
        import ray

        while self._running:
            await self._idle.wait()
        await self.let_go("close")
        ray.kill(self._actor)

    async def let_go(self, method: str) -> None:
        """Ask for an end of something, and wait for it no longer than a moment."""
        from ray.exceptions import RayError

        with suppress(RayError, TimeoutError):
            await asyncio.wait_for(getattr(self._actor, method).remote(), LEAVE_SECONDS)
