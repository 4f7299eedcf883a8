"""Asking a run to stop, from a signal handler or another thread."""

from dataclasses import dataclass


@dataclass
class Stop:
    """Whether the user asked to stop."""

    asked: bool = False
