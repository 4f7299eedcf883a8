"""Asks a language model over HTTP, by OpenAI's client: any endpoint that speaks as OpenAI's does.

One thread runs the loop in which all questions of a process are under way; whoever asks waits for
its own, and waits before it asks again. A try has a bound in time, also where an answer only drips
in, and in bytes; a question has one in tries.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import httpx2
import openai
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt
from tenacity.wait import wait_random_exponential

from pipeline.engines.bounded_http import TooLongError
from pipeline.engines.chat_client import LARGEST_BODY, client_of, hiding_of
from pipeline.engines.chat_protocol import (
    Trouble,
    refusal_of,
    reply_of,
    request_of,
    tokens_sent,
)
from pipeline.errors import StoppedWaitingError, UnavailableError
from pipeline.llm.answers import BadAnswerError, UnheardError
from pipeline.llm.asking import Question, Reply
from pipeline.llm.settings import LlmSettings
from pipeline.patience import LOOK_SECONDS, Stopping, never

SHORTEST_SECONDS, FIRST_SECONDS, LONGEST_SECONDS = 0.5, 1.0, 30.0
TURN_SECONDS = 0.25
"""How often it is looked whether it is a question's turn."""
CLIENT_ERRORS = (openai.APIStatusError, openai.APIConnectionError)

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Pace(Protocol):
    """How fast all processes together may ask."""

    def take(self, tokens: int) -> bool:
        """Take a turn for a question with so many tokens, if there is one now."""
        ...

    def correct(self, taken: int, used: int) -> None:
        """Count what a turn for so many tokens has used instead."""
        ...


class ChatModel:
    """One endpoint, for any number of threads of one process.

    Raises UnavailableError if a key is missing. `pause` waits before another try, in seconds;
    `stopping` ends waiting, but no try that is under way.
    """

    def __init__(
        self,
        endpoint: LlmSettings,
        pace: Pace | None = None,
        *,
        stopping: Stopping = never,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._pace = pace
        self._stopping = stopping
        self._pause_before_another = pause or self.pause
        self._hiding = hiding_of(endpoint)
        self._places = threading.Semaphore(endpoint.concurrency)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reached = False
        self._client = client_of(endpoint)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
        self._thread.start()

    def ask(self, question: Question) -> Reply:
        """Ask and wait for the answer.

        Raises UnavailableError where no question will be answered (a wrong key, an unknown model,
        no money left, nobody there), BadAnswerError for one that stays without answer, UnheardError
        for one whose answer is lost after one try, and StoppedWaitingError once this is closed or
        whoever asked is to stop.
        """
        again = Retrying(
            retry=retry_if_result(_may_be_repeated),
            stop=stop_after_attempt(self._endpoint.tries),
            wait=_distance,
            sleep=self._pause_before_another,
            before_sleep=_tell,
            retry_error_callback=_trouble_in,
        )
        answer = again(self._try, question)
        if isinstance(answer, Reply):
            return answer
        raise self._error(answer, int(again.statistics["attempt_number"]))

    def close(self) -> None:
        """Let go of what is under way, of connections and of the thread."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            left = asyncio.run_coroutine_threadsafe(self._leave(), self._loop)
        left.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _error(self, trouble: Trouble, tries: int) -> Exception:
        """Make the error that a question ends with."""
        if trouble.hopeless:
            return UnavailableError(trouble.message)
        if trouble.code == "llm_connection" and not self._reached:
            return UnavailableError(
                f"nothing answers at {self._endpoint.base_url} ({trouble.message}); start it, or "
                "correct CASEGRAPH_LLM__BASE_URL"
            )
        if trouble.unheard:
            return UnheardError(trouble.code, trouble.message, again=trouble.again)
        times = "once" if tries == 1 else f"{tries} times"
        return BadAnswerError(trouble.code, f"{trouble.message} (asked {times})")

    def _try(self, question: Question) -> Reply | Trouble:
        """Ask once, when there is a place and it is the question's turn."""
        estimate = tokens_sent(question) + question.at_most
        with self._place():
            if not self._is_its_turn(estimate):
                return Trouble("llm_rate_limited", self._no_turn())
            answer = self._waited_for(self._send(question))
        if self._pace is not None and isinstance(answer, Reply):
            self._pace.correct(estimate, answer.usage.tokens_in + answer.usage.tokens_out)
        return answer

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Take one of the places for questions that are under way at once."""
        self._see_whether_to_go_on()
        while not self._places.acquire(timeout=LOOK_SECONDS):
            self._see_whether_to_go_on()
        try:
            yield
        finally:
            self._places.release()

    def _is_its_turn(self, tokens: int) -> bool:
        """Wait for a turn; say no when that took too long."""
        late = time.monotonic() + self._endpoint.wait_seconds
        while self._pace is not None and not self._pace.take(tokens):
            if time.monotonic() >= late:
                return False
            self.pause(TURN_SECONDS)
        return True

    def _no_turn(self) -> str:
        return (
            f"there was no turn for {self._endpoint.wait_seconds:g} s under the bounds of requests "
            "and tokens per minute; raise them, or lower CASEGRAPH_LLM__CONCURRENCY"
        )

    def pause(self, seconds: float) -> None:
        """Wait. Raises StoppedWaitingError once this is closed or whoever asks is to stop: for who
        has to wait before he asks, such as for an answer that somebody else is asking for.
        """
        late = time.monotonic() + seconds
        while (left := late - time.monotonic()) > 0:
            self._closed.wait(min(left, LOOK_SECONDS))
            self._see_whether_to_go_on()

    def _see_whether_to_go_on(self) -> None:
        if self._closed.is_set() or self._stopping():
            raise StoppedWaitingError("stopped; what the model has answered is kept: run again")

    def _waited_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the loop do something and wait for it; it ends where waiting ends."""
        with self._lock:
            if self._closed.is_set():
                work.close()
                self._see_whether_to_go_on()
            future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except CancelledError:
            self._see_whether_to_go_on()
            raise
        finally:
            future.cancel()

    async def _send(self, question: Question) -> Reply | Trouble:
        """Ask once, within the bounds of one try."""
        request = request_of(question, self._endpoint)
        try:
            async with asyncio.timeout(self._endpoint.seconds):
                answer = await self._client.chat.completions.with_raw_response.create(**request)
            self._reached = True
            return reply_of(answer.content, question, self._hiding)
        except (*CLIENT_ERRORS, TooLongError, TimeoutError) as error:
            return self._trouble(error)

    def _trouble(self, error: Exception) -> Trouble:
        """Say what an error of the client means."""
        if isinstance(error, openai.APIStatusError):
            self._reached = True
            return refusal_of(
                error.status_code,
                error.response.headers,
                error.body,
                self._endpoint,
                self._hiding,
                time.time(),
            )
        if isinstance(error, TooLongError):
            self._reached = True
            message = f"the answer has over {LARGEST_BODY:,} bytes"
            return Trouble("llm_too_long", message, unheard=True)
        cause = error.__cause__
        if isinstance(error, openai.APIConnectionError) and not _is_late(cause):
            words = self._hiding.in_line(str(cause)) or type(cause).__name__
            return Trouble("llm_connection", f"the connection failed: {words}", again=True)
        message = (
            f"no whole answer within {self._endpoint.seconds:g} s; a slow endpoint wants more of "
            "CASEGRAPH_LLM__SECONDS, or no more of CASEGRAPH_LLM__CONCURRENCY than it answers at "
            f"once (now {self._endpoint.concurrency})"
        )
        return Trouble("llm_timeout", message, again=True, unheard=True)

    async def _leave(self) -> None:
        """Cancel what is under way and close the connections."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._client.close()


def _may_be_repeated(answer: Reply | Trouble) -> bool:
    """Say whether a try may be repeated at no cost."""
    return isinstance(answer, Trouble) and answer.again and not answer.unheard


def _is_late(cause: BaseException | None) -> bool:
    """Say whether an exchange took too long, rather than that nobody took the call."""
    return isinstance(cause, httpx2.TimeoutException) and not isinstance(
        cause, httpx2.ConnectTimeout
    )


_GROWING = wait_random_exponential(FIRST_SECONDS, LONGEST_SECONDS, min=SHORTEST_SECONDS)


def _distance(state: RetryCallState) -> float:
    """Say how long to wait before another try: longer each time, at random, and no less than the
    endpoint asks for.
    """
    return _trouble_in(state).after + float(_GROWING(state))


def _tell(state: RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action else 0.0
    trouble = _trouble_in(state)
    # What an endpoint says may repeat what it was asked.
    logger.info("asking again in %.1f s: %s", wait, trouble.code)
    logger.debug("the model's endpoint said: %s", trouble.message)


def _trouble_in(state: RetryCallState) -> Trouble:
    """Give what the last try came to; where there is no other it is the answer."""
    trouble = state.outcome.result() if state.outcome else None
    if not isinstance(trouble, Trouble):
        raise TypeError(f"no trouble to wait for: {trouble!r}")
    return trouble
