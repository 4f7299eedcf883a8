"""Decides what runs next, and nothing else: no Ray, no clock, no store.

A `Flow` holds the contents in flight. The coordinator tells it what happened and carries out the
calls it asks for. Each content is in exactly one place: ready for a stage, in a call, in ranges of
pages that each are ready or in a call, adrift (an input is gone, and where its chain stands, or
another source, has to be looked up), or processed and waiting to be published.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from actors.calls import Call, Outcome, Task
from actors.crew import Crew
from actors.items import Blame, Item, batch_of
from actors.ranges import Ranges
from actors.speeds import Speeds
from pipeline.documents import DocumentFailure, StageName
from pipeline.sources import Located
from pipeline.stage import STAGES, Chain

CALL_BYTES = 16 << 20
LOSSES = 2
UNREADABLE = 3


@dataclass
class Flow:
    """The contents in flight of one run, which `crew` works on. One that is blamed for `blames`
    calls that gave no answer is given up.
    """

    crew: Crew = field(default_factory=Crew)
    blames: int = 2
    speeds: Speeds = field(default_factory=Speeds)
    ranges: Ranges = field(default_factory=Ranges)
    _items: dict[str, Item] = field(default_factory=dict)
    _ready: dict[StageName, deque[str]] = field(
        default_factory=lambda: {stage: deque() for stage in STAGES}
    )
    _unread: set[str] = field(default_factory=set)
    _processed: set[str] = field(default_factory=set)
    _fresh: set[str] = field(default_factory=set)
    _adrift: set[str] = field(default_factory=set)
    _number: int = 0
    _in_ranges: int = 0
    unprocessed_bytes: int = 0
    done: dict[StageName, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))

    def __contains__(self, content_id: str) -> bool:
        return content_id in self._items

    @property
    def in_flight(self) -> int:
        """Count the contents that are not published yet."""
        return len(self._items) - self._in_ranges

    @property
    def unprocessed(self) -> int:
        """Count the contents that a stage has still to work on."""
        return self.in_flight - len(self._processed)

    @property
    def processed(self) -> frozenset[str]:
        """Name the contents that wait to be published."""
        return frozenset(self._processed)

    def newly_processed(self) -> frozenset[str]:
        """Name those of them that this has not named before."""
        fresh, self._fresh = frozenset(self._fresh), set()
        return fresh

    @property
    def adrift(self) -> frozenset[str]:
        """Name the contents of which an input is gone: `reread` those whose source was not what it
        should be, or `forget` them, and `resume` the others.
        """
        return frozenset(self._adrift)

    def could_do(self, stages: Collection[StageName] = STAGES) -> float:
        """Say how many contents a second these stages get through if they never wait for work."""
        return self.speeds.could_do(self.crew.at_work(), stages)

    @property
    def unread(self) -> int:
        """Count the contents that have not gone through the first stage."""
        return len(self._unread)

    def queued(self) -> dict[StageName, int]:
        """Count the contents that wait for each stage."""
        return {stage: len(queue) for stage, queue in self._ready.items()}

    def resting(self) -> frozenset[StageName]:
        """Name the stages that work on nothing and for which nothing waits."""
        return frozenset(x for x in STAGES if not self._ready[x] and not self.crew.busy(x))

    def add(self, task: Task) -> None:
        """Take in a content at the first gap of its chain; one that is in flight stays put."""
        if task.content_id in self._items:
            return
        self._items[task.content_id] = Item(task)
        self.unprocessed_bytes += task.identified.size
        self._enqueue(task.content_id)

    def resume(self, content_id: str, chain: Chain) -> None:
        """Send a content that is adrift back to the first gap of what PostgreSQL has of it.

        Nobody is to blame, however often; but what keeps getting lost is made durable. What was
        made anew and cannot be read each time is given up: its stage makes it so.
        """
        if content_id in self._adrift:
            item = self._items[content_id]
            self._go_on(content_id, item.task.at(chain, durable=item.lost_inputs >= LOSSES))

    def reread(self, content_id: str, document_id: str, located: Located) -> None:
        """Let a content that is adrift go on with the source of another document."""
        if content_id in self._adrift:
            self._go_on(content_id, self._items[content_id].task.read_from(document_id, located))

    def _go_on(self, content_id: str, task: Task) -> None:
        self._adrift.discard(content_id)
        self._items[content_id].task = task
        self._enqueue(content_id)

    def postponed(self, call: Call) -> None:
        """Take back the contents of a call that found no store to work with. It may be for one of
        them only, which a full disk does not take: they share no call until they are a stage on. It
        may be the actor's: they go to another one.
        """
        self.crew.done(call)
        self.crew.failing(call.stage, call.actor)
        for item in self._held(call):
            if item is not None:
                item.apart = True
                item.tried.add(call.actor)
                self._enqueue(item.task.key)

    def calls(self) -> list[Call]:
        """Fill the free slots, last stage first, so that what is begun gets finished."""
        made: list[Call] = []
        for stage in reversed(STAGES):
            while self._ready[stage]:
                first = self._items[self._ready[stage][0]]
                if (actor := self.crew.freest(stage, first)) is None:
                    break
                made.append(self._call(stage, actor))
        return made

    def finished(self, call: Call, outcomes: Sequence[Outcome]) -> list[Blame]:
        """Move the contents of a call on; return those that are given up."""
        self.crew.done(call)
        self.crew.failing(call.stage, call.actor, now=False)
        fresh = [outcome for outcome in outcomes if outcome.link and not outcome.reused]
        if not any(task.joins for task in call.tasks):
            self.speeds.learn(call.stage, [outcome.seconds for outcome in fresh])
        self.done[call.stage] += len(fresh)
        blames: list[Blame] = []
        for item, outcome in zip(self._held(call), outcomes, strict=True):
            if item is not None:
                blames += self._settle(item, outcome)
        return blames

    def _held(self, call: Call) -> list[Item | None]:
        """Get the items of a call, None for each that the flow has let go of since."""
        items = [self._items.get(task.key) for task in call.tasks]
        return [item if item and item.call == call.number else None for item in items]

    def lost(self, call: Call, error: str, message: str, log_tail: str = "") -> list[Blame]:
        """Take back the contents of a call that gave no answer, with the word and the words for it:
        see `Item.suspect`. Only one that was alone is blamed.
        """
        failure = DocumentFailure(stage=call.stage, error=error, message=message, log_tail=log_tail)
        return self._taken_back(call, failure, nodes=0)

    def displaced(self, call: Call, error: str, message: str) -> list[Blame]:
        """Take back the contents of a call whose node is gone. That says nothing of them, and they
        go on as they were; but what a node went down with time and again is suspect.
        """
        failure = DocumentFailure(stage=call.stage, error=error, message=message)
        return self._taken_back(call, failure, nodes=1)

    def _taken_back(self, call: Call, failure: DocumentFailure, nodes: int) -> list[Blame]:
        self.crew.done(call)
        self.crew.failing(call.stage, call.actor, now=not nodes)
        node = self.crew.node_of(call.stage, call.actor)
        blames: list[Blame] = []
        for item in self._held(call):
            if item is None:
                continue
            item.displaced += nodes
            if not nodes or item.displaced > LOSSES:
                item.suspect(call, node, self.crew.waits.get(call.stage, 1))
            if self.crew.convicts(call.stage, item, self.blames):
                blames.append(self._give_up(item.task.content_id, failure))
            else:
                self._enqueue(item.task.key)
        return blames

    def forget(self, content_ids: Iterable[str]) -> None:
        """Let go of contents that are published or failed, wherever they are."""
        for content_id in content_ids:
            if content_id in self._items and content_id not in self._processed:
                self.unprocessed_bytes -= self._items[content_id].task.identified.size
            self._let_go([content_id, *self.ranges.drop(content_id)])
            for where in (self._unread, self._processed, self._fresh, self._adrift):
                where.discard(content_id)

    def _let_go(self, keys: Iterable[str]) -> None:
        """Take items out of the flow; what they come to in a call that runs is passed over."""
        for key in keys:
            if (item := self._items.pop(key, None)) is None:
                continue
            self._in_ranges -= item.task.pages is not None
            gap = item.task.chain.gap
            if gap is not None and key in self._ready[gap]:
                self._ready[gap].remove(key)

    def task(self, content_id: str) -> Task:
        """Get a content in flight."""
        return self._items[content_id].task

    def _enqueue(self, key: str) -> None:
        task = self._items[key].task
        gap = task.chain.gap
        if gap is not STAGES[0]:
            self._unread.discard(key)
        elif task.pages is None:
            self._unread.add(key)
        if gap is None:
            self._processed.add(key)
            self._fresh.add(key)
            self.unprocessed_bytes -= task.identified.size
        else:
            self._ready[gap].append(key)

    def _call(self, stage: StageName, actor: int) -> Call:
        """Take a batch that is worth a call off a stage's queue, of no more than `CALL_BYTES` of
        sources, since an actor holds all of it at once; a suspect goes alone.
        """
        queue = self._ready[stage]
        share = math.ceil(len(queue) / len(self.crew.actors[stage]))
        one = stage in self.crew.waits or self.crew.is_failing(stage, actor)
        wanted = 1 if one else min(self.speeds.batch(stage), share)
        batch = batch_of((self._items[key] for key in queue), wanted, CALL_BYTES)
        self._number += 1
        for item in batch:
            queue.popleft()
            item.call = self._number
        call = Call(
            number=self._number,
            stage=stage,
            actor=actor,
            tasks=tuple(item.task for item in batch),
            suspect=batch[0].alone,
            company=batch[0].company,
        )
        self.crew.take(call)
        return call

    def _settle(self, item: Item, outcome: Outcome) -> list[Blame]:
        """Move one content on after a call."""
        if outcome.failure is not None:
            return [self._give_up(outcome.content_id, outcome.failure)]
        if outcome.count or outcome.part:
            self._read_on(item.task, outcome.count)
            return []
        if outcome.link is not None:
            item.move_on(outcome.link)
            self._enqueue(outcome.content_id)
            return []
        if outcome.unreadable is not None:
            item.unreadable.append(outcome.unreadable.stage)
            if item.unreadable.count(outcome.unreadable.stage) >= UNREADABLE:
                return [self._give_up(outcome.content_id, outcome.unreadable)]
        # What a range comes to, its content does: whoever reads it next finds the parts there are.
        item = self._items[outcome.content_id]
        self._let_go(self.ranges.drop(outcome.content_id))
        item.lost_inputs += not outcome.is_sourceless
        self._adrift.add(outcome.content_id)
        return []

    def _read_on(self, task: Task, count: int) -> None:
        """Make ready what is next of a content of `count` pages, or of which a range was read."""
        if count:
            self.ranges.begin(task, count)
        else:
            self._let_go([task.key])
            self.ranges.read(task)
        for ready in self.ranges.more(task.content_id, self.crew.at_first):
            self._in_ranges += ready.key not in self._items
            item = self._items.setdefault(ready.key, Item(ready))
            item.task, item.apart = ready, True
            self._enqueue(ready.key)

    def _give_up(self, content_id: str, failure: DocumentFailure) -> Blame:
        self.forget([content_id])
        return Blame(content_id=content_id, failure=failure)
