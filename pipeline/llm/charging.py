"""Whom a question is charged to, and what it may cost: pure values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from pipeline.documents import StageName

MILLIONTHS = 1_000_000
"""Money is counted in whole millionths of a US dollar: sums of floats would not add up."""


class Charge(NamedTuple):
    """The project, run and content for which a stage asks. A run may have a bound of money."""

    project: str
    run: str | None = None
    content: str | None = None
    stage: StageName | None = None


_CHARGE: ContextVar[Charge | None] = ContextVar("charge", default=None)


@contextmanager
def charged_to(charge: Charge) -> Iterator[None]:
    """Charge what is asked within the block, by this thread and by who runs in its context."""
    token = _CHARGE.set(charge)
    try:
        yield
    finally:
        _CHARGE.reset(token)


def present_charge() -> Charge:
    """Give whom a question is charged to at this moment.

    Raises LookupError outside of `charged_to`: no question may be asked on nobody's account.
    """
    charge = _CHARGE.get()
    if charge is None:
        raise LookupError("a language model was asked on nobody's account")
    return charge


def millionths(dollars: float) -> int:
    """Write dollars in whole millionths, rounded up."""
    return -int(-dollars * MILLIONTHS // 1)
