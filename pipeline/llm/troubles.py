"""What a person is told of answers that could not be used: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def summed(counts: Iterable[Mapping[Any, int]]) -> dict[str, int]:
    """Add up what was dropped, by the word for why."""
    total: Counter[str] = Counter()
    for some in counts:
        total.update({str(why): number for why, number in some.items()})
    return dict(sorted(total.items()))


def troubles(given: Sequence[str]) -> tuple[str, ...]:
    """Say how many of a document's chunks were read without the language model, and why; `given`
    are the words for why, empty for a chunk that it has read.
    """
    why = Counter(trouble for trouble in given if trouble)
    if not why:
        return ()
    said = ", ".join(f"{word} {number}" for word, number in sorted(why.items()))
    sentence = (
        f"{why.total()} of {len(given)} chunks were read without the language model, which gave no "
        f"answer that can be used ({said})"
    )
    return (sentence,)
