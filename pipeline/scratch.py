"""Temporary folders that do not outlive a killed process for long.

Each is locked by whoever uses it, and the kernel unlocks what a dead process held; so a folder that
can be locked is nobody's. A process that begins work removes those it finds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "casegraph-scratch-"
MADE_SECONDS = 60.0
"""A folder so young may not be locked yet."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for the length of the block. Raises OSError if the disk refuses."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        lock = os.open(name, os.O_RDONLY)
        try:
            with suppress(OSError):  # a file system without locks: then it is nobody's to sweep
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(lock)


def sweep_scratch() -> int:
    """Remove the folders of dead processes, and return how many. Never raises for one."""
    return sum(_swept(folder) for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _swept(folder: Path) -> bool:
    """Remove a folder that is ours and nobody's any more."""
    with suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            facts = os.fstat(lock)
            if facts.st_uid == os.geteuid() and time.time() - facts.st_ctime > MADE_SECONDS:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                return True
        finally:
            os.close(lock)
    return False
