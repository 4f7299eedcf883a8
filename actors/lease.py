"""A run's lease in PostgreSQL: as long as it is renewed, what the run has claimed is its own."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from actors.ledger_thread import LedgerThread
from actors.mode import Mode
from actors.workplace import Workplace
from pipeline.errors import StoppedWaitingError, UnavailableError
from pipeline.stores.ledger import Ledger


class Lease:
    """The lease of one run. With it goes in what mode the run is, for `status`."""

    def __init__(self, place: Workplace, ledger: Ledger, thread: LedgerThread, mode: Mode) -> None:
        self._run, self._seconds = place.run, place.settings.run.lease_seconds
        self._ledger, self._thread, self._mode = ledger, thread, mode
        self._renewed = time.monotonic() - self._seconds

    @property
    def is_held(self) -> bool:
        """Say whether it cannot have run out: it was renewed, and not longer ago than it lasts."""
        return time.monotonic() - self._renewed < self._seconds

    async def renew(self) -> None:
        """Renew it. Raises UnavailableError for a run that was ended."""
        began = time.monotonic()
        mode = self._mode
        if not await self._thread.ask(
            self._ledger.renew, self._run, self._seconds, mode.name, mode.reason
        ):
            raise UnavailableError("another process ended this run; run again to go on")
        self._renewed = began

    async def keep(self) -> None:
        """Renew it for ever; also for a run that is to stop, if PostgreSQL answers it."""
        while True:
            with suppress(StoppedWaitingError):
                await self.renew()
            await asyncio.sleep(self._seconds / 3)
