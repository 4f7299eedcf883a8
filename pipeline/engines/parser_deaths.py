"""What is told of a parser's child that died by itself: why, as the failure of its file. Pure."""

from __future__ import annotations

import signal

from pipeline.engines.parse_request import ParseFailure

MEMORY_WORDS = (b"MemoryError", b"bad_alloc", b"out of memory", b"Cannot allocate memory")


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
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return ParseFailure(
        error="parser_crashed",
        message=f"the file crashed the process that read it ({how}); open it in its own program "
        "and save it again",
    )
