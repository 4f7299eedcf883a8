"""What goes between the parser and its child: requests, answers, and the frames that hold them.

A frame is four bytes of length, big-endian, and that many bytes of JSON. Never pickle: what the
child says is the word of a process that strangers' bytes were in.
"""

from __future__ import annotations

import struct
from typing import Literal

from pipeline.documents import PageCount, PageRange, Pages, Value
from pipeline.errors import PermanentError
from pipeline.settings import ArchiveLimits, Limits, OcrSettings

LENGTH = struct.Struct(">I")
NO_ROOM = "no_room"
"""The error of a file whose members the disk does not take now: nothing is wrong with the file."""


def unread(error: OSError) -> PermanentError:
    """Say why a file cannot be read: source_missing, unreadable."""
    if isinstance(error, FileNotFoundError):
        return PermanentError("source_missing", "the file is not there any more")
    return PermanentError("unreadable", f"the file cannot be read: {error.strerror or error}")


class ParseOptions(Value):
    """What the child has to know of the settings; the password is here in clear text."""

    language: str = "eng"
    dpi: int = 300
    max_characters: int = 5_000_000
    max_pages: int = 5_000
    max_pixels: int = 120_000_000
    password: str | None = None
    archive: ArchiveLimits = ArchiveLimits()

    @classmethod
    def of(cls, settings: OcrSettings, limits: Limits) -> ParseOptions:
        """Take what the child needs from the settings."""
        password = settings.pdf_password
        return cls(
            language=settings.language,
            dpi=settings.dpi,
            max_characters=settings.max_characters,
            max_pages=settings.max_pages,
            max_pixels=settings.max_pixels,
            password=password.get_secret_value() if password else None,
            archive=limits.archive,
        )


class ParseRequest(Value):
    """One file to read. Members of a container are written into `folder` under their hash.

    Of a file with pages, only `pages` are read if they are given, and the answer is a part: see
    `page_ranges`. Else one of more than `at_once` pages is not read, only counted.
    """

    path: str
    name: str
    media_type: str
    folder: str
    options: ParseOptions = ParseOptions()
    pages: PageRange | None = None
    at_once: int | None = None


class ChildLimits(Value):
    """What the child may use: bytes of memory, and of one written file; seconds of CPU between
    two signs of progress.
    """

    memory_bytes: int
    file_bytes: int
    cpu_seconds: float

    @classmethod
    def of(cls, limits: Limits) -> ChildLimits:
        """Take the child's limits from the settings."""
        return cls(
            memory_bytes=limits.parse_memory_bytes,
            file_bytes=limits.archive.max_bytes,
            # The wall clock, which the parent holds, comes first. This is for the child whose
            # parent has died: it ends by itself.
            cpu_seconds=2 * max(limits.parse_seconds, limits.seconds_per_page) + 5,
        )


class ParseFailure(Value):
    """Why a file could not be read: a stable word, a sentence, and the child's last words. `page`
    of `count` is the one that was being read; 0 if none was.
    """

    error: str
    message: str
    log_tail: str = ""
    page: int = 0
    count: int = 0


Answer = Pages | PageCount | ParseFailure


class Frame(Value):
    """What the child says: it is ready, something is done, or the answer. With `page` it begins
    with that one of `count`.
    """

    kind: Literal["ready", "progress", "pages", "count", "failure"]
    pages: Pages | None = None
    page: int = 0
    count: int = 0
    failure: ParseFailure | None = None


def frame_bytes(text: str) -> bytes:
    """Put JSON in a frame."""
    data = text.encode("utf-8", "surrogatepass")
    return LENGTH.pack(len(data)) + data
