"""The folder of one parser's child: what it may read of sources, and where it may write.

The child gives up all other files once, when it starts, and then reads one file after another. So
each is put to the same place for it, and what it wrote is taken from the same place.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from contextlib import ExitStack
from pathlib import Path

from pipeline.documents import Pages
from pipeline.engines.parse_request import ParseRequest, unread
from pipeline.scratch import disk_asked, scratch, written

BLOCK_BYTES = 1 << 20
HASH = re.compile("[0-9a-f]{64}")
NO_FILE = {errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EACCES}
"""What is said of no file, a link, a folder, a socket, a file that may not be read."""


class ParserFolder:
    """Two folders, one to read from and one to write into, and the file that is read now."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        folder = self._stack.enter_context(scratch())
        self.readable, self.writable = folder / "source", folder / "members"
        with disk_asked():
            self.readable.mkdir()
            self.writable.mkdir()
        self._source = self.readable / "source"

    @property
    def arguments(self) -> tuple[str, str]:
        """Tell the child its folders: to read from, and to write into."""
        return str(self.readable), str(self.writable)

    def put(self, request: ParseRequest) -> ParseRequest:
        """Bring a file, and give the request that names it where it is now.

        Raises PermanentError("source_missing"), PermanentError("unreadable"), and TemporaryError
        for a disk that takes no copy.
        """
        self.clear()
        path = Path(request.path)
        try:
            os.link(path, self._source, follow_symlinks=True)
        except OSError:  # on another disk, somebody else's, or not there
            self._copy(path)
        here = {"path": str(self._source), "folder": str(self.writable)}
        return request.model_copy(update=here)

    def _copy(self, path: Path) -> None:
        try:
            with path.open("rb") as source, written(self._source) as write:
                while block := source.read(BLOCK_BYTES):
                    write(block)
        except OSError as error:
            raise unread(error) from error

    def take(self, pages: Pages, folder: Path) -> None:
        """Copy the members that an answer names to `folder`, where they are the caller's to check:
        the child may keep a file open that it has written, and write on, but none of ours.

        It may say anything: what is no hash names no file, one that is not there stays away, and of
        none more is copied than it is said to have. Raises TemporaryError for a disk that takes no
        copy.
        """
        for member in pages.members:
            if HASH.fullmatch(member.sha256):
                self._take(self.writable / member.sha256, folder / member.sha256, member.size)

    def _take(self, found: Path, target: Path, size: int) -> None:
        """Copy one member, unless it is not there any more, and remove what was copied."""
        with disk_asked():
            try:
                source = open(found, "rb", opener=_opened)  # noqa: SIM115 - closed below
            except OSError as error:
                if error.errno in NO_FILE:
                    return
                raise
            with source:
                if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                    return
                with target.open("wb") as copy:
                    while block := source.read(min(BLOCK_BYTES, size)):
                        copy.write(block)
                        size -= len(block)
            found.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what the last file left behind."""
        for folder in (self.readable, self.writable):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink()

    def close(self) -> None:
        """Remove the folders. To be called when the child has ended."""
        self._stack.close()


def _opened(path: str, flags: int) -> int:
    """Open what is there itself, and wait for nobody."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
