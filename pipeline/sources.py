"""Fetching one source's bytes: hashing them, telling their type, copying them for a reader."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from pipeline.documents import DocumentFailure, Source, StageName, Value
from pipeline.errors import PermanentError, TemporaryError
from pipeline.s3_names import ObjectName, is_s3, read_uri
from pipeline.scratch import scratch, written
from pipeline.shortages import is_shortage
from pipeline.stores.protocols import Blobs

READ_BYTES = 1 << 20


class Located(Value):
    """Where a document's bytes are: a file or an object in S3 by its URI, or what the object store
    has of a member, or of a file that other machines cannot see, by its hash.
    """

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


class SourceObjects(Protocol):
    """What reads objects in S3."""

    def opened(self, name: ObjectName) -> AbstractContextManager[Iterator[bytes]]:
        """Give an object's bytes, block by block. Raises PermanentError for one that cannot be
        had, TemporaryError or UnavailableError where the store is to blame.
        """
        ...


@dataclass(frozen=True)
class Fetcher:
    """Reads sources: files, objects in S3, and members from the object store.

    `detect` names the media type of a local file, given its path and its own name. What a store
    that is down raises (TemporaryError, UnavailableError) comes through, as does what a disk that
    takes no copy does, or a system that has no file left (TemporaryError): no document is to blame.
    Nor is a member for an object that another store lacks than the right one: then `see_store`
    raises TemporaryError.
    """

    blobs: Blobs
    detect: Callable[[Path, str], str]
    objects: SourceObjects | None = None
    see_store: Callable[[], None] = lambda: None

    def identify(self, located: Located) -> Identified | DocumentFailure:
        """Hash a source and tell its type, or say why it cannot be read."""
        try:
            with self._opened(located) as (path, known):
                sha256, size = known or _hash_file(path, None)
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
        with scratch() as folder:
            target = folder / "source"
            if located.blob is not None:
                self._fetch(located.blob, target)
            else:
                sha256, _ = self._copied(located.uri, target)
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
    def _opened(self, located: Located) -> Iterator[tuple[Path, tuple[str, int] | None]]:
        """Give a path to read from, with hash and size where they are known by now. Only a file
        is read where it lies; else the path is temporary.
        """
        if located.blob is None and not is_s3(located.uri):
            yield _path_of(located.uri), None
            return
        with scratch() as folder:
            target = folder / "source"
            if located.blob is None:
                yield target, self._copied(located.uri, target)
            else:
                self._fetch(located.blob, target)
                yield target, None

    def _fetch(self, sha256: str, target: Path) -> None:
        """Copy a member's object. One that is not there is looked for again when the store is known
        to be the right one: it may have been away, and is back.
        """
        try:
            self.blobs.fetch(sha256, target)
        except PermanentError:
            self.see_store()
            self.blobs.fetch(sha256, target)

    def _copied(self, uri: str, target: Path) -> tuple[str, int]:
        """Copy a file or an object, and give its hash and size."""
        if not is_s3(uri):
            return copied(uri, target)
        with written(target) as write:
            if self.objects is None:
                raise PermanentError("unknown_source", "nothing was given to read s3:// with")
            with self.objects.opened(read_uri(uri)) as blocks:
                return _hash(blocks, write)


def copied(uri: str, target: Path) -> tuple[str, int]:
    """Copy a file, and give the hash and the size of what was copied. Raises OSError for one that
    cannot be read, TemporaryError if the disk takes no copy.
    """
    with written(target) as write:
        return _hash_file(_path_of(uri), write)


def unreadable(error: OSError | PermanentError) -> DocumentFailure:
    """Say in words why a source could not be read. Raises TemporaryError where the system has no
    memory or file left to do so.
    """
    if isinstance(error, OSError) and is_shortage(error):
        raise TemporaryError(f"no source can be read ({error.strerror})") from error
    if isinstance(error, PermanentError):
        code, message = error.code, error.message
        if code == "blob_missing":
            message += (
                "; `forget` the container that holds this file, or the file itself, and run again"
            )
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


def _hash_file(path: Path, write: Callable[[bytes], object] | None) -> tuple[str, int]:
    """Hash a regular file, copying it on the way. Raises OSError, also for a device or a pipe."""
    flags = os.O_RDONLY | os.O_NONBLOCK  # opening a pipe must not wait for a writer
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as data:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(21, "not a regular file", str(path))
        return _hash(iter(lambda: data.read(READ_BYTES), b""), write)


def _hash(blocks: Iterable[bytes], write: Callable[[bytes], object] | None) -> tuple[str, int]:
    """Hash bytes block by block, copying them on the way."""
    total, size = hashlib.sha256(), 0
    for block in blocks:
        total.update(block)
        size += len(block)
        if write is not None:
            write(block)
    return total.hexdigest(), size
