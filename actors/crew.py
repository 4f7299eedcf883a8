"""The actors that a run has at this moment, the calls they have, and who gets the next one. Pure.

What is asked for every call takes the same time however many actors there are; only what has failed
somewhere is looked at among all of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.calls import Call
from actors.items import Item
from pipeline.documents import StageName
from pipeline.stage import STAGES

SLOTS = 2

Post = tuple[StageName, int]
"""An actor: its stage, and the number that it alone has there."""


@dataclass
class Crew:
    """The numbers of the actors that each stage has. `waits` says how many calls at once, each with
    one content, an actor takes that waits for a language model; one that computes has the next call
    at hand while it works on the last. `nodes` says where actors stand, as far as that is known.
    """

    actors: dict[StageName, set[int]] = field(default_factory=lambda: {x: set() for x in STAGES})
    waits: Mapping[StageName, int] = field(default_factory=dict)
    nodes: dict[Post, str] = field(default_factory=dict)
    _calls: dict[StageName, dict[int, list[Call]]] = field(
        default_factory=lambda: {x: {} for x in STAGES}
    )
    _by_load: dict[StageName, dict[int, dict[int, None]]] = field(init=False)
    _failing: dict[StageName, set[int]] = field(
        default_factory=lambda: {stage: set() for stage in STAGES}
    )

    def __post_init__(self) -> None:
        self._by_load = {stage: {} for stage in STAGES}
        for stage, numbers in self.actors.items():
            for actor in sorted(numbers):
                self._by_load[stage].setdefault(0, {})[actor] = None

    def grow(self, stage: StageName, actor: int, node: str = "") -> None:
        """Give a stage one more actor, under a number that it never had before."""
        self.actors[stage].add(actor)
        self.nodes[stage, actor] = node
        self._by_load[stage].setdefault(0, {})[actor] = None

    def shrink(self, stage: StageName, actor: int) -> None:
        """Give an actor no more calls; those that it has go on."""
        self._by_load[stage].get(self._load(stage, actor), {}).pop(actor, None)
        self._failing[stage].discard(actor)
        self.actors[stage].discard(actor)

    def take(self, call: Call) -> None:
        """Hear that an actor has a call."""
        mine = self._calls[call.stage].get(call.actor, [])
        self._now_has(call.stage, call.actor, [*mine, call])

    def done(self, call: Call) -> None:
        """Hear that a call is over, however it ended. Raises ValueError for one that is over."""
        mine = list(self._calls[call.stage].get(call.actor, ()))
        mine.remove(call)
        self._now_has(call.stage, call.actor, mine)

    def _now_has(self, stage: StageName, actor: int, calls: list[Call]) -> None:
        before = self._load(stage, actor)
        if calls:
            self._calls[stage][actor] = calls
        else:
            self._calls[stage].pop(actor, None)
        if actor in self.actors[stage]:
            del self._by_load[stage][before][actor]
            self._by_load[stage].setdefault(self._load(stage, actor), {})[actor] = None

    def failing(self, stage: StageName, actor: int, *, now: bool = True) -> None:
        """Hear that an actor gave no answer, or that it did and is not failing `now`."""
        if now and actor in self.actors[stage]:
            self._failing[stage].add(actor)
        else:
            self._failing[stage].discard(actor)

    def is_failing(self, stage: StageName, actor: int) -> bool:
        """Say whether an actor gave no answer the last time."""
        return actor in self._failing[stage]

    def node_of(self, stage: StageName, actor: int) -> str:
        """Say where an actor stands, or stood; empty where that is not known."""
        return self.nodes.get((stage, actor), "")

    def elsewhere(self, stage: StageName, nodes: set[str]) -> set[int]:
        """Name the actors of a stage that stand on none of these nodes."""
        return {x for x in self.actors[stage] if self.node_of(stage, x) not in nodes}

    def convicts(self, stage: StageName, item: Item, blames: int) -> bool:
        """Say whether an item is to blame: it was alone `blames` times with what was lost, and on
        more than one node, where the stage has another.
        """
        nodes = set(item.blamed_on)
        if len(item.blamed_on) < max(blames, 1):
            return False
        return len(nodes) > 1 or not self.elsewhere(stage, nodes)

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

    def busy(self, stage: StageName) -> Counter[int]:
        """Count the calls that each actor of a stage has, also one that gets no more of them."""
        return Counter({actor: len(calls) for actor, calls in self._calls[stage].items()})

    def freest(self, stage: StageName, first: Item) -> int | None:
        """Find the actor with the fewest of all calls for what is next, if it has a free slot; of
        several, the one that had no other for the longest time.

        A suspect gets an actor that has no other call, and that gets none meanwhile, but for those
        of other suspects within its company: a death takes all calls of its actor along, and nobody
        must be blamed for another's. What has failed somewhere goes elsewhere if it can, since it
        may have been the actor's fault, or its node's; and who gave no answer the last time gets
        only what nobody else has a slot for, one at a time.
        """
        if first.alone or first.tried or self._failing[stage]:
            return self._freest_for(stage, first)
        for load in range(self._slots(stage)):
            for actor in self._by_load[stage].get(load, ()):
                return actor
        return None

    def _freest_for(self, stage: StageName, first: Item) -> int | None:
        """Find it among all actors, for what has failed somewhere or where somebody fails."""
        most = self._slots(stage)
        more = math.ceil(most / first.company) if first.alone else 1
        among = self.elsewhere(stage, set(first.blamed_on)) or self.actors[stage]
        loads = {x: self._load(stage, x, alone=first.alone) for x in sorted(among)}
        if not first.alone:
            loads |= {x: loads[x] + most - 1 for x in self._failing[stage] & among}
        tried = {self.node_of(stage, actor) for actor in first.tried}

        def rank(actor: int) -> tuple[bool, bool, bool, int]:
            on_tried = self.node_of(stage, actor) in tried
            return actor in self._failing[stage], on_tried, actor in first.tried, loads[actor]

        free = [actor for actor, load in loads.items() if load + more <= most]
        return min(free, key=rank, default=None)

    def _slots(self, stage: StageName) -> int:
        """Count the calls that an actor of a stage may have."""
        return self.waits.get(stage, SLOTS)

    def _load(self, stage: StageName, actor: int, *, alone: bool = False) -> int:
        """Count the slots of an actor that are taken for a content, one that is `alone` or not."""
        most = self._slots(stage)
        calls = self._calls[stage].get(actor, ())
        taken = [self._weight(stage, x) if x.suspect == alone else most for x in calls]
        return min(sum(taken), most)

    def _weight(self, stage: StageName, call: Call) -> int:
        """Say how many slots of an actor a call takes."""
        return math.ceil(self._slots(stage) / call.company) if call.suspect else 1
