"""Keeps the persistence actor at work, and knows how much PostgreSQL does not have yet."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from actors.mode import Mode
from actors.persistence_actor import Drained
from actors.pulse import RETRY_SECONDS, Pulse
from pipeline.errors import RedisAwayError, StoppedWaitingError, TemporaryError
from pipeline.settings import RunSettings
from pipeline.stores.protocols import Backlog, Position

BLOCK_MS = 200
LOOK_SECONDS = 0.1
QUEUE_SECONDS = 0.25
AWAY_SECONDS = 3.0
PERSISTENCE = "persistence"

logger = logging.getLogger(__name__)


class Persisting:
    """One run's side of the write-behind queue. `drain` asks the persistence actor, which waits for
    the first entry for as many milliseconds as it is told. `look` reads how long the queue is; None
    where there is none.

    `all_processed` says whether nothing more is on its way into the queue. `drained` says that
    this was so, and that nothing is queued any more that was then. What others put there later is
    not waited for: beside a large run of another project the queue is never empty. `given_up` says
    of a run that is to stop that it is not drained, since PostgreSQL does not answer.
    """

    def __init__(
        self,
        run: RunSettings,
        drain: Callable[[int], Awaitable[Drained]],
        look: Callable[[], Backlog] | None,
        mode: Mode,
        pulse: Pulse,
        all_processed: Callable[[], bool],
    ) -> None:
        self._run = run
        self._drain = drain
        self._look = look
        self._mode = mode
        self._pulse = pulse
        self._all_processed = all_processed
        self._away_since: float | None = None
        self._mark: Position | None = None
        self._passed = False
        self.backlog = Backlog()
        self.drained = False
        self.given_up = False

    async def keep(self, tell: Callable[[Drained, bool], Awaitable[None]]) -> None:
        """Drain for ever; `tell` what each round did, and whether all was processed before it."""
        while True:
            processed = self._all_processed()
            try:
                report = await self._drain(BLOCK_MS)
            except TemporaryError as error:
                try:
                    self._pulse.no_answer(error, PERSISTENCE)
                except StoppedWaitingError:
                    # What calls that still run give may be taken, should it come back meanwhile.
                    self.given_up = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self.given_up = False
            await tell(report, processed)
            if report.away:
                await asyncio.sleep(2 * LOOK_SECONDS)
            elif report.backlog.entries < self._run.persist_batch:
                await self._gather()

    async def watch(self) -> None:
        """Read for ever how long the queue is. A round of draining cannot tell: it takes as long as
        PostgreSQL is locked, stands still or has no disk left, and the stages go on meanwhile.
        """
        while self._look is not None:
            try:
                self.looked(await asyncio.to_thread(self._look))
            except RedisAwayError as error:
                logger.debug("the queue cannot be looked at: %s", error)
            await asyncio.sleep(QUEUE_SECONDS)

    def looked(self, backlog: Backlog) -> None:
        """Take down how long the queue is; not while whoever drains it cannot reach it."""
        if self._away_since is None:
            self.backlog = backlog

    async def _gather(self) -> None:
        """Let a batch come together: each costs a transaction. Nobody waits for it, but for the
        end of the run, and then it is not waited for.
        """
        late = time.monotonic() + self._run.persist_seconds
        while time.monotonic() < late and not self._all_processed():
            await asyncio.sleep(LOOK_SECONDS)

    def heard(self, report: Drained, processed: bool) -> None:
        """Take down what a round did. `processed` says that nothing more was on its way."""
        self._mode.heard(PERSISTENCE, report.away)
        if report.entries:
            self._pulse.heard()
        elif not report.away:
            self._pulse.answered(PERSISTENCE)
        if not report.away:
            self._away_since, self.backlog = None, report.backlog
        elif self._is_away():
            # What was queued is made again; waiting for it to shrink would never end.
            self.backlog = Backlog()
        if not processed:
            self.more()
        if report.away:
            # What is read and cannot be taken off the queue is read again for ever.
            self.drained = processed and self._is_away()
            return
        emptied = not report.backlog.entries and not report.entries
        # What the last of them brought, such as members of a container, is told by the same round:
        # one more, and it has been taken up.
        self.drained = processed and (emptied or self._passed)
        self._passed = self._mark is not None and report.backlog.has_left(self._mark)
        if processed and self._mark is None:
            self._mark = report.backlog.last

    def more(self) -> None:
        """Take down that more was put into the queue, or is going to be."""
        self.drained, self._mark, self._passed = False, None, False

    def _is_away(self) -> bool:
        """Say whether Redis has been away for so long that what it has of ours is made again."""
        now = time.monotonic()
        self._away_since = self._away_since or now
        return bool(self._mode.by_choice) or now - self._away_since > AWAY_SECONDS
