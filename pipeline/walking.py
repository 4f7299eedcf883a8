"""Walking what the user named: which files there are to take, and which objects in S3.

Walking only looks (stat, never open); it yields as it goes and keeps nothing but the folders it
has been in and the links to folders that it has come across. A folder is walked once, under its
own path where that is among the sources, so that what is found does not depend on the disk's
order, and a link that leads back up ends. Objects come by pages of a listing.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from pipeline.documents import Value
from pipeline.errors import TemporaryError, UsageError
from pipeline.s3_names import ObjectName, is_s3, read_source
from pipeline.shortages import is_shortage

# What consoles and Hadoop write so that a prefix looks like a folder; without a byte in it.
FOLDER_MARKERS = ("/", "_$folder$")


class FoundFile(Value):
    """A file that was come across. `source` is the path as the user gave it; `stamp` changes when
    the file does.
    """

    uri: str
    source: str
    size: int
    stamp: str


class ListedObject(Value):
    """An object of a listing. `stamp` changes when its bytes do."""

    key: str
    size: int
    stamp: str


class Objects(Protocol):
    """What lists objects."""

    def listed(self, prefix: ObjectName, most: int | None = None) -> Iterator[ListedObject]:
        """Yield the objects whose key begins with the prefix's, in order, at most so many."""
        ...


@dataclass
class Passed:
    """How many files were passed over, and why: the summary tells the user."""

    hidden: int = 0
    excluded: int = 0
    special: int = 0


@dataclass(frozen=True)
class Selection:
    """Which files to take. Patterns are globs over the path below the source, or the name; of a
    file that is itself a source, over its name. `hidden` is about what is found in folders.
    """

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
    """One pass over the sources of a run. `objects` lists those in S3."""

    selection: Selection
    objects: Objects | None = None
    passed: Passed = field(default_factory=Passed)
    _been: set[tuple[int, int]] = field(default_factory=set)

    def check(self, sources: Sequence[str]) -> None:
        """Look at the sources. Raises UsageError for one that is not there or is no document; for
        those in S3 also UnavailableError or TemporaryError.
        """
        for given in sources:
            if is_s3(given):
                self._check_objects(read_source(given))
            else:
                self._mode(given)

    def files(self, sources: Sequence[str]) -> Iterator[FoundFile]:
        """Yield each wanted file once a path. Raises UsageError as `check` does.

        Links to folders come after all else, so that a folder's own path wins over a link to it.
        """
        links: list[tuple[Path, PurePosixPath]] = []
        for given in sources:
            path = Path(given)
            if is_s3(given):
                yield from self._objects(read_source(given))
            elif not stat.S_ISDIR(self._mode(given)):
                # A shell's `docs/*` names the files one by one, and patterns are meant for them.
                if self._selects(PurePosixPath(path.name)):
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

    def _check_objects(self, name: ObjectName) -> None:
        """See that a bucket is there, and something at or under the key, if one is given."""
        first = next(self._listing.listed(name, most=1), None)
        if not name.key or (first is not None and first.key == name.key):
            return
        if next(self._listing.listed(name.below, most=1), None) is None:
            raise UsageError(f"cannot take {name.shown!r}: no object has this key or prefix")

    def _objects(self, name: ObjectName) -> Iterator[FoundFile]:
        """Yield the object of this very key, then what is under it as under a folder."""
        below = name.below
        if below != name:
            # Of all keys that begin with it, the key itself comes first.
            for found in self._listing.listed(name, most=1):
                if found.key == name.key and self._selects(PurePosixPath(_last(found.key))):
                    yield _object(name.bucket, found)
        for found in self._listing.listed(below):
            relative = found.key.removeprefix(below.key)
            if found.size == 0 and found.key.endswith(FOLDER_MARKERS):
                continue
            if _is_hidden(relative) and not self.selection.hidden:
                self.passed.hidden += 1
            elif self._selects(PurePosixPath(relative.lstrip("/") or _last(found.key))):
                yield _object(name.bucket, found)

    @property
    def _listing(self) -> Objects:
        if self.objects is None:
            raise UsageError("this walk was given nothing to list s3:// sources with")
        return self.objects

    def _mode(self, given: str) -> int:
        if not given.strip() or "://" in given:
            raise UsageError(
                f"cannot take {given!r}: sources are files, folders and s3:// prefixes"
            )
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
        """Yield what is under a folder, however deep: the files of each as the disk has them, then
        its folders by name. Links to folders are added to `links`.
        """
        todo = [(folder, below)]
        while todo:
            inside: list[tuple[Path, PurePosixPath]] = []
            yield from self._entries(*todo.pop(), inside, links)
            todo += sorted(inside, reverse=True)  # the first is the next

    def _entries(
        self,
        folder: Path,
        below: PurePosixPath,
        folders: list[tuple[Path, PurePosixPath]],
        links: list[tuple[Path, PurePosixPath]],
    ) -> Iterator[FoundFile]:
        """Yield the files of one folder, unless this pass has been in it. Folders in it, and links
        to some, are added to the lists. One that cannot be listed, or not to its end, is a document
        that fails with the system's own words. Raises TemporaryError where the system is short of
        memory or files.
        """
        try:
            info = folder.stat()
            if (info.st_dev, info.st_ino) in self._been:
                return
            self._been.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as entries:
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
        except OSError as error:
            if is_shortage(error):
                what = f"{printable(str(folder))} cannot be listed"
                raise TemporaryError(f"{what} ({error.strerror})") from error
            yield self._found(folder)

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
        else:
            return self._selects(relative)
        return False

    def _selects(self, relative: PurePosixPath) -> bool:
        """Say whether patterns let a file through, and count it if they do not."""
        taken = self.selection.takes(relative)
        self.passed.excluded += not taken
        return taken

    def _found(self, path: Path) -> FoundFile:
        """Describe a file by a look at it; one that cannot be looked at gets an empty stamp."""
        try:
            info = path.stat()
            size, stamp = info.st_size, f"{info.st_mtime_ns}"
        except OSError:
            size, stamp = 0, ""
        return FoundFile(
            uri=uri_of(path),
            source=printable(str(path)),
            size=size,
            stamp=stamp,
        )


def uri_of(path: str | Path) -> str:
    """Name a file, a folder or a source in S3 by an absolute URI; links stay unresolved."""
    if isinstance(path, str) and is_s3(path):
        return read_source(path).uri
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100


def _object(bucket: str, found: ListedObject) -> FoundFile:
    """Describe an object by its row in a listing."""
    name = ObjectName(bucket=bucket, key=found.key)
    return FoundFile(uri=name.uri, source=printable(name.shown), size=found.size, stamp=found.stamp)


def _last(key: str) -> str:
    """Give the last part of a key that is not empty."""
    return PurePosixPath(key).name or key


def _is_hidden(relative: str) -> bool:
    """Say whether a part of a key begins with a dot, as hidden files and folders do."""
    return any(part.startswith(".") and part.strip(".") for part in relative.split("/"))


def _is(question: Callable[[], bool]) -> bool:
    """Ask a directory entry what it is; what cannot be told is no."""
    try:
        return question()
    except OSError:
        return False


def printable(path: str) -> str:
    """Write a path that may hold bytes of no encoding as text that a database takes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "�")
