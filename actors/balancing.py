"""Keeps the actors of a run where they should be, and as many as there should be.

What it goes by is decided in `topology` and `balance`; here the nodes are asked for, and actors are
started and ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from actors.actor_pools import ActorPools
from actors.balance import Balance, Look, Step
from actors.claims import Claims
from actors.events import Events
from actors.flow import Flow
from actors.hosted_actor import NoStartError
from actors.mode import Mode
from actors.pulse import NODES, Pulse
from actors.topology import COSTS, Ask, Node, Place, missing, of_stage, placed, within
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import StoppedWaitingError, TemporaryError
from pipeline.patience import Stopping, never
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES

LOOK_SECONDS = 1.0
NODES_SECONDS = 5.0
UNFIT_SECONDS = 300.0
"""For so long none is started again at a place where one could not be."""
FEWEST = 100
"""So many documents are reckoned with, at least, while a walk may find more."""

logger = logging.getLogger(__name__)


class Balancing:
    """The actors of one run. `costs` are the CPU seconds that a document has taken in each stage,
    as far as the project knows them.
    """

    def __init__(
        self,
        place: Workplace,
        pools: ActorPools,
        flow: Flow,
        claims: Claims,
        mode: Mode,
        pulse: Pulse,
        events: Events,
        stopping: Stopping = never,
    ) -> None:
        self._pools = pools
        self._mode = mode
        self._flow = flow
        self._claims = claims
        self._pulse = pulse
        self._events = events
        self._stopping = stopping
        self._stages = frozenset(place.stages)
        self._cores = place.settings.run.cpus
        self._costs: Mapping[StageName, float] = COSTS
        self._moved: Counter[Place] = Counter()
        self._unfit: dict[Place, float] = {}
        self._nodes: Sequence[Node] = ()
        self._ask = Ask.of(place.settings, place.waits, place.stages)
        self._balance = Balance(self._ask)
        self._asked = time.monotonic()

    async def start(self, costs: Mapping[StageName, float]) -> None:
        """Start the actors, and wait until one of each stage has loaded its models; the others come
        when they have. Raises NoStartError for a stage of which none can be started, and
        StoppedWaitingError if the run is to stop meanwhile: nothing is begun yet.
        """
        self._costs = {**COSTS, **costs}
        self._nodes = await self._look_for_nodes()
        works: list[Coroutine[Any, Any, None]] = [self._pools.open()]
        for place, count in sorted(self._wanted().items()):
            works += [self._growth(place) for _ in range(count)]
        tasks = [asyncio.create_task(work) for work in works]
        self._events.watch_tasks(tasks)
        # A node that is lost meanwhile takes its actors along; they come when another one joins.
        while left := [task for task in tasks if not task.done()]:
            if tasks[0].done() and all(self._flow.crew.actors[stage] for stage in self._stages):
                return
            await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED, timeout=LOOK_SECONDS)
            self._events.check()
            if self._stopping():
                raise StoppedWaitingError("stopped while its processes were loading their models")

    def bear(self, stage: StageName, node: str, why: NoStartError) -> bool:
        """Hear that an actor could not be started on a node, or not again; say whether its stage
        has another one, or gets one elsewhere. No other is tried there for a while.
        """
        self._unfit[stage, node] = time.monotonic() + UNFIT_SECONDS
        self._asks()
        if not self._fill_up(stage) and not of_stage(stage, self._pools.placement):
            return False
        logger.warning("%s; the run goes on without it", why)
        return True

    async def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Ask what the bytes of sources are, as the pools do, and go on without a reader that
        cannot be started again: that is a TemporaryError. NoStartError if its stage has no other.
        """
        try:
            return await self._pools.identify(sources)
        except NoStartError as error:
            crew, stage = self._flow.crew, StageName.OCR
            gone = [x for x in crew.actors[stage] if self._pools.place_of(stage, x) is None]
            for number in gone:
                self._let_go(stage, number)
            borne = [self.bear(stage, crew.node_of(stage, number), error) for number in gone]
            if not all(borne):
                raise
            raise TemporaryError(str(error)) from error

    def _asks(self) -> None:
        """Ask for no actor where one could not be started lately."""
        now = time.monotonic()
        self._unfit = {place: until for place, until in self._unfit.items() if until > now}
        self._ask = self._ask.model_copy(update={"unfit": frozenset(self._unfit)})
        self._balance.ask = self._ask

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
        self._asks()
        before = {node.id for node in self._nodes}
        self._nodes = await self._look_for_nodes()
        here = {node.id for node in self._nodes}
        if here != before:
            self._balance.forget()
        stood = {node for _, node in self._pools.placement}
        for stage, number in self._pools.lose(stood - here):
            self._let_go(stage, number)
        if lack := self._ask.lacks(self._nodes):
            self._pulse.no_answer(TemporaryError(f"no node with {lack} is left"), NODES)
        else:
            self._pulse.answered(NODES)
        self._fill_up(*STAGES)

    def _fill_up(self, *stages: StageName) -> int:
        """Start the actors that these stages lack, and count them."""
        lack = missing(self._wanted(), self._pools.placement, self._ask)
        places = [place for place in lack.elements() if place[0] in stages]
        self._events.watch(*(self._growth(place) for place in places))
        return len(places)

    def _let_go(self, stage: StageName, number: int) -> None:
        """Give an actor no more calls, and think no more of what it said."""
        self._flow.crew.shrink(stage, number)
        self._mode.forget(stage, number)

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
            if place[1] in here and place not in self._unfit:
                wanted[place] += change
        return Counter({x: n for x, n in (+wanted).items() if x[0] in self._stages})

    def _look_at_stages(self) -> None:
        """Note what the stages do, and give one that is short of actors another one."""
        busy: Counter[Place] = Counter()
        for stage in STAGES:
            for number in self._flow.crew.busy(stage):
                if place := self._pools.place_of(stage, number):
                    busy[place] += 1
        placement, queued, first = self._pools.placement, dict(self._flow.queued()), STAGES[0]
        # No more is claimed of what takes long than the first stage is at; so what waits for that
        # is not here. How much it is says nothing beside the queues of other stages; and where one
        # of its actors has nothing to do, it is not for this stage that no more is claimed.
        if of_stage(first, busy) >= of_stage(first, placement):
            queued[first] += self._claims.unclaimed > 0
        self._balance.note(Look(queued=queued, busy=busy), placement)
        if step := self._balance.step(self._nodes, placement):
            self._take(step)

    def _take(self, step: Step) -> None:
        if step.shrink and not self._give_way(step.shrink):
            return
        self._moved[step.grow] += 1
        self._events.watch(self._growth(step.grow))
        gives = f", and one of {step.shrink[0]} gives way" if step.shrink else ""
        logger.info("the %s stage gets another actor%s", step.grow[0], gives)

    def _give_way(self, place: Place) -> bool:
        """End an actor at a place, if one has no call."""
        if (number := self._idle_at(place)) is None:
            return False
        stage, _ = place
        self._let_go(stage, number)
        self._moved[place] -= 1
        self._events.watch(self._pools.retire(stage, number))
        return True

    def _idle_at(self, place: Place) -> int | None:
        """Find an actor without a call at a place."""
        stage, _ = place
        busy = self._flow.crew.busy(stage)
        mine = (x for x in self._flow.crew.actors[stage] if self._pools.place_of(stage, x) == place)
        return next((number for number in mine if not busy[number]), None)

    def _growth(self, place: Place) -> Coroutine[Any, Any, None]:
        """Have one actor more at a place from now on, or do without it. Raises NoStartError where
        its stage has no other.
        """
        return self._borne(place, self._pools.add(place, self._flow.crew.grow))

    async def _borne(self, place: Place, adding: Coroutine[Any, Any, None]) -> None:
        try:
            await adding
        except NoStartError as error:
            if not self.bear(*place, error):
                raise
