"""Takes documents in: claims them, and makes the flow's tasks of what their bytes are.

It works ahead of the flow: some documents stand ready before the window has room for them, so that
no stage waits for a PostgreSQL that is far away.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from actors.bounds import IDENTIFY_BATCH, Load, fits, room, to_claim
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
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES
from pipeline.stores.ledger import Claimed, Ledger
from pipeline.stores.ledger import Identified as IdentifiedDocument
from pipeline.stores.protocols import Backlog

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
        self._identifying = self._taken = self._news = 0
        self._pace = Pace()
        self.exhausted = self._claiming = False

    @property
    def waiting(self) -> int:
        """Count the documents that are claimed and not in the flow yet."""
        return self._identifying + len(self._ready)

    @property
    def next_bytes(self) -> int:
        """Say how large the document is that waits for room; 0 without one."""
        return self._ready[0].identified.size if self._ready else 0

    @property
    def trouble(self) -> str:
        """Say why PostgreSQL has to be asked again; empty if it answers."""
        return self._thread.trouble

    def load(self, backlog: Backlog, free_memory: int, grown: int) -> Load:
        """Say what the run holds at this moment; see `Load`."""
        return Load(
            unprocessed=self._flow.unprocessed,
            waiting=self.waiting,
            backlog=backlog,
            free_memory=free_memory,
            grown=grown,
            unread=self._flow.unread,
            at_first=self._flow.crew.at_first,
            at_once=self._flow.crew.at_once,
            held_bytes=self._flow.unprocessed_bytes,
            next_bytes=self.next_bytes,
        )

    def admit(self, load: Load) -> None:
        """Let in what stands ready, and begin to claim more ahead of need: not where there was
        nothing more; what came up since is asked for when nothing is left.
        """
        run = self._place.settings.run
        # What was known, or is a copy, has gone through as well. What a run that waits for its
        # documents gets through says too little: it would go on to wait.
        seen = self._pace.note(self._taken - self.waiting - load.unprocessed)
        entered = self._enter(load)
        if self.exhausted or self._claiming:
            return
        now = replace(
            load,
            unprocessed=load.unprocessed + entered,
            held_bytes=self._flow.unprocessed_bytes,
            next_bytes=self.next_bytes,
            unread=self._flow.unread,
            waiting=self.waiting,
            pace=max(seen, self._flow.could_do()),
            pace_at_first=self._flow.could_do(STAGES[:1]),
        )
        if wanted := to_claim(now, run):
            self._claiming = True
            self._events.spawn(self._claim_ahead(wanted))

    def _enter(self, load: Load) -> int:
        """Send on their way the contents that there is room for, and return how many went; not one
        that nobody waits for any more, since a copy of it was published, or failed, meanwhile.
        """
        run, entered = self._place.settings.run, 0
        count = room(load, run)
        while entered < count and self._ready and fits(load, run):
            task = self._ready.popleft()
            source = self._claims.source(task.content_id)
            if source and task.content_id not in self._flow:
                self._claims.waits.admit(task.content_id)
                self._flow.add(task.read_from(*source))
                entered += 1
            load = replace(
                load,
                unprocessed=self._flow.unprocessed,
                held_bytes=self._flow.unprocessed_bytes,
                next_bytes=self.next_bytes,
            )
        return entered

    def more(self) -> None:
        """Take down that there is more to claim, also while a claim is under way."""
        self._news += 1
        self.exhausted = False

    async def _claim_ahead(self, wanted: int) -> None:
        try:
            claimed = await self._claim(wanted)
        finally:
            self._claiming = False
        self._take(claimed)

    async def _claim(self, wanted: int) -> Sequence[Claimed]:
        news = self._news
        claimed = await self._thread.ask(self._ledger.claim, self._place.run, wanted)
        # What came while it was asked for may have come too late for the answer.
        self.exhausted = len(claimed) < wanted and news == self._news
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
        self._claims.set_aside(work.document_id for work in works if place.is_past(work.chain))
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
