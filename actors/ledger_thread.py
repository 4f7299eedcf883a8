"""Calls the ledger from an async actor, in threads of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from pipeline.errors import StoppedWaitingError
from pipeline.patience import Stopping, never, patient_async

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class LedgerThread:
    """Where blocking calls wait for PostgreSQL: in one thread one after the other, or in some side
    by side. `trouble` says why the last one has to be repeated; empty if it went through.
    `given_up` says that it is not, since the run is to stop.
    """

    def __init__(
        self, patience_seconds: float, threads: int = 1, stopping: Stopping = never
    ) -> None:
        self._patience = patience_seconds
        self._stopping = stopping
        self.trouble = ""
        self.given_up = False
        self._thread = ThreadPoolExecutor(threads, "ledger")

    async def ask_once(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Call a function there. Raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    async def ask(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Call a function there; what is temporary is tried again until it goes through.

        Raises UnavailableError when it has not for too long, StoppedWaitingError when it has not
        and the run is to stop.
        """

        async def once() -> T:
            return await self.ask_once(function, *arguments)

        try:
            answer: T = await patient_async(self._patience, self._tell, self._stopping)(once)
        except StoppedWaitingError:
            self.given_up = True
            raise
        self.trouble, self.given_up = "", False
        return answer

    def _tell(self, trouble: str) -> None:
        self.trouble = trouble
