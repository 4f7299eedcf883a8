"""What happens to contents outside of the stages' calls: published, failed, sent back.

It keeps the flow, the claims and the ledger in step. All that it decides by is what PostgreSQL
says; what a process reported and then lost is found out here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from actors.calls import Outcome, Task
from actors.claims import Claims
from actors.flow import Flow
from actors.items import Blame
from actors.ledger_thread import LedgerThread
from actors.mode import Mode
from actors.run_result import RunResult
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import TemporaryError, UsageError
from pipeline.logs import about_documents
from pipeline.stage import Chain
from pipeline.stores.blame import REFUSED
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import CacheUse, Persisted
from pipeline.stores.publisher import Publisher

logger = logging.getLogger(__name__)

READMISSIONS = 5
AT_ONCE = 200
MOST_UNHEARD = 1_000
"""So many contents wait to hear that they are published, at least, before PostgreSQL is asked."""


class Settlement:
    """One run's contents on their way out of the flow, or back into it."""

    def __init__(
        self,
        place: Workplace,
        ledger: Ledger,
        publisher_of: Callable[[str], Publisher],
        thread: LedgerThread,
        claims: Claims,
        flow: Flow,
    ) -> None:
        self._place = place
        self._ledger = ledger
        self._publisher_of = publisher_of
        self._thread = thread
        self._claims = claims
        self._flow = flow
        self._readmitted: dict[str, int] = {}
        self._ask_at = MOST_UNHEARD

    def result(
        self, outcome: str, reason: str, seconds: float, mode: Mode, embeddings: CacheUse
    ) -> RunResult:
        """Sum up what came of them, for the run's end."""
        return RunResult(
            outcome=outcome,
            stage_calls=dict(self._flow.done),
            seconds=seconds,
            completed=self._claims.completed,
            failed=self._claims.failed,
            reason=reason,
            mode=mode.name,
            mode_reason=mode.reason,
            embeddings_asked=embeddings.asked,
            embeddings_found=embeddings.found,
            store_wait=self._claims.waits.store_wait,
            latency=self._claims.waits.latency,
        )

    async def take(self, persisted: Persisted) -> None:
        """Let go of what is published, or gone, and fail what PostgreSQL refused.

        Raises UsageError if the project has other settings by now: nothing of this run is
        published any more.
        """
        if persisted.fenced:
            raise UsageError(
                "the project was given other settings while this run was at work; run again"
            )
        for content, reason in persisted.refused:
            failure = DocumentFailure(stage=StageName.RELATE, error=REFUSED, message=reason)
            self._flow.forget([content])
            await self.blame([Blame(content_id=content, failure=failure)])
        self._flow.forget((*persisted.published, *persisted.gone))
        for content in persisted.gone:
            self._claims.abandon(content)
        # Of those that this run has, it has counted before the ones that it does not hold any more.
        others = {document for document, _ in persisted.claimed}
        self._claims.publish(persisted.published, persisted.completed, others)
        self._claims.total += persisted.members_admitted
        if self._flow.in_flight - self._flow.unprocessed >= self._ask_at:
            await self._hear_of_others()

    async def _hear_of_others(self) -> None:
        """Let go of what is published and was not told: a run beside this one, of whatever project,
        reads the same queue, and tells of its own documents only. Until the end of a long run these
        would be too many to hold.

        Who asks when there are twice as many as were left the last time asks for each a few times.
        A PostgreSQL that is away is asked another time: the stages go on meanwhile.
        """
        left = sorted(self._flow.processed)
        with suppress(TemporaryError):
            for at in range(0, len(left), AT_ONCE):
                await self._let_go_of_completed(left[at : at + AT_ONCE])
        self._ask_at = max(MOST_UNHEARD, 2 * (self._flow.in_flight - self._flow.unprocessed))

    async def _let_go_of_completed(self, contents: Sequence[str]) -> None:
        waiting = [x for content in contents for x in self._claims.waiting(content)]
        done = set(await self._thread.ask_once(self._ledger.completed, waiting))
        for content in contents:
            documents = self._claims.waiting(content)
            if documents and done.issuperset(documents):
                self._flow.forget([content])
                self._claims.publish([content], documents)

    async def blame(self, blames: Iterable[Blame]) -> None:
        """Fail the documents that wait for contents that are given up."""
        for blame in blames:
            await self.fail(self._claims.abandon(blame.content_id), blame.failure)

    async def fail(self, documents: Sequence[str], failure: DocumentFailure) -> None:
        """Record why documents failed."""
        rows = self._claims.fail(documents, failure)
        logger.info(
            "%d documents fail",
            len(rows),
            extra={
                "stage": failure.stage,
                "error": failure.error,
                **about_documents([document for document, *_ in rows]),
            },
        )
        failed = await self._thread.ask(self._ledger.failed, self._place.run, rows)
        # One that was forgotten meanwhile, or that another run has by now, did not fail.
        self._claims.failed -= len(rows) - len(failed)

    async def count_again(self, contents: Iterable[str]) -> None:
        """Count one more attempt of the documents that wait for contents of a lost call: before
        these run once more, so that what is told of an attempt before is not believed.
        """
        if documents := [x for content in contents for x in self._claims.waiting(content)]:
            self._claims.renumber(
                await self._thread.ask(self._ledger.again, self._place.run, documents)
            )

    async def reread(self, task: Task, outcome: Outcome) -> None:
        """Fail the document whose source cannot be read, or give it back if its bytes are others by
        now, and let its content go on with the next that waits for it; without one it is given up.
        """
        content, document = task.content_id, task.document_id
        if self._claims.leave(content, document):
            if failure := outcome.unread or self._claims.changed(document):
                await self.fail([document], failure)
            else:
                await self._thread.ask(self._ledger.requeue, self._place.run, [document])
        if source := self._claims.source(content):
            self._flow.reread(content, *source)
        else:
            self._flow.forget([content])
            self._claims.abandon(content)

    async def resume(self) -> None:
        """Send what is adrift back to the first gap of what PostgreSQL has of it."""
        adrift = sorted(self._flow.adrift)
        if adrift:
            chains = await self._chains(adrift)
            for content in adrift:
                self._flow.resume(content, chains[content])

    async def readmit(self) -> bool:
        """Settle what is processed and was not told to be published, with nothing on its way into
        PostgreSQL any more: publish it, or send it back to its first gap. Say if there was any.

        What comes back is made durable, so that it cannot get lost a second time.
        """
        left = sorted(self._flow.processed)
        for at in range(0, len(left), AT_ONCE):
            await self._readmit(left[at : at + AT_ONCE])
        return bool(left)

    async def _readmit(self, left: Sequence[str]) -> None:
        """Do so for some. A run beside this one may have written many, and the lease is renewed in
        the same thread.
        """
        chains = await self._chains(left)
        whole = [content for content in left if chains[content].gap is None]
        if whole:
            await self.take(await self._thread.ask(self._publish, whole))
            # One with a result that nobody can read has a gap by now.
            chains |= await self._chains([x for x in whole if x in self._flow])
        waiting = {content: self._claims.waiting(content) for content in left}
        done = set(
            await self._thread.ask(
                self._ledger.completed, [x for documents in waiting.values() for x in documents]
            )
        )
        for content in left:
            if content not in self._flow:
                continue
            if chains[content].gap is None and not done.intersection(waiting[content]):
                # Nobody waits for it: a walk found that its documents have to be looked at again.
                self._flow.forget([content])
                self._claims.lose(self._claims.abandon(content))
            else:
                mine = [document for document in waiting[content] if document in done]
                await self._send_back(content, chains[content], mine)

    def _publish(self, contents: Sequence[str]) -> Persisted:
        return self._publisher_of(self._place.project).publish(contents)

    async def _send_back(self, content: str, chain: Chain, done: Sequence[str]) -> None:
        task = self._flow.task(content)
        self._flow.forget([content])
        if done:
            self._claims.publish([content], done)
            return
        self._readmitted[content] = self._readmitted.get(content, 0) + 1
        if self._readmitted[content] > READMISSIONS:
            failure = DocumentFailure(
                stage=StageName.RELATE,
                error="not_persisted",
                message="its results did not arrive in PostgreSQL; see the log, then `retry`",
            )
            await self.blame([Blame(content_id=content, failure=failure)])
            return
        self._flow.add(task.model_copy(update={"chain": chain, "durable": True}))

    async def _chains(self, contents: Sequence[str]) -> dict[str, Chain]:
        return dict(await self._thread.ask(self._ledger.known_chains, contents, self._place.plan))
