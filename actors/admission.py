"""Takes documents in: claims them, and makes the flow's tasks of what their bytes are.

It works ahead of the flow: some documents stand ready before the window has room for them, so that
no stage waits for a PostgreSQL that is far away.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from actors.calls import Task
from actors.claims import Claims, locate
from actors.events import Events
from actors.flow import Flow
from actors.lease import Lease
from actors.ledger_thread import LedgerThread
from actors.pace import Pace
from actors.pulse import RETRY_SECONDS, Pulse
from actors.settlement import Settlement
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure
from pipeline.errors import TemporaryError
from pipeline.patience import Stopping, never
from pipeline.settings import RunSettings
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES
from pipeline.stores.ledger import Claimed, Ledger
from pipeline.stores.ledger import Identified as IdentifiedDocument
from pipeline.stores.protocols import Backlog

IDENTIFY_BATCH = 32
AHEAD_SECONDS, MOST_AHEAD = 5.0, 2 * IDENTIFY_BATCH
HELD_SECONDS = 20.0
THREADS = 3


def known(batch: Sequence[Claimed]) -> list[Identified]:
    """Say what the bytes of a batch are where that is known; empty where it must be looked at."""
    return [
        Identified(
            sha256=document.next_sha256,
            media_type=document.next_media_type,
            size=document.next_size,
        )
        for document in batch
        if document.same_bytes
    ]


@dataclass(frozen=True)
class Load:
    """What a run holds at this moment: documents before their last stage, claimed ones that wait
    for room, what PostgreSQL does not have yet, the memory that the machine has left and that the
    coordinator has `grown` by, in bytes. `pace` is how many documents it gets through in a second,
    or could if it had them; `at_once` how many its actors can take up, `pace_at_first` and
    `at_first` the same of the first stage, and `unread` how many documents are not past that.
    """

    unprocessed: int
    backlog: Backlog
    free_memory: int
    waiting: int = 0
    pace: float = 0.0
    grown: int = 0
    at_once: int = 1
    at_first: int = 1
    unread: int = 0
    pace_at_first: float = 0.0


def room(load: Load, run: RunSettings) -> int:
    """Count the documents that the flow may take in now: what the window has left; none while the
    queue is long, what only Redis holds takes over half of its memory, or memory is short.

    A run that holds nothing waits for nothing: what is short then is not short because of it.
    """
    return 0 if shortage(load, run) else max(run.window - load.unprocessed, 0)


def to_claim(load: Load, run: RunSettings) -> int:
    """Count the documents to claim now: what the window holds, and what it will take in within the
    next seconds; but no more than the run gets through within some more. Where that is less than
    its actors take up at once, or not known, it is those, and of what is not read yet what the
    first stage does: other runs may have the rest. None for less than a batch, since a claim is a
    transaction.
    """
    window = run.window + min(math.ceil(load.pace * AHEAD_SECONDS), MOST_AHEAD)
    soon = math.ceil(load.pace * HELD_SECONDS)
    most = min(window, max(soon, load.at_once))
    fresh = min(most, max(soon, load.at_first, math.ceil(load.pace_at_first * HELD_SECONDS)))
    wanted = min(most - load.unprocessed, fresh - load.unread) - load.waiting
    batch = max(min(IDENTIFY_BATCH, fresh // 2), 1)
    return 0 if shortage(load, run) or wanted < batch else wanted


def shortage(load: Load, run: RunSettings) -> str:
    """Say why nothing is taken in at the moment; empty where something may be.

    What is counted of bytes holds only while the queue has entries: with none, all is persisted.
    """
    backlog = load.backlog
    if backlog.entries > run.queue_pause:
        return f"{backlog.entries:,} results wait for PostgreSQL (run.queue_pause)"
    if backlog.entries and 0 < backlog.limit < backlog.bytes * 2:
        return "results that PostgreSQL does not have yet take over half of the memory of Redis"
    if load.free_memory < run.memory_floor_bytes and load.unprocessed > 0:
        return f"only {load.free_memory >> 20} MB of memory are free (run.memory_floor_bytes)"
    if load.grown > run.growth_bytes and load.unprocessed > 0:
        return f"the coordinator has grown by {load.grown >> 20} MB (run.growth_bytes)"
    return ""


Identify = Callable[[Sequence[Located]], Awaitable[Sequence[Identified | DocumentFailure]]]


class Admission:
    """The way from the ledger into the flow. `identify` says what the bytes of sources are.

    `exhausted` says that there was nothing more to claim when that was last asked for.
    """

    def __init__(
        self,
        place: Workplace,
        ledger: Ledger,
        claims: Claims,
        flow: Flow,
        identify: Identify,
        pulse: Pulse,
        lease: Lease,
        events: Events,
        settlement: Settlement,
        stopping: Stopping = never,
    ) -> None:
        self._place = place
        self._ledger = ledger
        self._thread = LedgerThread(place.settings.run.patience_seconds, THREADS, stopping)
        self._claims = claims
        self._flow = flow
        self._ask_what = identify
        self._pulse = pulse
        self._lease = lease
        self._events = events
        self._settlement = settlement
        self._ready: deque[Task] = deque()
        self._identifying = self._taken = 0
        self._pace = Pace()
        self.exhausted = self._claiming = False

    @property
    def waiting(self) -> int:
        """Count the documents that are claimed and not in the flow yet."""
        return self._identifying + len(self._ready)

    @property
    def trouble(self) -> str:
        """Say why PostgreSQL has to be asked again; empty if it answers."""
        return self._thread.trouble

    def admit(self, load: Load) -> None:
        """Let in what stands ready, and begin to claim more ahead of need: not where there was
        nothing more; what came up since is asked for when nothing is left.
        """
        run = self._place.settings.run
        # What was known, or is a copy, has gone through as well. What a run that waits for its
        # documents gets through says too little: it would go on to wait.
        seen = self._pace.note(self._taken - self.waiting - load.unprocessed)
        entered = self._enter(room(load, run))
        if self.exhausted or self._claiming:
            return
        now = replace(
            load,
            unprocessed=load.unprocessed + entered,
            unread=self._flow.unread,
            waiting=self.waiting,
            pace=max(seen, self._flow.could_do()),
            pace_at_first=self._flow.could_do(STAGES[:1]),
        )
        if wanted := to_claim(now, run):
            self._claiming = True
            self._events.spawn(self._claim_ahead(wanted))

    def _enter(self, count: int) -> int:
        """Send up to `count` contents on their way, and return how many went; not one that nobody
        waits for any more, since a copy of it was published, or failed, meanwhile.
        """
        entered = 0
        while entered < count and self._ready:
            task = self._ready.popleft()
            source = self._claims.source(task.content_id)
            if source and task.content_id not in self._flow:
                self._claims.waits.admit(task.content_id)
                self._flow.add(task.read_from(*source))
                entered += 1
        return entered

    async def _claim_ahead(self, wanted: int) -> None:
        try:
            claimed = await self._claim(wanted)
        finally:
            self._claiming = False
        self._take(claimed)

    async def _claim(self, wanted: int) -> Sequence[Claimed]:
        claimed = await self._thread.ask(self._ledger.claim, self._place.run, wanted)
        self.exhausted = len(claimed) < wanted
        return claimed

    async def look_again(self, load: Load) -> bool:
        """See whether there is anything more to claim, where nothing is left to do; say if there
        was.
        """
        wanted = max(to_claim(load, self._place.settings.run), 1)
        claimed = await self._claim(wanted)
        if not claimed and not self._lease.is_held:
            # A run whose lease ran out while PostgreSQL was away is given nothing, either.
            await self._lease.renew()
            claimed = await self._claim(wanted)
        if not claimed:
            # Documents that this run has claimed and does not know of: the answer was lost.
            mine = await self._thread.ask(self._ledger.unpublished, self._place.run)
            claimed = [x for x in mine if x.document_id not in self._claims]
        self._take(claimed)
        return bool(claimed)

    def _take(self, claimed: Sequence[Claimed]) -> None:
        """Find out what documents are, in batches of which all or none want to be looked at."""
        self._claims.add(claimed)
        self._taken += len(claimed)
        self._identifying += len(claimed)
        for same_bytes in (False, True):
            kind = [document for document in claimed if document.same_bytes is same_bytes]
            for first in range(0, len(kind), IDENTIFY_BATCH):
                self._events.spawn(self._identify(kind[first : first + IDENTIFY_BATCH]))

    async def _identify(self, batch: Sequence[Claimed]) -> None:
        """Find out what the bytes of a batch are, record it, and let what is left to do stand
        ready.
        """
        answers: Sequence[Identified | DocumentFailure] = known(batch)
        while not answers:
            try:
                answers = await self._ask_what([locate(document) for document in batch])
            except TemporaryError as error:
                self._pulse.no_answer(error)
                await asyncio.sleep(RETRY_SECONDS)
        found = dict(zip((x.document_id for x in batch), answers, strict=True))
        good = {id_: x for id_, x in found.items() if not isinstance(x, DocumentFailure)}
        if good:
            await self._record(batch, good)
        self._identifying -= len(batch)
        await self._events.put(partial(self._identified, batch, found))

    async def _identified(
        self, batch: Sequence[Claimed], found: Mapping[str, Identified | DocumentFailure]
    ) -> None:
        """Fail the documents that cannot be identified; not one that was claimed anew meanwhile."""
        self._pulse.heard()
        for document in batch:
            failure = found[document.document_id]
            if isinstance(failure, DocumentFailure) and self._claims.holds(document):
                await self._settlement.fail([document.document_id], failure)

    async def _record(self, batch: Sequence[Claimed], found: Mapping[str, Identified]) -> None:
        rows = [
            IdentifiedDocument(
                document_id=document.document_id,
                claim=document.claim,
                sha256=x.sha256,
                media_type=x.media_type,
                size=x.size,
            )
            for document in batch
            if (x := found.get(document.document_id))
        ]
        place = self._place
        answer = await self._thread.ask(self._ledger.identified, place.run, place.plan, rows)
        held = {document.document_id for document in batch if self._claims.holds(document)}
        works = [work for work in answer if work.document_id in held]
        # One that is not in the answer was lost to another run.
        self._claims.lose((found.keys() & held) - {work.document_id for work in works})
        self._claims.publish([], [work.document_id for work in works if work.published])
        self._claims.count_failed(work.document_id for work in works if work.failed)
        left = (x for x in works if not (x.published or x.failed or place.is_past(x.chain)))
        for work in left:
            self._claims.wait(work.content_id, work.document_id)
            self._ready.append(
                Task(
                    content_id=work.content_id,
                    document_id=work.document_id,
                    located=self._claims.located(work.document_id),
                    identified=found[work.document_id],
                    chain=work.chain,
                )
            )
