"""Ends a process whose stage computes for too long, and lets it say where it was.

What hangs may hold the interpreter, as a regular expression does that tries every way: so nothing
here waits for Python. The kernel counts the CPU time of the thread that computes, and sends a
signal of which `faulthandler` writes down all stacks before the process ends by it. A stage that
waits for something that never comes uses no CPU: a thread of `faulthandler` has an eye on the
clock, of which there is a multiple, since a machine that is busy elsewhere blames nobody.
"""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from pipeline.documents import (
    Chunks,
    DocumentFailure,
    PageCount,
    PageRange,
    Pages,
    Payload,
    Source,
)
from pipeline.going_on import heard_by
from pipeline.stage import ReadsPages, Stage, StageIdentity

SPENT = signal.SIGPROF
BILLION = 1_000_000_000


class _Time(ctypes.Structure):
    """A `timespec` of Linux with 64 bits."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))

    def __init__(self, seconds: float) -> None:
        super().__init__(*divmod(int(seconds * BILLION), BILLION))


class _Until(ctypes.Structure):
    """An `itimerspec`: when a timer goes off, which is never again."""

    _fields_ = (("every", _Time), ("first", _Time))


class _Event(ctypes.Structure):
    """A `sigevent` that sends a signal."""

    _fields_ = (
        ("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("how", ctypes.c_int),
        ("rest", ctypes.c_byte * 48),
    )  # fmt: skip


class TimeLimit:
    """The limit of a process of which stages are the only ones who compute. `note` is where stacks
    are written, an open file. Without the `clock` only CPU time counts, of any number of calls at
    once: with it they come one after the other.
    """

    def __init__(self, note: IO[bytes], *, clock: bool) -> None:
        self._note = note
        self._clock = clock
        # Chained to what the system does: it ends the process.
        faulthandler.register(SPENT, note, all_threads=True, chain=True)

    @contextmanager
    def allowing(self, cpu: float, clock: float) -> Iterator[None]:
        """Let this thread use so many seconds of CPU within the block, and of the clock from its
        beginning or from when it last said that it goes on.
        """

        def watch() -> None:
            faulthandler.dump_traceback_later(clock, exit=True, file=self._note)

        with _cpu_timer(cpu):
            if not self._clock:
                yield
                return
            watch()
            try:
                with heard_by(watch):
                    yield
            finally:
                faulthandler.cancel_dump_traceback_later()


@contextmanager
def _cpu_timer(seconds: float) -> Iterator[None]:
    """Send this process a signal when this thread has used so many seconds of CPU; only Linux can
    count those of one thread.
    """
    if sys.platform != "linux":
        yield
        return
    system = ctypes.CDLL(None, use_errno=True)
    clock = time.pthread_getcpuclockid(threading.get_ident())
    event, timer = _Event(signal=SPENT, how=0), ctypes.c_void_p()
    _checked(system.timer_create(ctypes.c_int(clock), ctypes.byref(event), ctypes.byref(timer)))
    try:
        until = _Until(_Time(0), _Time(seconds))
        _checked(system.timer_settime(timer, 0, ctypes.byref(until), None))
        yield
    finally:
        system.timer_delete(timer)


def _checked(answer: int) -> None:
    """Raise OSError where the system refuses a timer."""
    if answer != 0:
        raise OSError(ctypes.get_errno(), "no timer of CPU time")


@dataclass(frozen=True)
class LimitedStage:
    """A stage whose every call is limited by what `allowed` says of its inputs, in seconds of CPU
    and of the clock.
    """

    stage: Stage[Any, Payload]
    limit: TimeLimit
    allowed: Callable[[Sequence[Any]], tuple[float, float]]

    @property
    def identity(self) -> StageIdentity:
        """Give the stage's own."""
        return self.stage.identity

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Payload | DocumentFailure]:
        """Run the stage. Raises what it raises; what takes too long does not come back."""
        with self.limit.allowing(*self.allowed(inputs)):
            return self.stage(inputs)


@dataclass(frozen=True)
class LimitedPages:
    """What reads pages, likewise limited."""

    paged: ReadsPages
    limit: TimeLimit
    allowed: Callable[[Sequence[Any]], tuple[float, float]]

    def read(
        self, source: Source, pages: PageRange | None = None, at_once: int | None = None
    ) -> Pages | PageCount | DocumentFailure:
        """See `ReadsPages.read`."""
        with self.limit.allowing(*self.allowed([source])):
            return self.paged.read(source, pages, at_once)

    def join(self, parts: Sequence[Pages]) -> Pages | DocumentFailure:
        """See `ReadsPages.join`."""
        with self.limit.allowing(*self.allowed(parts)):
            return self.paged.join(parts)


def characters_of(value: object) -> int:
    """Count the characters of the text that is in a stage's input; none of a file."""
    if isinstance(value, Pages):
        return len(value.text)
    chunks = value if isinstance(value, Chunks) else getattr(value, "chunks", None)
    return sum(len(chunk.text) for chunk in chunks.chunks) if isinstance(chunks, Chunks) else 0
