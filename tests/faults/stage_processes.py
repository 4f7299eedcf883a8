"""Which process works for which stage: the titles that Ray gives to actors do not say it."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "SMALL_STAGE_PROCESSES"
"""A folder in which each process that works for a stage has a file: its id, and the stage."""


def sign_in(stage: str) -> None:
    """Write down that this process works for a stage, where somebody wants to know it."""
    if folder := os.environ.get(FOLDER):
        (Path(folder) / str(os.getpid())).write_text(stage)


def stage_of(folder: Path, pid: int) -> str:
    """Name the stage that a process works for; empty for one that has not said so."""
    file = folder / str(pid)
    return file.read_text() if file.exists() else ""
