"""As many stages compute at once on a machine as it has cores; the others wait for their turn.

A node has more actors than cores, since nobody knows beforehand which stage will be needed. Where
all of them compute, the system goes to and fro between them some hundred times a second, each time
to one whose model is not in the core's caches any more: on two cores four such processes take a
sixth more CPU time for the same documents than two, and eight a third more. In turn they do not,
and what a call reads and writes is done beside another one's turn.

A turn is a help and no right: who has waited for `PATIENCE` seconds goes on without, and then does
not wait for a while, so that a stage that hangs, or reads a long scan, holds up nobody for long.

The turns are a semaphore of System V's, the only kind that gives back what a process had that died
and that can be waited for no longer than a while (semop(2)); Python's own does the second alone.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 2.0
AFTER_VAIN = 10 * PATIENCE
"""For so long after a wait in vain nobody of this process waits."""

TURNS, MADE = 0, 1
"""The semaphores of a set: the turns that are free, and whether they were put in."""
CREATE, NO_WAIT, UNDO = 0o1000, 0o4000, 0x1000

logger = logging.getLogger(__name__)


class _Change(ctypes.Structure):
    """`struct sembuf`."""

    _fields_ = (("which", ctypes.c_ushort), ("by", ctypes.c_short), ("how", ctypes.c_short))


class _Time(ctypes.Structure):
    """`struct timespec`."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class CoreTurns:
    """The turns of one machine: all processes of a user that may use as many cores have the same
    ones, also those of another run. Where the system has none there is no waiting.
    """

    def __init__(self, cores: int | None = None, name: str = "casegraph") -> None:
        self.id: int | None = None
        self._waited = 0.0
        self._waits_from = 0.0
        if sys.platform != "linux":
            return
        self._system = ctypes.CDLL(None, use_errno=True)
        cores = cores or len(os.sched_getaffinity(0))
        try:
            self.id = self._found(f"{name} {os.getuid()} {cores}")
        except OSError as error:
            logger.info("the stages do not take turns on the cores: %s", error)
            return
        # All at once, or not at all where it was done before.
        self._changed(
            _Change(MADE, 0, NO_WAIT), _Change(MADE, 1, 0), _Change(TURNS, cores, 0), seconds=0.0
        )

    def clock(self) -> float:
        """Count the seconds that go by, but for those in which this process waited for a turn."""
        return time.perf_counter() - self._waited

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have a turn for the length of the block, if one comes in time."""
        mine = self._has_come()
        try:
            yield
        finally:
            if mine:
                self._changed(_Change(TURNS, 1, UNDO))

    def _has_come(self) -> bool:
        """Wait for a turn; say whether it has come."""
        if self.id is None:
            return False
        began = time.monotonic()
        waits = began >= self._waits_from
        has_come = self._changed(_Change(TURNS, -1, UNDO), seconds=PATIENCE if waits else 0.0)
        self._waited += time.monotonic() - began
        if has_come:
            return True
        if waits:
            self._waits_from = time.monotonic() + AFTER_VAIN
        return False

    def _found(self, name: str) -> int:
        """Find the semaphores of a name, or make them: they stay, and are no larger than a number.
        Raises OSError.
        """
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1 or 1
        found: int = self._system.semget(key, 2, CREATE | 0o600)
        if found < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return found

    def _changed(self, *changes: _Change, seconds: float | None = None) -> bool:
        """Change semaphores, waiting no longer than that until it can be done; say whether it was.
        Other threads go on meanwhile.
        """
        given = (_Change * len(changes))(*changes)
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = 0.0 if until is None else max(until - time.monotonic(), 0.0)
            most = _Time(int(left), int(left % 1 * 1e9))
            late = None if until is None else ctypes.byref(most)
            if self._system.semtimedop(self.id, given, len(changes), late) == 0:
                return True
            if ctypes.get_errno() != errno.EINTR:  # late, or they were removed
                return False
