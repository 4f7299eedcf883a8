"""Numbers of things, as a person reads them. Pure."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """Write a number of things."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
