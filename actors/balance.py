"""When a stage that is at work needs another actor: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from actors.topology import (
    MEMORY,
    NOTHING_ASKED,
    Ask,
    Node,
    Place,
    Placement,
    bytes_of,
    of_stage,
)
from pipeline.documents import StageName, Value
from pipeline.stage import STAGES

LOOKS = 10
"""How many looks in a row have to show the same before anything is changed."""
IDLE_LOOKS = 60
"""How many looks an actor has done nothing for when it may give way to another one."""


class Look(Value):
    """What the stages did at one moment: how many contents were `queued` for each, and how many
    actors of each worked at each place.
    """

    queued: Mapping[StageName, int]
    busy: Mapping[Place, int]


class Step(Value):
    """One change: an actor more at `grow`, and one less at `shrink` where it has to give way."""

    grow: Place
    shrink: Place | None = None


@dataclass
class Balance:
    """Looks at the stages while they work, and says when one needs another actor.

    A stage is short of actors where all it has are at work and more waits for them, look after
    look, while cores stand idle. Where all cores are at work, another actor would only share them;
    where nothing waits, it would have nothing to do. So one that is given is needed, none is given
    twice for one need, as all looks are forgotten with each step, and one that stands idle is left
    alone until its memory is needed.
    """

    ask: Ask = NOTHING_ASKED
    _looks: list[Look] = field(default_factory=list)
    _resting: Counter[Place] = field(default_factory=Counter)

    def forget(self) -> None:
        """Forget what was seen: it was seen of other nodes."""
        self._looks.clear()
        self._resting.clear()

    def note(self, look: Look, placement: Placement) -> None:
        """Take in what was seen."""
        self._looks = [*self._looks[-(LOOKS - 1) :], look]
        for place, count in placement.items():
            idle = look.busy.get(place, 0) < count and not look.queued[place[0]]
            self._resting[place] = self._resting[place] + 1 if idle else 0

    def step(self, nodes: Sequence[Node], placement: Placement) -> Step | None:
        """Say what is to be changed; None for nothing."""
        if len(self._looks) < LOOKS:
            return None
        short = [stage for stage in STAGES if self._is_short(stage, placement)]
        for stage in sorted(short, key=lambda x: -self._looks[-1].queued[x]):
            for node in sorted(self.ask.allowed(nodes)[stage], key=self._idle_cores, reverse=True):
                if self._idle_cores(node) < 1:
                    break
                if step := self._at(stage, node, placement):
                    self.forget()
                    return step
        return None

    def _is_short(self, stage: StageName, placement: Placement) -> bool:
        if self.ask.is_steady(stage):
            return False
        count = of_stage(stage, placement)
        return all(
            look.queued[stage] and of_stage(stage, look.busy) >= count for look in self._looks
        )

    def _idle_cores(self, node: Node) -> float:
        """Say how many cores of a node nothing ran on, on average."""
        busy = sum(
            count
            for look in self._looks
            for (stage, at), count in look.busy.items()
            if at == node.id and stage not in self.ask.waits
        )
        return node.cores - busy / len(self._looks)

    def _at(self, stage: StageName, node: Node, placement: Placement) -> Step | None:
        """Find room for an actor on a node: what is free, or what an idle one gives up."""
        here = {of: count for (of, at), count in placement.items() if at == node.id}
        free = node.memory - bytes_of(here)
        if free >= MEMORY[stage]:
            return Step(grow=(stage, node.id))
        for of, count in here.items():
            place = of, node.id
            enough = free + MEMORY[of] >= MEMORY[stage]
            rested = self._resting[place] >= IDLE_LOOKS
            if not self.ask.is_steady(of) and of != stage and count > 1 and rested and enough:
                return Step(grow=(stage, node.id), shrink=place)
        return None
