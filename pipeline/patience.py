"""Trying again what is temporary: how long, and how often."""

from __future__ import annotations

from collections.abc import Callable

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from pipeline.errors import TemporaryError, UnavailableError

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0

_TEMPORARY = retry_if_exception_type(TemporaryError)
_WAIT = wait_random_exponential(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def lost_patience(error: TemporaryError, seconds: float) -> UnavailableError:
    """Make the one line with which a run ends that has waited for so long."""
    return UnavailableError(
        f"{error} (waited {seconds:.0f} s); what is done is kept: run again when it is back"
    )


def patient(seconds: float) -> Retrying:
    """Repeat a call that raises TemporaryError for so long; then the error comes through."""
    return Retrying(retry=_TEMPORARY, wait=_WAIT, stop=stop_after_delay(seconds), reraise=True)


def patient_async(seconds: float, tell: Callable[[str], None]) -> AsyncRetrying:
    """Do as `patient` for what is awaited; `tell` hears why it has to be repeated."""

    def sleeping(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        tell(str(error or ""))

    return AsyncRetrying(
        retry=_TEMPORARY,
        wait=_WAIT,
        stop=stop_after_delay(seconds),
        before_sleep=sleeping,
        reraise=True,
    )
