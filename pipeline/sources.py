"""Where documents come from: walking what the user named, and fetching one source's bytes.

Walking only looks (stat, never open); it yields as it goes and keeps nothing but the folders it
has been in and the links to folders that it has come across. A folder is walked once, under its
own path where that is among the sources, so that what is found does not depend on the disk's
order, and a link that leads back up ends.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit

from pipeline.documents import DocumentFailure, Source, StageName, Value
from pipeline.errors import PermanentError, UsageError
from pipeline.stores.protocols import Blobs

READ_BYTES = 1 << 20


class FoundFile(Value):
    """A file that was come across. `source` is the path as the user gave it; `stamp` changes when
    the file does.
    """

    uri: str
    source: str
    size: int
    stamp: str


@dataclass
class Passed:
    """How many files were passed over, and why: the summary tells the user."""

    hidden: int = 0
    excluded: int = 0
    special: int = 0


@dataclass(frozen=True)
class Selection:
    """Which files to take. Patterns are globs over the path below the source, or the name."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False

    def takes(self, relative: PurePosixPath) -> bool:
        """Say whether a file is wanted; `exclude` wins over `include`."""
        if _matches(relative, self.exclude):
            return False
        return not self.include or _matches(relative, self.include)


def _matches(relative: PurePosixPath, patterns: Sequence[str]) -> bool:
    """Say whether a path, its name, or a folder above it matches a pattern."""
    candidates = [str(relative), relative.name, *(str(up) for up in relative.parents[:-1])]
    return any(
        fnmatch.fnmatchcase(candidate, pattern.rstrip("/"))
        for pattern in patterns
        for candidate in candidates
    )


@dataclass
class Walk:
    """One pass over the sources of a run."""

    selection: Selection
    passed: Passed = field(default_factory=Passed)
    _been: set[tuple[int, int]] = field(default_factory=set)

    def check(self, sources: Sequence[str]) -> None:
        """Look at the sources. Raises UsageError for one that is not there or is no document."""
        for given in sources:
            self._mode(given)

    def files(self, sources: Sequence[str]) -> Iterator[FoundFile]:
        """Yield each wanted file once a path. Raises UsageError as `check` does.

        Links to folders come after all else, so that a folder's own path wins over a link to it.
        """
        links: list[tuple[Path, PurePosixPath]] = []
        for given in sources:
            path = Path(given)
            if not stat.S_ISDIR(self._mode(given)):
                yield self._found(path)
            elif path.is_symlink():
                links.append((path, PurePosixPath()))
            else:
                yield from self._folder(path, PurePosixPath(), links)
        while links:
            now = sorted(links)
            links.clear()
            for path, below in now:
                yield from self._folder(path, below, links)

    def _mode(self, given: str) -> int:
        if not given.strip() or "://" in given:
            raise UsageError(f"cannot take {given!r}: sources are files and folders")
        try:
            mode = Path(given).stat().st_mode
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"cannot take {given!r}: {reason}") from error
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise UsageError(f"cannot take {given!r}: it is neither a file nor a folder")
        return mode

    def _folder(
        self, folder: Path, below: PurePosixPath, links: list[tuple[Path, PurePosixPath]]
    ) -> Iterator[FoundFile]:
        """Yield what is under a folder, unless this pass has been in it: its files as the disk has
        them, then its folders by name. Links to folders are added to `links`.
        """
        try:
            info = folder.stat()
            if (info.st_dev, info.st_ino) in self._been:
                return
            self._been.add((info.st_dev, info.st_ino))
            entries = os.scandir(folder)
        except OSError:
            # An unreadable folder is a document that fails with the system's own words.
            yield self._found(folder)
            return
        folders: list[tuple[Path, PurePosixPath]] = []
        with entries:
            for entry in entries:
                inside = (folder / entry.name, below / entry.name)
                if not self._takes(entry, inside[1]):
                    continue
                if not _is(entry.is_dir):
                    yield self._found(inside[0])
                elif _is(entry.is_symlink):
                    links.append(inside)
                else:
                    folders.append(inside)
        for path, relative in sorted(folders):
            yield from self._folder(path, relative, links)

    def _takes(self, entry: os.DirEntry[str], relative: PurePosixPath) -> bool:
        """Say whether a folder's entry is wanted, and count it if it is not."""
        if entry.name.startswith(".") and not self.selection.hidden:
            self.passed.hidden += 1
        elif _is(entry.is_dir):
            if not _matches(relative, self.selection.exclude):
                return True
            self.passed.excluded += 1
        elif not _is(entry.is_file) and not _is(entry.is_symlink):
            self.passed.special += 1
        elif self.selection.takes(relative):
            return True
        else:
            self.passed.excluded += 1
        return False

    def _found(self, path: Path) -> FoundFile:
        """Describe a file by a look at it; one that cannot be looked at gets an empty stamp."""
        try:
            info = path.stat()
            size, stamp = info.st_size, f"{info.st_mtime_ns}"
        except OSError:
            size, stamp = 0, ""
        return FoundFile(
            uri=uri_of(path),
            source=_printable(str(path)),
            size=size,
            stamp=stamp,
        )


def uri_of(path: str | Path) -> str:
    """Name a file or folder by an absolute URI; links stay unresolved."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100


def _is(question: Callable[[], bool]) -> bool:
    """Ask a directory entry what it is; what cannot be told is no."""
    try:
        return question()
    except OSError:
        return False


def _printable(path: str) -> str:
    """Write a path that may hold bytes of no encoding as text that a database takes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "�")


class Located(Value):
    """Where a document's bytes are: a file by its URI, or a member's object by its hash."""

    uri: str
    name: str
    blob: str | None = None


class Identified(Value):
    """What a source's bytes are."""

    sha256: str
    media_type: str
    size: int


class SourceChangedError(PermanentError):
    """The bytes are not those that were identified: identify again, nobody is to blame."""

    def __init__(self, uri: str) -> None:
        super().__init__("source_changed", f"{uri} changed while it was being read")

    def __reduce__(self) -> tuple[type[SourceChangedError], tuple[str]]:  # type: ignore[override]
        """Keep the one argument when the error crosses a process border."""
        return (SourceChangedError, (self.message.split(" ", 1)[0],))


@dataclass(frozen=True)
class Fetcher:
    """Reads sources: files, and members from the object store.

    `detect` names the media type of a local file, given its path and its own name.
    """

    blobs: Blobs
    detect: Callable[[Path, str], str]

    def identify(self, located: Located) -> Identified | DocumentFailure:
        """Hash a source and tell its type, or say why it cannot be read."""
        try:
            with self._opened(located) as path:
                sha256, size = _hash_file(path, None)
                return Identified(
                    sha256=sha256, media_type=self.detect(path, located.name), size=size
                )
        except (OSError, PermanentError) as error:
            return unreadable(error)

    @contextmanager
    def fetched(self, located: Located, known: Identified) -> Iterator[Source]:
        """Copy a source to a temporary file that lives as long as the block.

        Raises SourceChangedError if the bytes are others by now, OSError or PermanentError if they
        cannot be read.
        """
        with tempfile.TemporaryDirectory(prefix="casegraph-") as folder:
            target = Path(folder) / "source"
            if located.blob is not None:
                self.blobs.fetch(located.blob, target)
            else:
                with target.open("wb") as out:
                    sha256, _ = _hash_file(_path_of(located.uri), out)
                if sha256 != known.sha256:
                    raise SourceChangedError(located.uri)
            yield Source(
                path=str(target),
                name=located.name,
                sha256=known.sha256,
                media_type=known.media_type,
                size=known.size,
            )

    @contextmanager
    def _opened(self, located: Located) -> Iterator[Path]:
        """Give a path to read from; a member's is temporary."""
        if located.blob is None:
            yield _path_of(located.uri)
            return
        with tempfile.TemporaryDirectory(prefix="casegraph-") as folder:
            target = Path(folder) / "source"
            self.blobs.fetch(located.blob, target)
            yield target


def unreadable(error: OSError | PermanentError) -> DocumentFailure:
    """Say in words why a source could not be read."""
    if isinstance(error, PermanentError):
        code, message = error.code, error.message
    elif isinstance(error, FileNotFoundError):
        code, message = "source_missing", "the file is not there any more"
    elif isinstance(error, IsADirectoryError):
        code, message = "unreadable", "the folder cannot be opened"
    else:
        code, message = "unreadable", f"the file cannot be read: {error.strerror or error}"
    return DocumentFailure(stage=StageName.OCR, error=code, message=message)


def _path_of(uri: str) -> Path:
    """Turn a file URI into a path."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise PermanentError("unknown_source", f"no reader for {parts.scheme}:// sources")
    # A name may hold bytes of no encoding: they come back as they went in.
    return Path(os.fsdecode(unquote_to_bytes(parts.path)))


def _hash_file(path: Path, copy_to: IO[bytes] | None) -> tuple[str, int]:
    """Hash a regular file, copying it on the way. Raises OSError, also for a device or a pipe."""
    total, size = hashlib.sha256(), 0
    flags = os.O_RDONLY | os.O_NONBLOCK  # opening a pipe must not wait for a writer
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as data:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(21, "not a regular file", str(path))
        while block := data.read(READ_BYTES):
            total.update(block)
            size += len(block)
            if copy_to is not None:
                copy_to.write(block)
    return total.hexdigest(), size
