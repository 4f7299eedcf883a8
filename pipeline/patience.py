"""Trying again what is temporary: how long, and how often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_random_exponential,
)

from pipeline.errors import (
    CasegraphError,
    StoppedWaitingError,
    TemporaryError,
    UnavailableError,
)

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0
STOPPING_SECONDS, LOOK_SECONDS = 1.0, 0.1

Stopping = Callable[[], bool]
"""Says whether whoever waits is to stop: then it bears a store that is away hardly any longer."""

_TEMPORARY = retry_if_exception_type(TemporaryError)
_WAIT = wait_random_exponential(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def never() -> bool:
    """Say that nobody asks to stop."""
    return False


def left_of(seconds: float, stopping: Stopping) -> float:
    """Say how long may be waited where patience is of so many seconds."""
    return min(seconds, STOPPING_SECONDS) if stopping() else seconds


def lost_patience(
    error: BaseException | None, seconds: float, stopping: Stopping
) -> CasegraphError:
    """Make the one line with which a run ends that has waited for so long, or is to stop."""
    if stopping():
        return StoppedWaitingError(f"{error}; what is done is kept: run again when it is back")
    return UnavailableError(
        f"{error} (waited {seconds:.0f} s); what is done is kept: run again when it is back"
    )


class _Waited:
    """Says when the time is over that began with the first failure: the call that failed may have
    taken longer than all patience before it did. For one call and its repetitions.
    """

    def __init__(self, seconds: float, stopping: Stopping) -> None:
        self._seconds = seconds
        self._stopping = stopping
        self._first = 0.0
        self.seconds = 0.0

    def __call__(self, state: RetryCallState) -> bool:
        now = state.outcome_timestamp or 0.0
        if state.attempt_number == 1:
            self._first = now
        self.seconds = now - self._first
        return self.seconds >= left_of(self._seconds, self._stopping)


def pause(seconds: float, stopping: Stopping) -> None:
    """Wait for so long, or until it is to stop."""
    for some in _until(seconds, stopping):
        time.sleep(some)


def patient(seconds: float, stopping: Stopping = never) -> Retrying:
    """Repeat a call that raises TemporaryError for so long from its first failure; then the error
    comes through.
    """
    return Retrying(
        retry=_TEMPORARY,
        wait=_WAIT,
        stop=_Waited(seconds, stopping),
        sleep=lambda some: pause(some, stopping),
        reraise=True,
    )


def patient_async(
    seconds: float, tell: Callable[[str], None], stopping: Stopping = never
) -> AsyncRetrying:
    """Do as `patient` for what is awaited; `tell` hears why it has to be repeated. In the end
    `lost_patience` is raised.
    """
    waited = _Waited(seconds, stopping)

    async def pause_async(seconds: float) -> None:
        for some in _until(seconds, stopping):
            await asyncio.sleep(some)

    def sleeping(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        tell(str(error or ""))

    def ended(state: RetryCallState) -> NoReturn:
        error = state.outcome.exception() if state.outcome else None
        raise lost_patience(error, waited.seconds, stopping) from error

    return AsyncRetrying(
        sleep=pause_async,
        retry=_TEMPORARY,
        wait=_WAIT,
        stop=waited,
        before_sleep=sleeping,
        retry_error_callback=ended,
    )


def _until(seconds: float, stopping: Stopping) -> Iterator[float]:
    """Cut a pause into short ones, of which none but the first comes once it is to stop."""
    late = time.monotonic() + seconds
    yield min(seconds, LOOK_SECONDS)
    while not stopping() and (left := late - time.monotonic()) > 0:
        yield min(left, LOOK_SECONDS)
