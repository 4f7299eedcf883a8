"""The object store in a folder: each file under the SHA-256 of its bytes."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.crash_points import crash_point
from pipeline.errors import PermanentError, TemporaryError
from pipeline.scratch import MADE_SECONDS

HEX = frozenset("0123456789abcdef")


def checked_hash(sha256: str) -> str:
    """Give back a SHA-256 in hex. Raises ValueError for anything else, which could name a path
    outside of the store.
    """
    if len(sha256) != 64 or not set(sha256) <= HEX:
        raise ValueError(f"{sha256!r} is not a SHA-256 in lower-case hex")
    return sha256


def blob_missing(sha256: str) -> PermanentError:
    """Make the error for an object that is not there."""
    return PermanentError(
        "blob_missing", f"the object {sha256[:12]}… is not in the object store any more"
    )


class FolderBlobs:
    """Objects in a folder, spread by the first two hex digits. Written aside, then renamed, so a
    file that is there is whole; what a killed process had aside is removed by who comes next. The
    folder may be a share that is not mounted for a while: only `establish` makes it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / "unfinished"

    def _place(self, sha256: str) -> Path:
        return self._folder / checked_hash(sha256)[:2] / sha256

    def establish(self) -> None:
        """Make the folder. Raises TemporaryError if the disk refuses."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unwritable(error) from error

    def put_file(self, path: Path, sha256: str) -> None:
        """Store a file's bytes under their hash. Raises TemporaryError if the disk refuses, or the
        folder is gone.
        """
        place = self._place(sha256)
        if place.exists():
            return
        aside = self._unfinished / uuid.uuid4().hex
        crash_point("object.before")
        try:
            place.parent.mkdir(exist_ok=True, mode=0o700)
            self._unfinished.mkdir(exist_ok=True, mode=0o700)
            self._sweep()
            with path.open("rb") as source, aside.open("xb") as target:
                with suppress(OSError):  # a file system without locks: then it is never swept
                    fcntl.flock(target, fcntl.LOCK_EX)
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                # PostgreSQL is about to name this object; it must survive what PostgreSQL does.
                os.fsync(target.fileno())
                aside.replace(place)  # under the lock, so that nobody sweeps it before
            _sync_folder(place.parent)
            crash_point("object.after")
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what processes that are dead by now had begun to write. One that lives holds a
        lock; a file that is very young may not be locked yet.
        """
        with suppress(OSError):
            for aside in self._unfinished.iterdir():
                with suppress(OSError), aside.open("rb") as file:
                    if time.time() - os.fstat(file.fileno()).st_mtime > MADE_SECONDS:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        aside.unlink()

    def _unwritable(self, error: OSError) -> TemporaryError:
        if not self._folder.exists():
            return TemporaryError(
                f"the object store {self._folder} is not there; mount it, or correct CASEGRAPH_HOME"
            )
        return TemporaryError(
            f"the object store {self._folder} cannot be written ({error.strerror}); "
            "free some space, or set CASEGRAPH_OBJECT_STORE_URL"
        )

    def fetch(self, sha256: str, target: Path) -> None:
        """Copy an object into a file."""
        try:
            shutil.copyfile(self._place(sha256), target)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not self._place(sha256).exists():
                raise blob_missing(sha256) from error
            raise TemporaryError(
                f"the object {sha256[:12]}… cannot be copied to {target.parent} ({error.strerror})"
            ) from error

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over. Raises TemporaryError if the
        disk refuses.
        """
        self._sweep()
        for sha256 in sha256s:
            try:
                self._place(sha256).unlink(missing_ok=True)
            except OSError as error:
                raise TemporaryError(
                    f"the object {sha256[:12]}… cannot be removed from {self._folder} "
                    f"({error.strerror})"
                ) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
