"""Trying again what is temporary: how long, and how often."""

from __future__ import annotations

from tenacity import (
    AsyncRetrying,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from pipeline.errors import TemporaryError

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0

_TEMPORARY = retry_if_exception_type(TemporaryError)
_WAIT = wait_random_exponential(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def patient(seconds: float) -> Retrying:
    """Repeat a call that raises TemporaryError for so long; then the error comes through."""
    return Retrying(retry=_TEMPORARY, wait=_WAIT, stop=stop_after_delay(seconds), reraise=True)


def patient_async(seconds: float) -> AsyncRetrying:
    """Do as `patient` for what is awaited."""
    return AsyncRetrying(retry=_TEMPORARY, wait=_WAIT, stop=stop_after_delay(seconds), reraise=True)
