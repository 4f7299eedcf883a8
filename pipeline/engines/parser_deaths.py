"""What is told of a parser's child that died: why, as the failure of its file, and its last words.
Pure.
"""

from __future__ import annotations

import signal

from pipeline.engines.parse_request import ParseFailure

MEMORY_WORDS = (b"MemoryError", b"bad_alloc", b"out of memory", b"Cannot allocate memory")
FATAL = b"Fatal Python error"
LONGEST_TAIL, BEFORE_FATAL = 4_096, 512


def tail_of(said: bytes) -> str:
    """Take the end of what it said, from a little before the last that Python itself said on: that
    names the most recent call first.
    """
    start, fatal = len(said) - LONGEST_TAIL, said.rfind(FATAL)
    if fatal >= 0:
        start = min(start, fatal - BEFORE_FATAL)
    start = max(start, 0)
    words = said[start : start + LONGEST_TAIL].decode("utf-8", "replace")
    return words.replace("\x00", "").strip()


def death_of(status: int, tail: bytes) -> ParseFailure:
    """Say why, from how it ended (minus a signal's number) and what it wrote last."""
    if status == -signal.SIGXCPU:
        return ParseFailure(
            error="parser_timeout", message="reading the file takes too much CPU time"
        )
    if any(words in tail for words in MEMORY_WORDS):
        return ParseFailure(
            error="parser_memory",
            message="reading the file takes more memory than limits.parse_memory_bytes allows; "
            "raise it, or split the file",
        )
    if status == -signal.SIGKILL:
        return ParseFailure(
            error="parser_crashed",
            message="the process that read the file was killed (SIGKILL), as a system does that "
            "is short of memory; give this machine more, or run fewer processes on it",
        )
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return ParseFailure(
        error="parser_crashed",
        message=f"the file crashed the process that read it ({how}); open it in its own program "
        "and save it again",
    )
