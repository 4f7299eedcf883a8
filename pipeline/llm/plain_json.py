"""JSON of strangers: nothing is guessed."""

from __future__ import annotations

from typing import Any


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, as `object_pairs_hook`. Raises ValueError for one that says two things under
    one name: which of them counts is a guess.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in an object twice; remove one")
    return found
