"""The actors that a run has at this moment, and which of them gets the next call. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actors.calls import Call
from actors.items import Item
from pipeline.documents import StageName
from pipeline.stage import STAGES

SLOTS = 2


@dataclass
class Crew:
    """The numbers of the actors that each stage has. `waits` says how many calls at once, each with
    one content, an actor takes that waits for a language model; one that computes has the next call
    at hand while it works on the last.
    """

    actors: dict[StageName, set[int]] = field(default_factory=lambda: {x: set() for x in STAGES})
    waits: Mapping[StageName, int] = field(default_factory=dict)

    def grow(self, stage: StageName, actor: int) -> None:
        """Give a stage one more actor, under a number that it never had before."""
        self.actors[stage].add(actor)

    def shrink(self, stage: StageName, actor: int) -> None:
        """Give an actor no more calls; those that it has go on."""
        self.actors[stage].discard(actor)

    def slots(self) -> dict[StageName, int]:
        """Count the calls that all actors of each stage may have."""
        return {stage: self._slots(stage) * len(numbers) for stage, numbers in self.actors.items()}

    @property
    def at_once(self) -> int:
        """Count the contents that all actors together can take up without a queue."""
        return sum(self.slots().values())

    @property
    def at_first(self) -> int:
        """Count those that the actors of the first stage can."""
        return self.slots()[STAGES[0]]

    def at_work(self) -> dict[StageName, int]:
        """Count the contents that the actors of each stage work on at once."""
        return {stage: len(x) * self.waits.get(stage, 1) for stage, x in self.actors.items()}

    def freest(self, stage: StageName, calls: Iterable[Call], first: Item) -> int | None:
        """Find the actor with the fewest of all calls for what is next, if it has a free slot.

        A suspect gets an actor that has no other call, and that gets none meanwhile, but for those
        of other suspects within its company: a death takes all calls of its actor along, and nobody
        must be blamed for another's.
        """
        load = dict.fromkeys(sorted(self.actors[stage]), 0)
        most = self._slots(stage)
        for call in calls:
            if call.stage == stage and call.actor in load:
                same = call.suspect == first.alone
                load[call.actor] += self._weight(stage, call) if same else most
        if not load:
            return None
        least = min(load, key=load.__getitem__)
        more = math.ceil(most / first.company) if first.alone else 1
        return least if load[least] + more <= most else None

    def _slots(self, stage: StageName) -> int:
        """Count the calls that an actor of a stage may have."""
        return self.waits.get(stage, SLOTS)

    def _weight(self, stage: StageName, call: Call) -> int:
        """Say how many slots of an actor a call takes."""
        return math.ceil(self._slots(stage) / call.company) if call.suspect else 1
