"""Calls the ledger from an async actor: in one thread, one call after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from pipeline.errors import TemporaryError

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class LedgerThread:
    """The one thread in which blocking calls wait for PostgreSQL."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def ask(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Call a function there; what is temporary is tried again until it goes through."""
        loop = asyncio.get_running_loop()
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                return await loop.run_in_executor(self._thread, function, *arguments)
            except TemporaryError:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
