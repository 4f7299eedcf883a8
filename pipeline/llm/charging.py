"""Whom a question is charged to, and what it may cost: pure values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from pipeline.documents import StageName
from pipeline.errors import OverBudgetError

MILLIONTHS = 1_000_000
"""Money is counted in whole millionths of a US dollar: sums of floats would not add up."""


class Charge(NamedTuple):
    """The project, run and content for which a stage asks. A run may have a bound of money."""

    project: str
    run: str | None = None
    content: str | None = None
    stage: StageName | None = None


class Asked(NamedTuple):
    """A question that this process has taken on. `most` is set aside for it; `of_content` says that
    it is about a content that was there then.
    """

    call: int
    most: int
    of_content: bool = False


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


def dollars(amount: int) -> str:
    """Write millionths of a dollar: to the cent, and further only below one."""
    whole = amount / MILLIONTHS
    return f"${whole:,.2f}" if amount >= MILLIONTHS // 100 or not amount else f"${whole:.6f}"


def over_budget(at_most: int, spent: int, most: int) -> OverBudgetError:
    """Say that a question may cost more than is left."""
    return OverBudgetError(
        f"{dollars(spent)} of the {dollars(at_most)} that this run may spend are spent, and the "
        f"next question can cost {dollars(most)}; what is done is kept: run again, with another "
        "--max-cost if this one was too low"
    )
