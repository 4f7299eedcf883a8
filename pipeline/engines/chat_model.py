"""Asks a language model over HTTP, by OpenAI's client: any endpoint that speaks as OpenAI's does.

One thread runs the loop in which all questions of a process wait; whoever asks waits for its own.
A question is tried again where another try may help, at growing distances; the whole of it has a
bound in time, also where an answer only drips in, and so has the answer in bytes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import UnavailableError
from pipeline.llm.answers import BadAnswerError
from pipeline.llm.asking import Ending, Question, Reply, Usage

if TYPE_CHECKING:
    import httpx

LARGEST_BODY = 8 << 20
LONGEST_SAID = 300
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """Where a model is asked, and with what patience. `seconds` is for one try."""

    base_url: str | None
    key: str
    seconds: float = 60.0
    tries: int = 4
    concurrency: int = 16


class TryAgainError(Exception):
    """A try that failed and may be repeated, not before `after` seconds."""

    def __init__(self, code: str, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.after = after


class ChatModel:
    """One endpoint. `waited` is told, in seconds, of each wait before another try."""

    def __init__(self, endpoint: Endpoint, waited: Callable[[float], None] = lambda _: None) -> None:
        self._endpoint = endpoint
        self._waited = waited
        self._loop = asyncio.new_event_loop()
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._client: Any = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
        self._thread.start()

    def ask(self, question: Question) -> Reply:
        """Ask and wait for the answer.

        Raises UnavailableError where no question will be answered (a wrong key, an unknown model,
        no money left), BadAnswerError for one that stays without answer.
        """
        return asyncio.run_coroutine_threadsafe(self._ask(question), self._loop).result()

    def close(self) -> None:
        """Let go of connections and of the thread."""
        async def leave() -> None:
            if self._client is not None:
                await self._client.close()

        asyncio.run_coroutine_threadsafe(leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _ask(self, question: Question) -> Reply:
        tries = 0
        while True:
            tries += 1
            try:
                async with self._slots:
                    return await self._try(question)
            except TryAgainError as error:
                if tries >= self._endpoint.tries:
                    times = "once" if tries == 1 else f"{tries} times"
                    raise BadAnswerError(error.code, f"asked {times}: {error}") from None
                wait = error.after if error.after is not None else self._wait(tries)
                self._waited(wait)
                await asyncio.sleep(wait)

    def _wait(self, tries: int) -> float:
        """Say how long to wait after so many tries: up to twice as long each time, at random."""
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
