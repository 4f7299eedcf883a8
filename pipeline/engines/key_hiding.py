"""Keeps the key of an endpoint out of what is shown or kept: pure.

Providers repeat a key in their errors, whole or with stars in its middle, and a proxy may send back
what it was sent.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

HIDDEN = "***"
SHARED = 6
"""A word with so many letters of the key in a row is taken for a part of it."""
LAST = 4
"""So many letters at its end are what most show of it, beside its beginning."""
SHORTEST_KEY = 8
"""What is shorter is a local server's "none" rather than a secret."""


class KeyHiding:
    """Hides one key. Its parts are no part of its `repr`."""

    def __init__(self, key: str) -> None:
        self._key = key if len(key) >= SHORTEST_KEY else ""
        self._forms = [self._key, *_in_base64(self._key)] if self._key else []
        self._parts = {part for form in self._forms for part in _runs(form.lower(), SHARED)}
        self._ends = self._key[-LAST:].lower()

    def in_line(self, text: str) -> str:
        """Write a message as one line, each word hidden that has something of the key."""
        plain = "".join(char if char.isprintable() else " " for char in text)
        return " ".join(HIDDEN if self._tells(word.lower()) else word for word in plain.split())

    def in_answer(self, text: str) -> str:
        """Hide the key where it stands whole, also in Base64; all else is left as it is."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text

    def _tells(self, word: str) -> bool:
        if not self._key:
            return False
        return self._ends in word or not self._parts.isdisjoint(_runs(word, SHARED))


def _runs(text: str, length: int) -> Iterator[str]:
    """Give each run of so many letters."""
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _in_base64(key: str) -> Iterator[str]:
    """Write a key as Base64 has it, for each place among the three bytes of a group at which it may
    begin; what depends on its neighbours is left out.
    """
    for before in range(3):
        written = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        yield written[-(-before * 4 // 3) + (before > 0) : -1]
