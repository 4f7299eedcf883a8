"""The parent's side of the parser: a long-lived child that reads files, and is replaced when it
crashes, hangs, or goes past a limit. The parent never looks into the bytes itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from pipeline.documents import PageRange, Pages
from pipeline.engines.formats.reading import with_language
from pipeline.engines.page_rescue import REASONS, is_about_a_page, read_around
from pipeline.engines.parse_request import Answer, ParseFailure, ParseOptions, ParseRequest
from pipeline.engines.parser_process import ChildGoneError, ParserProcess
from pipeline.engines.parser_versions import parser_versions
from pipeline.errors import PermanentError
from pipeline.page_ranges import joined
from pipeline.settings import Limits

# What libraries leak, a new process gives back.
FILES_PER_CHILD = 500
# After these a child may have no memory left to go on with.
SPENT = ("parser_memory", "parser_library")
# What may be due to what a child read before, beside what may be due to one page.
INHERITED = (*REASONS, "parser_library", "output_too_large")


class Parser:
    """Reads files in a child process, one at a time.

    Not for several threads at once: each stage actor has its own.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: ParserProcess | None = None

    def version(self, language: str) -> str:
        """Name the libraries, tesseract, and its models of a language, by version or hash."""
        return parser_versions(language)

    def parse(self, request: ParseRequest) -> Answer:
        """Read one file. Raises UnavailableError when no child can be started, and TemporaryError
        for want of what the system may have again.

        A child that dies, hangs, cannot load a library or talks nonsense after it served other
        files may have been spoilt by them, so the file gets a second try in a new one: only a
        failure of its own is blamed on it. Where it fails at one of several pages, the others are
        read.
        """
        if self._child is not None and self._child.served >= FILES_PER_CHILD:
            self.close()
        fresh = self._child is None
        answer, gone = self._attempt(request)
        if gone and not fresh and _may_be_inherited(answer) and not _is_at_one_of_several(answer):
            fresh = True
            answer, gone = self._attempt(request)
        if gone and isinstance(answer, ParseFailure) and _is_at_one_of_several(answer):
            return self._around(request, answer, fresh)
        return answer

    def _around(
        self, request: ParseRequest, failure: ParseFailure, fresh: bool
    ) -> Pages | ParseFailure:
        """Read what can be read of a file, or of its pages that are wanted."""

        def ask(pages: PageRange) -> tuple[Pages | ParseFailure, bool]:
            fresh = self._child is None
            answer, _ = self._attempt(request.model_copy(update={"pages": pages}))
            assert isinstance(answer, Pages | ParseFailure)  # noqa: S101 - pages are not counted
            return answer, fresh

        wanted = request.pages or PageRange(first=1, last=failure.count)
        part = read_around(ask, wanted, failure, fresh=fresh)
        if request.pages or isinstance(part, ParseFailure):
            return part
        return self.join([part], request.options)

    def join(self, parts: Sequence[Pages], options: ParseOptions) -> Pages | ParseFailure:
        """Make of all parts of a file, in order, what reading it at once gives."""
        try:
            return with_language(joined(parts, options.max_characters))
        except PermanentError as error:
            return ParseFailure(error=error.code, message=error.message)

    def _attempt(self, request: ParseRequest) -> tuple[Answer, bool]:
        """Ask the child once; also say whether it had to be given up."""
        if self._child is None:
            self._child = ParserProcess(self._limits)
        try:
            answer = self._child.ask(request)
        except ChildGoneError as gone:
            self.close()
            return gone.failure, True
        if isinstance(answer, ParseFailure) and answer.error in SPENT:
            self.close()
            return answer, True
        return answer, False

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the child; the next file gets a new one."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Parser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _may_be_inherited(answer: Answer) -> bool:
    """Say whether a failure may be due to what the child did before."""
    return isinstance(answer, ParseFailure) and answer.error in INHERITED


def _is_at_one_of_several(answer: Answer) -> bool:
    """Say whether there are pages to be read around the one at which it failed."""
    return isinstance(answer, ParseFailure) and is_about_a_page(answer) and answer.count > 1
