"""Keeps the actors of a run where they should be, and as many as there should be.

What it goes by is decided in `topology` and `balance`; here the nodes are asked for, and actors are
started and ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from actors.actor_pools import ActorPools
from actors.balance import Balance, Look, Step
from actors.claims import Claims
from actors.events import Events
from actors.flow import Flow
from actors.pulse import Pulse
from actors.topology import COSTS, Ask, Node, Place, missing, placed, within
from actors.workplace import Workplace
from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.stage import STAGES

LOOK_SECONDS = 1.0
NODES_SECONDS = 5.0
WHO = "nodes"
FEWEST = 100
"""So many documents are reckoned with, at least, while a walk may find more."""

logger = logging.getLogger(__name__)


class Balancing:
    """The actors of one run. `costs` are the seconds that a document takes in each stage, by the
    clock, as far as the project knows them.
    """

    def __init__(
        self,
        place: Workplace,
        pools: ActorPools,
        flow: Flow,
        claims: Claims,
        pulse: Pulse,
        events: Events,
    ) -> None:
        self._pools = pools
        self._flow = flow
        self._claims = claims
        self._pulse = pulse
        self._events = events
        self._cores = place.settings.run.cpus
        self._costs: Mapping[StageName, float] = COSTS
        self._moved: Counter[Place] = Counter()
        self._nodes: Sequence[Node] = ()
        self._ask = Ask.of(place.settings, place.waits, place.stages)
        self._balance = Balance(self._ask)
        self._asked = time.monotonic()

    async def start(self, costs: Mapping[StageName, float]) -> list[asyncio.Task[None]]:
        """Start the actors; see `ActorPools.start`."""
        self._costs = {**COSTS, **costs}
        self._nodes = await self._look_for_nodes()
        return await self._pools.start(self._wanted(), self._flow.crew.grow)

    async def keep(self) -> None:
        """Look for ever at the nodes and the stages, and change what is to be changed."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - self._asked >= NODES_SECONDS:
                await self._look_at_nodes()
                self._asked = time.monotonic()
            self._look_at_stages()

    async def _look_at_nodes(self) -> None:
        """Take up nodes that joined, and let go of those that left."""
        before = {node.id for node in self._nodes}
        self._nodes = await self._look_for_nodes()
        here = {node.id for node in self._nodes}
        if here != before:
            self._balance.forget()
        stood = {node for _, node in self._pools.placement}
        for stage, number in self._pools.lose(stood - here):
            self._flow.crew.shrink(stage, number)
        if lack := self._ask.lacks(self._nodes):
            self._pulse.no_answer(TemporaryError(f"no node with {lack} is left"), WHO)
        else:
            self._pulse.answered(WHO)
        more = missing(self._wanted(), self._pools.placement, self._ask)
        for place, count in more.items():
            for _ in range(count):
                self._add(place)

    async def _look_for_nodes(self) -> list[Node]:
        """Ask for the nodes, those that the run already works on first."""
        known = {node.id: number for number, node in enumerate(self._nodes)}
        nodes = await self._pools.nodes()
        return within(
            sorted(nodes, key=lambda x: known.get(x.id, len(known))), self._cores, self._ask
        )

    def _wanted(self) -> Counter[Place]:
        """Say how many actors there should be, at each place."""
        claims = self._claims
        left = claims.total - claims.completed - claims.failed
        wanted = placed(
            self._nodes,
            max(left, FEWEST) if claims.expected.more else left,
            self._costs,
            self._ask,
        )
        here = {node.id for node in self._nodes}
        for place, change in self._moved.items():
            if place[1] in here:
                wanted[place] += change
        return +wanted

    def _look_at_stages(self) -> None:
        """Note what the stages do, and give one that is short of actors another one."""
        busy: Counter[Place] = Counter()
        for stage in STAGES:
            for number in self._flow.at_work(stage):
                if place := self._pools.place_of(stage, number):
                    busy[place] += 1
        placement = self._pools.placement
        self._balance.note(Look(queued=self._flow.queued(), busy=busy), placement)
        if step := self._balance.step(self._nodes, placement):
            self._take(step)

    def _take(self, step: Step) -> None:
        if step.shrink and not self._give_way(step.shrink):
            return
        self._moved[step.grow] += 1
        self._add(step.grow)
        gives = f", and one of {step.shrink[0]} gives way" if step.shrink else ""
        logger.info("the %s stage gets another actor%s", step.grow[0], gives)

    def _give_way(self, place: Place) -> bool:
        """End an actor at a place, if one has no call."""
        if (number := self._idle_at(place)) is None:
            return False
        stage, _ = place
        self._flow.crew.shrink(stage, number)
        self._moved[place] -= 1
        self._events.watch(self._pools.retire(stage, number))
        return True

    def _idle_at(self, place: Place) -> int | None:
        """Find an actor without a call at a place."""
        stage, _ = place
        busy = self._flow.at_work(stage)
        mine = (x for x in self._flow.crew.actors[stage] if self._pools.place_of(stage, x) == place)
        return next((number for number in mine if not busy[number]), None)

    def _add(self, place: Place) -> None:
        self._events.watch(self._pools.add(place, self._flow.crew.grow))
