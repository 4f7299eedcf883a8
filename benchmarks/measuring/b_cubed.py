"""B-cubed: how well two ways of grouping the same things agree, and where they do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple


class Agreement(NamedTuple):
    """Of all things, on average: which share of those grouped with it belong to it (precision),
    and which share of those that belong to it are grouped with it (recall).
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Give the harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


class Fault(NamedTuple):
    """A group whose things lie in several groups of the other way; `loss` is what it takes off
    the sum over all things. `parts` are the places of its things in the sequence, largest first.
    """

    loss: float
    group: Hashable
    parts: list[list[int]]


def agreement(true: Sequence[Hashable], guessed: Sequence[Hashable]) -> Agreement:
    """Compare the groups of things, given for each thing its true and its guessed group."""
    both = Counter(zip(true, guessed, strict=True))
    of_true, of_guess = Counter(true), Counter(guessed)
    precision = sum(count * count / of_guess[guess] for (_, guess), count in both.items())
    recall = sum(count * count / of_true[one] for (one, _), count in both.items())
    total = max(len(true), 1)
    return Agreement(precision / total, recall / total)


def faults(groups: Sequence[Hashable], other: Sequence[Hashable]) -> Iterator[Fault]:
    """Yield the groups that the other way splits, the costliest first."""
    parts: dict[Hashable, dict[Hashable, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (group, part) in enumerate(zip(groups, other, strict=True)):
        parts[group][part].append(place)
    found = []
    for group, split in parts.items():
        sizes = [len(places) for places in split.values()]
        loss = sum(sizes) - sum(size * size for size in sizes) / sum(sizes)
        if loss:
            ordered = sorted(split.values(), key=lambda places: (-len(places), places))
            found.append(Fault(loss, group, ordered))
    yield from sorted(found, key=lambda fault: (-fault.loss, fault.parts))
