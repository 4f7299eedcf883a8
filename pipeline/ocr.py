"""The `ocr` stage: a source becomes text, pages, and what the file says about itself.

The bytes are parsed in a child process (`engines.parser`); this side decides what becomes of its
answers. Members of containers go to the object store under their hash, which is checked here.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from pipeline.documents import (
    DocumentFailure,
    Member,
    PageCount,
    PageRange,
    Pages,
    Source,
    StageName,
)
from pipeline.engines.media_types import detect as detect_media_type
from pipeline.engines.parse_request import (
    NO_ROOM,
    Answer,
    ParseFailure,
    ParseOptions,
    ParseRequest,
)
from pipeline.errors import TemporaryError
from pipeline.identity import sha256_hex
from pipeline.scratch import scratch
from pipeline.settings import Limits, OcrSettings
from pipeline.stage import StageIdentity
from pipeline.stores.protocols import Blobs

VERSION = "4"


class SourceParser(Protocol):
    """What reads a file: the child process, or anything that answers like it."""

    def version(self, language: str) -> str:
        """Name all that decides an answer, the OCR models of a language among them."""
        ...

    def parse(self, request: ParseRequest) -> Answer:
        """Read one file, or some of its pages, writing members into the request's folder."""
        ...

    def join(self, parts: Sequence[Pages], options: ParseOptions) -> Pages | ParseFailure:
        """Make of all parts of a file, in order, what reading it at once gives."""
        ...


def detect(path: Path, name: str) -> str:
    """Name a file's media type from its content; among text types, from the extension of `name`.

    Safe on any file: nothing is parsed. Raises OSError when it cannot be read.
    """
    return detect_media_type(path, name)


class OcrStage:
    """Reads sources, each on its own: what one file does never touches another's answer."""

    def __init__(
        self, parser: SourceParser, blobs: Blobs, settings: OcrSettings, limits: Limits
    ) -> None:
        self._parser = parser
        self._blobs = blobs
        self._settings = settings
        self._options = ParseOptions.of(settings, limits)

    @cached_property
    def identity(self) -> StageIdentity:
        """Say what decides the text: this code, the libraries, the OCR model, the settings.

        Limits of time, memory and archives decide only whether there is an answer, and which pages
        are missing from it: so raising one never makes what is done run again.
        """
        configuration = self._settings.model_dump(mode="json", exclude={"pdf_password"})
        password = self._options.password
        configuration["pdf_password"] = sha256_hex("pdf_password", password) if password else None
        return StageIdentity(
            stage=StageName.OCR,
            version=f"{VERSION} {self._parser.version(self._settings.language)}",
            configuration=configuration,
        )

    def __call__(self, inputs: Sequence[Source]) -> Sequence[Pages | DocumentFailure]:
        """Read a batch, in order. Raises UnavailableError or TemporaryError, never for a file."""
        return [self._pages(source) for source in inputs]

    def _pages(self, source: Source) -> Pages | DocumentFailure:
        answer = self.read(source)
        assert not isinstance(answer, PageCount)  # noqa: S101 - there was no bound
        return answer

    def join(self, parts: Sequence[Pages]) -> Pages | DocumentFailure:
        """Make of all parts of a source, in order, what reading it at once gives."""
        whole = self._parser.join(parts, self._options)
        return _failed(whole) if isinstance(whole, ParseFailure) else whole

    def read(
        self, source: Source, pages: PageRange | None = None, at_once: int | None = None
    ) -> Pages | PageCount | DocumentFailure:
        """Read one source, and keep its members; of one with pages perhaps only some, as a part.
        One of more than `at_once` pages is counted only.
        """
        with scratch() as folder:
            answer = self._parser.parse(
                ParseRequest(
                    path=source.path,
                    name=source.name,
                    media_type=source.media_type,
                    folder=str(folder),
                    options=self._options,
                    pages=pages,
                    at_once=at_once,
                )
            )
            if isinstance(answer, PageCount):
                return answer
            if isinstance(answer, ParseFailure):
                if answer.error == NO_ROOM:
                    raise TemporaryError(answer.message)
                return _failed(answer)
            for member in answer.members:
                if not _is_genuine(folder / member.sha256, member):
                    return _forged(member)
                self._blobs.put_file(folder / member.sha256, member.sha256)
            return answer


def _failed(failure: ParseFailure) -> DocumentFailure:
    """Say of a document what was said of its file."""
    return DocumentFailure(
        stage=StageName.OCR,
        error=failure.error,
        message=failure.message,
        log_tail=failure.log_tail,
    )


def _is_genuine(path: Path, member: Member) -> bool:
    """Say whether a file the child wrote is a file and has the hash it is said to have."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == member.sha256
    except OSError:
        return False


def _forged(member: Member) -> DocumentFailure:
    """Say that a member is not what the child said."""
    return DocumentFailure(
        stage=StageName.OCR,
        error="parser_crashed",
        message=f"the parser's answer makes no sense: {member.path!r} is not what it was said to "
        "be",
    )
