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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import TemporaryError

PREFIX = "casegraph-scratch-"
MADE_SECONDS = 60.0
"""A folder so young may not be locked yet."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for the length of the block. Raises TemporaryError if the disk refuses."""
    with disk_asked():
        made = tempfile.TemporaryDirectory(prefix=PREFIX)
    with made as name:
        lock = os.open(name, os.O_RDONLY)
        try:
            with suppress(OSError):  # a file system without locks: then it is nobody's to sweep
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(lock)


@contextmanager
def disk_asked() -> Iterator[None]:
    """Do something to our own files in a temporary folder, and to nothing else: what the system
    refuses there is no document's fault. Raises TemporaryError in the place of OSError.
    """
    try:
        yield
    except OSError as error:
        where = (
            f"the temporary folder {tempfile.tempdir}" if tempfile.tempdir else "temporary files"
        )
        raise TemporaryError(
            f"{where} cannot be written ({error.strerror or error}); free some space there, or set "
            "TMPDIR to another folder"
        ) from error


@contextmanager
def written(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Open a file in a temporary folder and give what writes to it. Raises TemporaryError if the
    disk refuses; what the block itself raises comes through.
    """
    with disk_asked():
        out = path.open("wb")

    def write(data: bytes) -> None:
        with disk_asked():
            out.write(data)

    try:
        yield write
    except BaseException:
        with suppress(OSError):  # it writes what is left over, and says again what was said
            out.close()
        raise
    with disk_asked():
        out.close()


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
