"""How a stage that takes hours over one document says that it goes on, to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_HEARD: ContextVar[Callable[[], None] | None] = ContextVar("heard", default=None)


@contextmanager
def heard_by(hear: Callable[[], None]) -> Iterator[None]:
    """Let `hear` be called, in the same thread, whenever what runs within the block `goes_on`."""
    token = _HEARD.set(hear)
    try:
        yield
    finally:
        _HEARD.reset(token)


def goes_on() -> None:
    """Say that a part of the work is done, such as a page; nothing where nobody hears it."""
    if (hear := _HEARD.get()) is not None:
        hear()
