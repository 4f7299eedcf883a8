"""The process in which strangers' bytes are parsed: `python -m pipeline.engines.parser_child`, with
the folder that it may read from and the one that it may write into.

Takes its limits as the first frame on standard input, then one request a frame, and answers on
what was standard output when it started. Whatever a library prints goes to standard error, which
the parent keeps the end of. Ends when its input does.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pipeline.documents import PageCount, Pages
from pipeline.engines import sandbox
from pipeline.engines.parse_request import (
    LENGTH,
    NO_ROOM,
    Answer,
    ChildLimits,
    Frame,
    ParseFailure,
    ParseRequest,
    frame_bytes,
)
from pipeline.errors import PermanentError, TemporaryError

OUT_OF_MEMORY = 3
"""Exit status after an answer of `parser_memory`: what is left of the heap is not to be used."""

RECURSION_LIMIT = 4_000


def main(readable: str, writable: str) -> int:
    """Answer requests until there are no more; return the exit status."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    first = _read_frame(requests)
    if first is None:
        return 0
    limits = ChildLimits.model_validate_json(first)
    sandbox.enter(limits, Path(readable), Path(writable))
    sys.setrecursionlimit(RECURSION_LIMIT)
    faulthandler.enable()  # says where it was, of one that crashes or is aborted for being late

    def say(frame: Frame) -> None:
        answers.write(frame_bytes(frame.model_dump_json(exclude_defaults=True)))
        answers.flush()
        sandbox.allow_cpu(limits.cpu_seconds)

    say(Frame(kind="ready"))
    while (data := _read_frame(requests)) is not None:
        sandbox.allow_cpu(limits.cpu_seconds)
        answer = parse(
            ParseRequest.model_validate_json(data),
            lambda page=0, count=0: say(Frame(kind="progress", page=page, count=count)),
        )
        if isinstance(answer, Pages):
            say(Frame(kind="pages", pages=answer))
        elif isinstance(answer, PageCount):
            say(Frame(kind="count", count=answer.count))
        else:
            say(Frame(kind="failure", failure=answer))
            if answer.error == "parser_memory":
                return OUT_OF_MEMORY
    return 0


def parse(request: ParseRequest, progress: Callable[..., None]) -> Answer:
    """Read one file; whatever it does to a library becomes an answer."""
    from pipeline.engines.formats.reading import read

    try:
        return read(request, progress)
    except (PermanentError, TemporaryError) as error:
        code = error.code if isinstance(error, PermanentError) else NO_ROOM
        return ParseFailure(error=code, message=on_one_line(str(error)))
    except MemoryError:
        _write_down()
        return ParseFailure(
            error="parser_memory",
            message="reading the file takes more memory than limits.parse_memory_bytes allows; "
            "raise it, or split the file",
        )
    except RecursionError:
        _write_down()
        return ParseFailure(
            error="damaged", message="the file is nested deeper than any real document"
        )
    except Exception as error:  # noqa: BLE001 - a process border: libraries raise what they like
        _write_down()
        if _lacks_a_library(error):
            return _without_library(request, error)
        said = on_one_line(str(error).replace(request.path, request.name))[:300]
        return ParseFailure(
            error="damaged",
            message=f"the file cannot be read as {request.media_type} "
            f"({type(error).__name__}: {said}); open it in its own program and save "
            "it again",
        )


def _write_down() -> None:
    """Write down what was raised and where, as far as there is memory for it."""
    with suppress(MemoryError):
        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()


def _lacks_a_library(error: Exception) -> bool:
    """Say whether a module could not be loaded, also for a file that it may not read."""
    if not isinstance(error, OSError):
        return isinstance(error, ImportError)
    codes = (frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(
        code.co_name == "<module>" or code.co_filename.startswith("<frozen importlib")
        for code in codes
    )


def _without_library(request: ParseRequest, error: Exception) -> ParseFailure:
    return ParseFailure(
        error="parser_library",
        message=f"a library that reads {request.media_type} cannot be loaded "
        f"({on_one_line(str(error))}): the installation is incomplete or lies where the parser "
        "may not read, or limits.parse_memory_bytes is too small for it",
    )


def on_one_line(words: str) -> str:
    """Write a message on one line: libraries say some on several."""
    return " ".join(words.split())


def _read_frame(stream: BinaryIO) -> bytes | None:
    """Read a frame's bytes; None at the end of the input."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
