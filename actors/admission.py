"""Takes documents in: claims them, and makes the flow's tasks of what their bytes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.claims import Claims
from actors.flow import Flow, Task
from actors.ledger_thread import LedgerThread
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure
from pipeline.settings import RunSettings
from pipeline.sources import Identified
from pipeline.stores.ledger import Claimed, Ledger
from pipeline.stores.ledger import Identified as IdentifiedDocument
from pipeline.stores.protocols import Backlog

IDENTIFY_BATCH = 32


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
    """What a run holds at this moment: documents before their last stage, what PostgreSQL does not
    have yet, and the memory that the machine has left, in bytes.
    """

    unprocessed: int
    backlog: Backlog
    free_memory: int


def room(load: Load, run: RunSettings) -> int:
    """Count the documents that may be claimed now: what the window has left; none while the queue
    is long, what only Redis holds takes over half of its memory, or the machine's memory is short.

    A run that holds nothing waits for nothing: what is short then is not short because of it.
    """
    backlog = load.backlog
    full = backlog.limit > 0 and backlog.bytes * 2 > backlog.limit
    if backlog.entries > run.queue_pause or full:
        return 0
    if load.free_memory < run.memory_floor_bytes and load.unprocessed:
        return 0
    return max(run.window - load.unprocessed, 0)


class Admission:
    """The way from the ledger into the flow. `identifying` counts the documents that are on it."""

    def __init__(
        self, place: Workplace, ledger: Ledger, thread: LedgerThread, claims: Claims, flow: Flow
    ) -> None:
        self._place = place
        self._ledger = ledger
        self._thread = thread
        self._claims = claims
        self._flow = flow
        self.identifying = 0

    async def claim(self, room: int) -> list[Sequence[Claimed]]:
        """Claim up to `room` documents, and give them in batches of which all or none want to be
        identified.
        """
        return self._take(await self._thread.ask(self._ledger.claim, self._place.run, room))

    async def find_lost(self) -> list[Sequence[Claimed]]:
        """Give documents that this run has claimed and does not know of: the answer was lost."""
        mine = await self._thread.ask(self._ledger.unpublished, self._place.run)
        return self._take([x for x in mine if x.document_id not in self._claims])

    def _take(self, claimed: Sequence[Claimed]) -> list[Sequence[Claimed]]:
        self._claims.add(claimed)
        self.identifying += len(claimed)
        kinds = (
            [document for document in claimed if not document.same_bytes],
            [document for document in claimed if document.same_bytes],
        )
        return [
            kind[first : first + IDENTIFY_BATCH]
            for kind in kinds
            for first in range(0, len(kind), IDENTIFY_BATCH)
        ]

    async def identified(
        self, batch: Sequence[Claimed], answers: Sequence[Identified | DocumentFailure]
    ) -> list[tuple[str, DocumentFailure]]:
        """Record contents and send those that are not there yet on their way.

        Returns the documents that cannot be identified.
        """
        self.identifying -= len(batch)
        bad = [
            (document.document_id, answer)
            for document, answer in zip(batch, answers, strict=True)
            if isinstance(answer, DocumentFailure)
        ]
        good = {
            document.document_id: answer
            for document, answer in zip(batch, answers, strict=True)
            if not isinstance(answer, DocumentFailure)
        }
        if good:
            await self._record(good)
        return bad

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
            self._flow.add(
                Task(
                    content_id=work.content_id,
                    located=self._claims.located(work.document_id),
                    identified=found[work.document_id],
                    chain=work.chain,
                )
            )
