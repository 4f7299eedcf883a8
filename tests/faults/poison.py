"""Texts that a stage does not survive: each does to the process for real what it says."""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.documents import Chunks, Pages, Source, StageName


def _raise() -> None:
    raise ValueError("nobody can read this")


def _spin() -> None:
    while True:
        pass


def _eat() -> None:
    eaten = []
    while True:
        eaten.append(bytes(1 << 20))


KINDS: Mapping[str, Callable[[], object]] = {
    "raises": _raise,
    "exits": lambda: os._exit(11),
    "crashes": lambda: ctypes.string_at(0),
    "spins": _spin,
    # In C, and with the interpreter held.
    "backtracks": lambda: re.match(r"(a+)+$", "a" * 60 + "b"),
    "sleeps": lambda: time.sleep(1e6),
    "eats": _eat,
}
ERRORS = {
    "raises": "stage_raised", "exits": "worker_died", "crashes": "worker_died",
    "spins": "stage_timeout", "backtracks": "stage_timeout", "sleeps": "stage_timeout",
    "eats": "stage_memory",
}  # fmt: skip
WORDS = {
    "raises": "nobody can read this", "exits": "", "crashes": "string_at",
    "spins": "_spin", "backtracks": "re/__init__.py", "sleeps": "poison.py", "eats": "_eat",
}  # fmt: skip
"""What the last words of each tell."""
TAKEN = "POISON_TAKEN"
"""A file in which the kind is written down each time that a stage comes to such a text."""
DOSE = re.compile(r"poison: (\w+) (\w+)")


def dose(stage: StageName, kind: str) -> str:
    """Write the text on which a stage comes to such an end."""
    return f"poison: {stage} {kind}"


def taken(stage: StageName, text: str) -> None:
    """Come to the end that a text has for a stage, if it has one."""
    for for_stage, kind in DOSE.findall(text):
        if for_stage == stage:
            if log := os.environ.get(TAKEN):
                with Path(log).open("a") as file:
                    file.write(f"{kind}\n")
            KINDS[kind]()


def text_of(value: object) -> str:
    """Read the text in a stage's input."""
    if isinstance(value, Source):
        return Path(value.path).read_text("utf-8")
    if isinstance(value, Pages):
        return value.text
    chunks = value if isinstance(value, Chunks) else getattr(value, "chunks", None)
    assert isinstance(chunks, Chunks)
    return "\n".join(chunk.text for chunk in chunks.chunks)
