"""Takes documents in: claims them, and makes the flow's tasks of what their bytes are.

It works ahead of the flow: some documents stand ready before the window has room for them, so that
no stage waits for a PostgreSQL that is far away.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from actors.actor_pools import ActorPools
from actors.claims import Claims, locate
from actors.flow import Flow, Task
from actors.ledger_thread import LedgerThread
from actors.pulse import RETRY_SECONDS, Pulse
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure
from pipeline.errors import TemporaryError
from pipeline.settings import RunSettings
from pipeline.sources import Identified
from pipeline.stores.ledger import Claimed, Ledger
from pipeline.stores.ledger import Identified as IdentifiedDocument
from pipeline.stores.protocols import Backlog

IDENTIFY_BATCH = 32
AHEAD = 2 * IDENTIFY_BATCH


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
    for room, what PostgreSQL does not have yet, and the memory that the machine has left, in bytes.
    """

    unprocessed: int
    backlog: Backlog
    free_memory: int
    waiting: int = 0


def room(load: Load, run: RunSettings) -> int:
    """Count the documents that the flow may take in now: what the window has left; none while the
    queue is long, what only Redis holds takes over half of its memory, or the machine's memory is
    short.

    A run that holds nothing waits for nothing: what is short then is not short because of it.
    """
    return 0 if _is_short(load, run) else max(run.window - load.unprocessed, 0)


def to_claim(load: Load, run: RunSettings) -> int:
    """Count the documents to claim now: as many as the flow takes in, and some ahead. None for less
    than a batch, since a claim is a transaction.
    """
    wanted = run.window + AHEAD - load.unprocessed - load.waiting
    return 0 if _is_short(load, run) or wanted < IDENTIFY_BATCH else wanted


def _is_short(load: Load, run: RunSettings) -> bool:
    backlog = load.backlog
    full = backlog.limit > 0 and backlog.bytes * 2 > backlog.limit
    if backlog.entries > run.queue_pause or full:
        return True
    return load.free_memory < run.memory_floor_bytes and load.unprocessed > 0


class Admission:
    """The way from the ledger into the flow.

    `exhausted` says that there was nothing more to claim when that was last asked for.
    """

    def __init__(
        self,
        place: Workplace,
        ledger: Ledger,
        thread: LedgerThread,
        claims: Claims,
        flow: Flow,
        pools: ActorPools,
        pulse: Pulse,
    ) -> None:
        self._place = place
        self._ledger = ledger
        self._thread = thread
        self._claims = claims
        self._flow = flow
        self._pools = pools
        self._pulse = pulse
        self._identifying = 0
        self._ready: deque[Task] = deque()
        self.exhausted = False
        self.claiming = False

    @property
    def waiting(self) -> int:
        """Count the documents that are claimed and not in the flow yet."""
        return self._identifying + len(self._ready)

    def enter(self, count: int) -> None:
        """Send up to `count` contents on their way; not one that nobody waits for any more, since a
        copy of it was published, or failed, meanwhile.
        """
        while count > 0 and self._ready:
            task = self._ready.popleft()
            if self._claims.waiting(task.content_id) and task.content_id not in self._flow:
                self._claims.waits.admit(task.content_id)
                self._flow.add(task)
                count -= 1

    async def claim(self, wanted: int) -> list[Sequence[Claimed]]:
        """Claim up to so many documents, and give them in batches of which all or none want to be
        identified.
        """
        self.claiming = True
        try:
            claimed = await self._thread.ask(self._ledger.claim, self._place.run, wanted)
        finally:
            self.claiming = False
        self.exhausted = len(claimed) < wanted
        return self._take(claimed)

    async def find_lost(self) -> list[Sequence[Claimed]]:
        """Give documents that this run has claimed and does not know of: the answer was lost."""
        mine = await self._thread.ask(self._ledger.unpublished, self._place.run)
        return self._take([x for x in mine if x.document_id not in self._claims])

    def _take(self, claimed: Sequence[Claimed]) -> list[Sequence[Claimed]]:
        self._claims.add(claimed)
        self._identifying += len(claimed)
        kinds = (
            [document for document in claimed if not document.same_bytes],
            [document for document in claimed if document.same_bytes],
        )
        return [
            kind[first : first + IDENTIFY_BATCH]
            for kind in kinds
            for first in range(0, len(kind), IDENTIFY_BATCH)
        ]

    async def identify(self, batch: Sequence[Claimed]) -> list[tuple[str, DocumentFailure]]:
        """Find out what the bytes of a batch are, record it, and let what is left to do stand
        ready. Returns the documents that cannot be identified.
        """
        answers: Sequence[Identified | DocumentFailure] = known(batch)
        while not answers:
            try:
                answers = await self._pools.identify([locate(document) for document in batch])
            except TemporaryError as error:
                self._pulse.no_answer(error)
                await asyncio.sleep(RETRY_SECONDS)
        found = dict(zip((x.document_id for x in batch), answers, strict=True))
        good = {id_: x for id_, x in found.items() if not isinstance(x, DocumentFailure)}
        if good:
            await self._record(good)
        self._identifying -= len(batch)
        return [(id_, x) for id_, x in found.items() if isinstance(x, DocumentFailure)]

    async def _record(self, found: dict[str, Identified]) -> None:
        rows = [
            IdentifiedDocument(
                document_id=document, sha256=x.sha256, media_type=x.media_type, size=x.size
            )
            for document, x in found.items()
        ]
        place = self._place
        works = await self._thread.ask(self._ledger.identified, place.run, place.plan, rows)
        # One that is not in the answer was lost to another run, or cannot be published.
        self._claims.lose(found.keys() - {work.document_id for work in works})
        for work in works:
            if work.published:
                self._claims.publish([], [work.document_id])
                continue
            self._claims.wait(work.content_id, work.document_id)
            self._ready.append(
                Task(
                    content_id=work.content_id,
                    located=self._claims.located(work.document_id),
                    identified=found[work.document_id],
                    chain=work.chain,
                )
            )
