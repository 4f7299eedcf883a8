"""Keeps the registry actor at work, and knows whether entities are those of what is published."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from actors.pulse import RETRY_SECONDS, Pulse
from actors.registry_actor import DiedError, Settled
from pipeline.errors import CasegraphError, StoppedWaitingError, TemporaryError
from pipeline.registry.keeping import Turn

TURN_SECONDS = 1.0
"""A turn has its price whatever there is to do, and while a run goes on nobody waits for it."""
LOOK_SECONDS = 0.05
MANY_CHANGES = 2_000
DEATHS = 5
REGISTRY = "registry"

logger = logging.getLogger(__name__)


class Resolving:
    """One run's side of the registry. `ask` has the registry actor take a turn; it raises DiedError
    when the process died and is there again.

    While documents are on their way nothing that happens here ends the run. `hurry` says that they
    are done: from then on `done` says whether what they changed is applied, be it by this run or by
    another one that holds the lease. `given_up` says why that is not waited for any more, and
    `fault` what ended it that no repetition would mend.
    """

    def __init__(self, ask: Callable[[], Awaitable[Settled]], pulse: Pulse) -> None:
        self._ask = ask
        self._pulse = pulse
        self._hurrying = asyncio.Event()
        self._mark: int | None = None
        self._deaths = 0
        self._heard_at = time.monotonic()
        self.pending = 0
        self.done = False
        self.given_up = ""
        self.fault: Exception | None = None

    async def keep(self) -> None:
        """Have turns taken, again and again, until all is applied after `hurry`."""
        while not (self.done or self.given_up or self.fault):
            hurrying = self._hurrying.is_set()
            try:
                settled = await self._ask()
            except DiedError as error:
                self._died(error)
            except TemporaryError as error:
                await self._bear(error)
            except Exception as error:
                logger.exception("entities are not settled any more")
                self.fault = error
            else:
                self._heard(settled.turn, hurrying)
                await self._pause(settled.turn)

    def hurry(self) -> None:
        """Take down that nothing more is published: changes that are pending now are waited for."""
        self._hurrying.set()

    @property
    def silent_seconds(self) -> float:
        """Say for how long no turn has come to its end."""
        return time.monotonic() - self._heard_at

    def _heard(self, turn: Turn, hurrying: bool) -> None:
        """Take down what a turn did. `hurrying` says that it began when nothing more came."""
        self.pending, self._heard_at = turn.pending, time.monotonic()
        if turn.updates:
            self._pulse.heard()
        if turn.updates or turn.is_done:
            self._deaths = 0
        self._pulse.answered(REGISTRY)
        if hurrying:
            self._mark = turn.last if self._mark is None else self._mark
            self.done = turn.is_past(self._mark)

    def _died(self, error: DiedError) -> None:
        """Bear that the process died: what it was at is begun anew, but not without end."""
        self._deaths += 1
        logger.warning("%s", error)
        if self._deaths == DEATHS:
            self.given_up = f"{error}, {DEATHS} times in a row"

    async def _bear(self, error: TemporaryError) -> None:
        """Bear that PostgreSQL is away. Only who waits for nothing else loses patience."""
        try:
            self._pulse.no_answer(error, REGISTRY)
        except CasegraphError as late:
            if self._hurrying.is_set() and not isinstance(late, StoppedWaitingError):
                raise
        await asyncio.sleep(RETRY_SECONDS)

    async def _pause(self, turn: Turn) -> None:
        """Let changes come together, unless there are many or somebody waits."""
        if turn.held and turn.pending > MANY_CHANGES:
            return
        if self._hurrying.is_set():
            await asyncio.sleep(LOOK_SECONDS)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_SECONDS):
                await self._hurrying.wait()
