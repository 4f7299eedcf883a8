"""Trying again what is temporary: how long, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_random_exponential,
)

from pipeline.errors import TemporaryError, UnavailableError

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0

_TEMPORARY = retry_if_exception_type(TemporaryError)
_WAIT = wait_random_exponential(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def lost_patience(error: BaseException | None, seconds: float) -> UnavailableError:
    """Make the one line with which a run ends that has waited for so long."""
    return UnavailableError(
        f"{error} (waited {seconds:.0f} s); what is done is kept: run again when it is back"
    )


class _Waited:
    """Says when the time is over that began with the first failure: the call that failed may have
    taken longer than all patience before it did. For one call and its repetitions.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first = 0.0
        self.seconds = 0.0

    def __call__(self, state: RetryCallState) -> bool:
        now = state.outcome_timestamp or 0.0
        if state.attempt_number == 1:
            self._first = now
        self.seconds = now - self._first
        return self.seconds >= self._seconds


def patient(seconds: float) -> Retrying:
    """Repeat a call that raises TemporaryError for so long from its first failure; then the error
    comes through.
    """
    return Retrying(retry=_TEMPORARY, wait=_WAIT, stop=_Waited(seconds), reraise=True)


def patient_async(seconds: float, tell: Callable[[str], None]) -> AsyncRetrying:
    """Do as `patient` for what is awaited; `tell` hears why it has to be repeated. In the end
    UnavailableError is raised, which says how long that was.
    """
    waited = _Waited(seconds)

    def sleeping(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        tell(str(error or ""))

    def ended(state: RetryCallState) -> NoReturn:
        error = state.outcome.exception() if state.outcome else None
        raise lost_patience(error, waited.seconds) from error

    return AsyncRetrying(
        retry=_TEMPORARY,
        wait=_WAIT,
        stop=waited,
        before_sleep=sleeping,
        retry_error_callback=ended,
    )
