"""What a document costs in a run that was watched: pure functions of what was seen.

Only what a run does once it is going counts: from when a fifth of the documents are made until its
end. By then all actors have loaded, so starting up is in no figure, and a short run can be compared
with a long one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from measuring.watched import COORDINATOR, PERSISTENCE, POSTGRES, RAY, REGISTRY, STAGES, Look
from pipeline.stage import STAGES as ALL_STAGES

STEADY_FROM = 0.2
POINTS = 20
LATER = frozenset({PERSISTENCE, REGISTRY, POSTGRES})
"""Who works on a document when its stages are done: for these, documents are counted when they are
persisted."""
LAYER = (STAGES, COORDINATOR, RAY)
"""Whose work would not be there, or less, if the stages were called in one process."""


@dataclass(frozen=True)
class Shown:
    """What a run said of itself at one moment: how many documents its stages have made, each stage
    a fifth of one; how many are persisted; and how many at least were between their first stage and
    their last.
    """

    at: float
    made: float
    persisted: int
    under_way: int


@dataclass(frozen=True)
class Story:
    """A run from its first call of a stage to its end, as it showed itself and as it was seen."""

    shown: Sequence[Shown]
    looks: Sequence[Look]
    documents: int

    def seconds_per_document(self) -> dict[str, float]:
        """Say how much CPU time each role takes for a document, most first."""
        costs = {}
        for role in {role for look in self.looks for role in look.cpu}:
            begin = self._when(_persisted if role in LATER else _made, STEADY_FROM)
            taken = [(look.at, look.cpu.get(role, 0.0)) for look in self.looks]
            seconds = _at(self.shown[-1].at, taken) - _at(begin, taken)
            costs[role] = seconds / (self.documents * (1 - STEADY_FROM))
        return dict(sorted(costs.items(), key=lambda item: -item[1]))

    def memory(self, role: str | None = None) -> list[int]:
        """Give the memory of a role, or of all, in bytes, at points evenly spread over the time in
        which the stages work.
        """
        begin, end = self._working()
        sizes = [
            (look.at, float(look.own.get(role, 0) if role else sum(look.own.values())))
            for look in self.looks
        ]
        step = (end - begin) / (POINTS - 1)
        return [round(_at(begin + step * number, sizes)) for number in range(POINTS)]

    def highest(self) -> int:
        """Give the most memory that all had together in that time, in bytes."""
        begin, end = self._working()
        sums = [sum(look.own.values()) for look in self.looks if begin <= look.at <= end]
        return max([*sums, *self.memory()])

    def most_under_way(self) -> int:
        """Count the documents that were on their way at once, at least."""
        return max(one.under_way for one in self.shown)

    def _working(self) -> tuple[float, float]:
        """Say from when until when the stages are at work."""
        return self._when(_made, STEADY_FROM), self._when(_made, 1.0)

    def _when(self, count: Callable[[Shown], float], share: float) -> float:
        """Say when such a share of the documents was done, by such a count."""
        wanted = share * self.documents
        for before, after in pairwise(self.shown):
            if count(before) < wanted <= count(after):
                gone = (wanted - count(before)) / (count(after) - count(before))
                return before.at + gone * (after.at - before.at)
        ends = self.shown[0], self.shown[-1]
        return ends[count(ends[0]) < wanted].at


def _made(shown: Shown) -> float:
    return shown.made


def _persisted(shown: Shown) -> float:
    return shown.persisted


def _at(moment: float, series: Sequence[tuple[float, float]]) -> float:
    """Read a series at a moment, between two of its points if need be."""
    if moment <= series[0][0]:
        return series[0][1]
    for (before, low), (after, high) in pairwise(series):
        if moment <= after:
            return low + (high - low) * (moment - before) / (after - before)
    return series[-1][1]


def read_shown(lines: Iterable[str]) -> list[Shown]:
    """Read the snapshots of a run that were written down, those of its coordinator."""
    snapshots = [json.loads(line) for line in lines]
    return [_shown(one) for one in snapshots if one["seconds"] > 0]


def _shown(snapshot: Mapping[str, Any]) -> Shown:
    done, queued = snapshot["done"], snapshot["queued"]
    first, last = ALL_STAGES[0], ALL_STAGES[-1]
    return Shown(
        at=snapshot["at"],
        made=sum(done.values()) / len(ALL_STAGES),
        persisted=snapshot["completed"],
        under_way=queued.get(first, 0) + done.get(first, 0) - done.get(last, 0),
    )


def layer(per_document: Mapping[str, float], fused: float, work: float) -> dict[str, float]:
    """Say what Ray's layer takes for a document beyond the same stages in one process on the same
    stores, in seconds of CPU, and as a share of the work that the stages do.
    """
    more = sum(per_document.get(role, 0.0) for role in LAYER) - fused
    return {"seconds_per_document": more, "share_of_work": more / work}


def shares(looks: Sequence[Look], begin: float, end: float) -> dict[str, float]:
    """Say what share of a core each role took from one moment to another."""
    found = {}
    for role in {role for look in looks for role in look.cpu}:
        taken = [(look.at, look.cpu.get(role, 0.0)) for look in looks]
        found[role] = (_at(end, taken) - _at(begin, taken)) / (end - begin)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
