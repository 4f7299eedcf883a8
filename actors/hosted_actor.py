"""One actor of a run: waited for while it starts, and started anew when it has grown too much.

A process that has taken more memory than it should is not waited for to be killed by the machine,
which takes along what it works on: it ends itself between two calls, so nothing is lost and nobody
is blamed. Ray starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import suppress
from typing import Any

from pipeline.errors import UnavailableError

START_ATTEMPTS = 3
START_SECONDS = 300
RESTART_SECONDS = 0.5
LEAVE_SECONDS = 3.0

_OURS = re.compile(r"^pipeline\.errors\.\w+: ")

logger = logging.getLogger(__name__)


class GoneError(Exception):
    """Tell that an actor is gone with its node, and never comes back."""


def last_words(error: Exception) -> str:
    """Take the error itself out of what Ray tells of one that crossed processes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _OURS.sub("", lines[-1]) if lines else type(error).__name__


class HostedActor:
    """An actor with `ready` and `end`, called `what`, on a node. `most` is how many bytes its
    process may grow by; what it answers says in `grown` by how many it has, where it says so.
    """

    def __init__(self, what: str, actor: Any, most: int, node: str) -> None:
        self.node = node
        self._what = what
        self._actor = actor
        self._most = most
        self._running = 0
        self._idle = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None

    async def ask(self, method: str, *arguments: object) -> Any:
        """Call a method, after the process has been started anew if it has grown too much.

        Raises what Ray does, UnavailableError if it cannot be started again, GoneError.
        """
        from ray.exceptions import ActorUnschedulableError

        while self._renewal is not None:
            # Shielded: who is not waiting any more must not keep others from it.
            await asyncio.shield(self._renewal)
        self._running += 1
        self._idle.clear()
        try:
            answer = await getattr(self._actor, method).remote(*arguments)
        except ActorUnschedulableError as error:
            raise self._gone() from error
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

    async def _renew(self) -> None:
        """End the process when none of its calls is left, and wait for the next one."""
        from ray.exceptions import ActorUnschedulableError, RayActorError

        await self._idle.wait()
        with suppress(RayActorError, ActorUnschedulableError):
            await self._actor.end.remote()
        await self.started()
        self._renewal = None

    async def started(self) -> None:
        """Wait until the constructor is done, also the one after a death.

        Raises UnavailableError after three failures, or when it takes too long; GoneError.
        """
        from ray.exceptions import ActorUnavailableError, ActorUnschedulableError, RayActorError

        failures, late = 0, time.monotonic() + START_SECONDS
        while True:
            try:
                await self._actor.ready.remote()
            except ActorUnschedulableError as error:
                raise self._gone() from error
            except ActorUnavailableError as error:
                if time.monotonic() > late:
                    raise UnavailableError(
                        f"{self._what} did not start in {START_SECONDS} s"
                    ) from error
            except RayActorError as error:
                failures += 1
                if failures == START_ATTEMPTS or "constructor" in str(error):
                    raise UnavailableError(
                        f"{self._what} could not start: {last_words(error)}"
                    ) from error
            else:
                return
            await asyncio.sleep(RESTART_SECONDS)

    def _gone(self) -> GoneError:
        return GoneError(f"the {self._what} process is gone with its node ({self.node[:8]})")

    def kill(self) -> None:
        """End the process for good."""
        import ray

        ray.kill(self._actor)

    async def let_go(self, method: str) -> None:
        """Ask for an end of something, and wait for it no longer than a moment."""
        from ray.exceptions import RayError

        with suppress(RayError, TimeoutError):
            await asyncio.wait_for(getattr(self._actor, method).remote(), LEAVE_SECONDS)
