"""One parser's child from its start to its end: what it is asked, how long it may take, and how
its death is told.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
import weakref
from pathlib import Path

from pydantic import ValidationError

from pipeline.documents import Pages
from pipeline.engines.cpu_allowance import CpuAllowance
from pipeline.engines.parse_request import (
    LENGTH,
    Answer,
    ChildLimits,
    Frame,
    ParseFailure,
    ParseRequest,
    frame_bytes,
)
from pipeline.engines.parser_answers import answer_of, is_answer_to, is_progress_of
from pipeline.engines.parser_deaths import death_of, tail_of
from pipeline.engines.parser_folder import ParserFolder
from pipeline.engines.parser_start import started
from pipeline.errors import PermanentError, UnavailableError
from pipeline.going_on import goes_on
from pipeline.settings import Limits

START_SECONDS = 60.0
LAST_WORDS_SECONDS = 2.0
KEPT_BYTES = 16 << 10
READ_BYTES = 1 << 20
# An answer holds the text, at most six bytes of JSON a character, and for scanned pages some
# sixty bytes a word.
ANSWER_BYTES = 16 << 20
ANSWER_BYTES_PER_CHARACTER = 40
NO_SENSE = "the parser's answer makes no sense"


class ChildGoneError(Exception):
    """The child gave no answer; `failure` says why."""

    def __init__(self, failure: ParseFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class ParserProcess:
    """One child process, from its start to its end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.served = 0
        self._page = self._count = 0
        self._tail = bytearray()
        self._answers = bytearray()
        self._folder = ParserFolder()
        self._process = started(self._folder)
        self._finalizer = weakref.finalize(self, _end, self._process, self._folder)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None  # noqa: S101 - both were asked for above
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ)
        try:
            self._send(ChildLimits.of(limits).model_dump_json())
            self._frame(CpuAllowance(self._process.pid, START_SECONDS), ANSWER_BYTES)
        except ChildGoneError as gone:
            self.end()
            raise UnavailableError(
                "the process that reads documents does not start "
                f"({gone.failure.message}): {self.tail}; is limits.parse_memory_bytes too small?"
            ) from gone

    @property
    def pid(self) -> int:
        """The process id, also that of its group."""
        return self._process.pid

    @property
    def tail(self) -> str:
        """The end of what the child wrote to standard error."""
        return tail_of(bytes(self._tail))

    def ask(self, request: ParseRequest) -> Answer:
        """Send a request and wait for the answer. Raises ChildGoneError.

        Each page of several has the time of a page, from when the child says that it begins with
        it, and pages are bounded.
        """
        options = request.options
        self._page = self._count = 0
        self._hear()  # what it said of the last file is not this one's
        self._tail.clear()
        goes_on()
        try:
            here = self._folder.put(request)
        except PermanentError as error:
            return ParseFailure(error=error.code, message=error.message)
        self._send(here.model_dump_json())
        allowance = CpuAllowance(self._process.pid, self._limits.parse_seconds)
        largest = ANSWER_BYTES + ANSWER_BYTES_PER_CHARACTER * options.max_characters
        pages_left = options.max_pages + 1
        while True:
            frame = self._frame(allowance, largest)
            if frame.kind == "progress":
                if not is_progress_of(request, frame):
                    raise self._gone("parser_crashed", NO_SENSE)
                self._page, self._count = frame.page, frame.count
                pages_left -= 1
                if pages_left >= 0:
                    goes_on()
                    (allowance.allow if frame.count > 1 else allowance.extend)(
                        self._limits.seconds_per_page
                    )
                continue
            self.served += 1
            answer = answer_of(frame)
            if answer is None or not is_answer_to(request, answer):
                raise self._gone("parser_crashed", NO_SENSE)
            if isinstance(answer, Pages):
                self._folder.take(answer, Path(request.folder))
            if isinstance(answer, ParseFailure):
                self._hear()  # it wrote down first what was raised
                return self._told(answer)
            return answer

    def _told(self, failure: ParseFailure) -> ParseFailure:
        """Say at which page it happened, by what was said when that was begun, and what the child
        wrote about it.
        """
        told = {"page": self._page, "count": self._count, "log_tail": self.tail}
        return failure.model_copy(update=told)

    def end(self) -> None:
        """Kill the process and what it started, and close the pipes."""
        self._selector.close()
        self._finalizer()

    def _send(self, text: str) -> None:
        """Write a frame to the child."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        data = memoryview(frame_bytes(text))
        try:
            while data:
                data = data[self._process.stdin.write(data) :]
        except BrokenPipeError as error:
            raise self._died() from error

    def _frame(self, allowance: CpuAllowance, largest: int) -> Frame:
        """Wait for a whole frame. Raises ChildGoneError."""
        while True:
            frame = self._take(largest)
            if frame is not None:
                return frame
            ready = self._selector.select(allowance.until_due())
            if not ready and allowance.is_spent():
                self._abort()
                raise self._gone(
                    "parser_timeout",
                    "reading the file takes longer than limits.parse_seconds and "
                    "limits.seconds_per_page allow; raise them, or split the file",
                )
            for key, _ in ready:
                self._read(key.fd)

    def _abort(self) -> None:
        """Let a child that is late write down where it is, and wait for that no longer than a
        moment: it may be stopped.
        """
        self._process.send_signal(signal.SIGABRT)
        late = time.monotonic() + LAST_WORDS_SECONDS
        with contextlib.suppress(ChildGoneError):
            while (left := late - time.monotonic()) > 0:
                for key, _ in self._selector.select(left):
                    self._read(key.fd)
                self._answers.clear()  # it may say more than there is room for

    def _read(self, descriptor: int) -> None:
        """Take what a pipe has. Raises ChildGoneError at the end of the answers."""
        data = os.read(descriptor, READ_BYTES)
        stderr = self._process.stderr
        if stderr is not None and descriptor == stderr.fileno():
            if not data:
                self._selector.unregister(stderr)
            self._keep(data)
        elif data:
            self._answers += data
        else:
            raise self._died()

    def _take(self, largest: int) -> Frame | None:
        """Take a frame from what was read, if it is whole. Raises ChildGoneError."""
        if len(self._answers) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._answers)
        if length > largest:
            raise self._gone(
                "output_too_large",
                "what the file holds is larger than an answer may be; split the file",
            )
        if len(self._answers) < LENGTH.size + length:
            return None
        data = bytes(self._answers[LENGTH.size : LENGTH.size + length])
        del self._answers[: LENGTH.size + length]
        try:
            return Frame.model_validate_json(data)
        except ValidationError as error:
            raise self._gone("parser_crashed", NO_SENSE) from error

    def _hear(self) -> None:
        """Take what lies in the pipe of standard error by now. More is not waited for: who lives
        may write without end.
        """
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        with contextlib.suppress(BlockingIOError):
            self._keep(os.read(self._process.stderr.fileno(), READ_BYTES))

    def _keep(self, data: bytes) -> None:
        """Keep the end of standard error."""
        self._tail += data
        del self._tail[:-KEPT_BYTES]

    def _died(self) -> ChildGoneError:
        """Say why a child that has ended did so, when its last words are taken."""
        _kill(self._process)
        self._hear()
        return ChildGoneError(self._told(death_of(self._process.returncode, bytes(self._tail))))

    def _gone(self, error: str, message: str) -> ChildGoneError:
        """Make the failure of a child that is given up."""
        return ChildGoneError(self._told(ParseFailure(error=error, message=message)))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group; one that has ended already is only waited for.

    The group's id is the child's until it is waited for, so it is nobody else's.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end(process: subprocess.Popen[bytes], folder: ParserFolder) -> None:
    """End a process, close what leads to it, and remove its folder."""
    _kill(process)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    folder.close()
