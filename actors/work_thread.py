"""Where a stage computes: a thread of a lower priority than the one that waits for stores. A stage
that waits for a language model has one for each document that it works on at once.

There are as many busy processes as cores, so whoever has waited for an answer of a millisecond
waits as long again for a core, at each exchange. A thread that has just been answered goes first;
what it then does is short, and what computes loses nothing by it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from pipeline.documents import DocumentFailure, PageCount, PageRange, Pages, Payload, Source
from pipeline.stage import ReadsPages, Stage, StageIdentity

P = ParamSpec("P")
T = TypeVar("T")

LOWER_BY = 10


@dataclass(frozen=True)
class InWorkThread:
    """A stage that computes in threads of its own, the same ones always, and is waited for. Whom
    its caller charges is known there, too.
    """

    stage: Stage[Any, Payload]
    threads: int = 1
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        pool = ThreadPoolExecutor(self.threads, "work", initializer=_lower)
        object.__setattr__(self, "_pool", pool)

    @property
    def identity(self) -> StageIdentity:
        """Give the stage's own."""
        return self.stage.identity

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Payload | DocumentFailure]:
        """Run the stage. Raises what it raises."""
        return self.do(self.stage, inputs)

    def do(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call something of the stage's. Raises what it raises."""
        call = partial(function, *arguments, **named)
        return self._pool.submit(copy_context().run, call).result()


@dataclass(frozen=True)
class PagesInWorkThread:
    """What reads pages, in the thread of its stage."""

    paged: ReadsPages
    thread: InWorkThread

    def read(
        self, source: Source, pages: PageRange | None = None, at_once: int | None = None
    ) -> Pages | PageCount | DocumentFailure:
        """See `ReadsPages.read`."""
        return self.thread.do(self.paged.read, source, pages, at_once)

    def join(self, parts: Sequence[Pages]) -> Pages | DocumentFailure:
        """See `ReadsPages.join`."""
        return self.thread.do(self.paged.join, parts)


def _lower() -> None:
    """Lower this thread's priority; only Linux has one for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            nice = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, nice + LOWER_BY)
