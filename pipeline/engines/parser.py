"""The parent's side of the parser: a long-lived child that reads files, and is replaced when it
crashes, hangs, or goes past a limit. The parent never looks into the bytes itself.
"""

from __future__ import annotations

from types import TracebackType

from pipeline.documents import Pages
from pipeline.engines.parse_request import ParseFailure, ParseRequest
from pipeline.engines.parser_process import ChildGoneError, ParserProcess
from pipeline.engines.parser_versions import parser_versions
from pipeline.settings import Limits

# What libraries leak, a new process gives back.
FILES_PER_CHILD = 500


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

    def parse(self, request: ParseRequest) -> Pages | ParseFailure:
        """Read one file. Raises UnavailableError when no child can be started.

        A child that fails after it served other files may have been spoilt by them, so the file
        gets a second try in a new one: only a failure of its own is blamed on it.
        """
        if self._child is not None and self._child.served >= FILES_PER_CHILD:
            self.close()
        fresh = self._child is None
        answer, replace = self._attempt(request)
        if replace and not fresh and _may_be_inherited(answer):
            answer, _ = self._attempt(request)
        return answer

    def _attempt(self, request: ParseRequest) -> tuple[Pages | ParseFailure, bool]:
        """Ask the child once; also say whether it had to be given up."""
        if self._child is None:
            self._child = ParserProcess(self._limits)
        try:
            answer = self._child.ask(request)
        except ChildGoneError as gone:
            self.close()
            return gone.failure, True
        if isinstance(answer, ParseFailure) and answer.error == "parser_memory":
            tail = self._child.tail
            self.close()
            return answer.model_copy(update={"log_tail": tail}), True
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


def _may_be_inherited(answer: Pages | ParseFailure) -> bool:
    """Say whether a failure may be due to what the child did before."""
    return isinstance(answer, ParseFailure) and answer.error in {"parser_crashed", "parser_memory"}
