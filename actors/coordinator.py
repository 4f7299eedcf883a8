"""Runs the flow: claims documents, asks the stage actors, watches the queue drain, reports.

An async actor without CPU work. It owns no truth: what it knows can be rebuilt from PostgreSQL,
and a run that is started again goes on where this one ended. Blocking calls to PostgreSQL go to
one thread, so that they happen one after the other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from actors.flow import Blame, Call, Flow, Outcome, Task
from actors.persistence_actor import Drained
from actors.progress import Snapshot
from actors.run_result import RunResult
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import TemporaryError, UnavailableError, UsageError
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES
from pipeline.stores.ledger import Claimed, Ledger
from pipeline.stores.ledger import Identified as IdentifiedDocument

START_ATTEMPTS = 3
IDENTIFY_BATCH = 32
READMISSIONS = 3
BLOCK_MS = 200
IDLE_SECONDS = 0.2

T = TypeVar("T")


@dataclass
class _Counts:
    total: int = 0
    processed: int = 0
    completed: int = 0
    failed: int = 0
    queue: int = 0
    waiting: dict[str, set[str]] = field(default_factory=dict)


class RunCoordinator:
    """One run of one project. `actors` says how many of each stage to start."""

    def __init__(self, place: Workplace, actors: Mapping[StageName, int], total: int) -> None:
        from pipeline import assembly

        self._place = place
        self._ledger: Ledger = assembly.open_ledger(place.settings, place.urls)
        self._progress = assembly.open_progress(place.urls, place.run)
        self._wanted = actors
        self._flow = Flow(dict.fromkeys(STAGES, 1), blames=place.settings.run.attempts)
        self._actors: dict[StageName, list[Any]] = {}
        self._persistence: Any = None
        self._counts = _Counts(total=total)
        self._claims: dict[str, Claimed] = {}
        self._documents: dict[str, set[str]] = {}
        self._readmitted: dict[str, int] = {}
        self._events: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._draining = False
        self._state = "starting"
        self._began: float | None = None
        self._moved = time.monotonic()
        self._turn = 0
        self._identifying = 0
        self._drained_at_depth_0 = False

    # -- what the driver calls ---------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """Say where the run is."""
        counts = self._counts
        return Snapshot(
            total=max(counts.total, counts.completed + counts.failed),
            processed=counts.processed,
            completed=counts.completed,
            failed=counts.failed,
            queue=counts.queue,
            seconds=self._seconds(),
            done=dict(self._flow.done),
            queued=self._flow.queued(),
            state=self._state,
            note=self._stall_note(),
        )

    async def drain(self) -> None:
        """Begin nothing new, let running calls finish, persist what they gave, and end."""
        self._draining = True
        self._state = "stopping"

    async def run(self) -> RunResult:
        """Run until nothing is left, or until running calls are done after `drain`."""
        background = [
            asyncio.create_task(self._renew_forever()),
            asyncio.create_task(self._publish_progress_forever()),
        ]
        try:
            await self._start()
            self._state = "stopping" if self._draining else "running"
            background.append(asyncio.create_task(self._persist_forever()))
            background.append(asyncio.create_task(self._start_the_rest()))
            await self._loop(background)
            await self._fill_vectors()
            return await self._end("stopped" if self._draining else "finished")
        except (UnavailableError, UsageError) as error:
            return await self._end("failed", str(error))
        finally:
            for task in [*background, *self._tasks]:
                task.cancel()

    # -- starting ----------------------------------------------------------------------------

    async def _start(self) -> None:
        """Start one actor of each stage and wait until all have loaded their models."""
        from actors.persistence_actor import PersistenceActor

        made = {stage: self._make_stage(stage) for stage in STAGES}
        persistence = self._make(PersistenceActor, self._place)
        self._persistence = await self._started("persistence", persistence)
        for stage in STAGES:
            self._actors[stage] = [await self._started(stage, made[stage])]

    async def _start_the_rest(self) -> None:
        """Start the other actors one by one while the first ones are at work already."""
        missing = [stage for stage in STAGES for _ in range(self._wanted[stage] - 1)]
        for stage in missing:
            if self._draining:
                return
            actor = await self._started(stage, self._make_stage(stage))
            self._actors[stage].append(actor)
            self._flow.grow(stage)

    def _make_stage(self, stage: StageName) -> Any:
        from actors.stage_actor import StageActor

        return self._make(StageActor, self._place, stage)

    def _make(self, kind: type, *arguments: object) -> Any:
        """Make an actor; Ray restarts it when it dies, and never repeats a call by itself."""
        import ray

        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": 0}
        return ray.remote(kind).options(**options).remote(*arguments)

    async def _started(self, what: str, actor: Any) -> Any:
        """Wait for an actor's constructor. Raises UnavailableError after three failures."""
        from ray.exceptions import RayActorError

        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                await actor.ready.remote()
            except RayActorError as error:
                if attempt == START_ATTEMPTS or "constructor" in str(error):
                    reason = str(error).strip().splitlines()[-1].strip()
                    raise UnavailableError(f"{what} could not start: {reason}") from error
            else:
                return actor
        return actor

    # -- the loop ----------------------------------------------------------------------------

    async def _loop(self, background: Sequence[asyncio.Task[None]]) -> None:
        """Claim, dispatch, and take events, until nothing is left to do."""
        exhausted = False
        while True:
            for task in background:
                if task.done():
                    task.result()  # raises what ended it
            if not self._draining and self._room() > 0:
                exhausted = not await self._claim()
            self._dispatch()
            if self._nothing_left(exhausted):
                if self._draining:
                    return
                if not await self._readmit() and not await self._claim():
                    return
                continue
            await self._next_event()

    def _room(self) -> int:
        """Count the documents that may be claimed now: the window, unless the queue is long."""
        run = self._place.settings.run
        if self._counts.queue > run.queue_pause:
            return 0
        return run.window - self._flow.unprocessed - self._identifying

    def _nothing_left(self, exhausted: bool) -> bool:
        """Say whether all that was begun is processed and the queue is empty."""
        if self._draining:
            return not self._tasks and self._drained_at_depth_0
        idle = not self._tasks and not self._flow.unprocessed and not self._identifying
        return idle and exhausted and self._drained_at_depth_0

    async def _next_event(self) -> None:
        """Handle what happened, or give up waiting so that claiming gets its turn."""
        try:
            handle = await asyncio.wait_for(self._events.get(), IDLE_SECONDS)
        except TimeoutError:
            return
        await handle()
        while not self._events.empty():
            await self._events.get_nowait()()

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the ledger in its thread; what is temporary is tried again."""
        loop = asyncio.get_running_loop()
        delay = 0.2
        while True:
            try:
                return await loop.run_in_executor(self._thread, function, *arguments)
            except TemporaryError:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)

    # -- claiming and identifying --------------------------------------------------------------

    async def _claim(self) -> bool:
        """Claim documents up to the window and send them to be identified."""
        claimed = await self._ask(self._ledger.claim, self._place.run, self._room())
        self._claims |= {document.document_id: document for document in claimed}
        for first in range(0, len(claimed), IDENTIFY_BATCH):
            batch = claimed[first : first + IDENTIFY_BATCH]
            self._identifying += len(batch)
            self._spawn(self._identify(batch))
        return bool(claimed)

    async def _identify(self, batch: Sequence[Claimed]) -> None:
        """Ask an `ocr` actor what the bytes of sources are."""
        from ray.exceptions import RayActorError

        readers = self._actors[StageName.OCR]
        self._turn = (self._turn + 1) % len(readers)
        located = [_located(document) for document in batch]
        try:
            answers = await readers[self._turn].identify.remote(located)
        except RayActorError:
            self._spawn(self._identify_again(batch))
            return
        await self._events.put(lambda: self._identified(batch, answers))

    async def _identify_again(self, batch: Sequence[Claimed]) -> None:
        """Wait for the actor's restart before asking again."""
        await asyncio.sleep(1.0)
        await self._identify(batch)

    async def _identified(
        self, batch: Sequence[Claimed], answers: Sequence[Identified | DocumentFailure]
    ) -> None:
        """Record contents and start on those that are not there yet."""
        self._identifying -= len(batch)
        good: dict[str, Identified] = {}
        for document, answer in zip(batch, answers, strict=True):
            if isinstance(answer, DocumentFailure):
                await self._fail_documents([document.document_id], answer)
            else:
                good[document.document_id] = answer
        rows = [
            IdentifiedDocument(
                document_id=document, sha256=x.sha256, media_type=x.media_type, size=x.size
            )
            for document, x in good.items()
        ]
        if not rows:
            return
        works = await self._ask(self._ledger.identified, self._place.run, self._place.plan, rows)
        # One that is not in the answer was lost to another run, or cannot be published.
        for lost in good.keys() - {work.document_id for work in works}:
            self._claims.pop(lost, None)
        for work in works:
            if work.published:
                self._counts.processed += 1
                self._complete([work.document_id])
                continue
            self._documents.setdefault(work.content_id, set()).add(work.document_id)
            self._flow.add(
                Task(
                    content_id=work.content_id,
                    located=_located(self._claims[work.document_id]),
                    identified=good[work.document_id],
                    chain=work.chain,
                )
            )

    # -- stages ------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Send the calls that the flow asks for; none once the run is stopping.

        What a document has behind it when a run stops are its checkpoints: the next run goes on
        from there, so there is no need to finish the documents that are begun.
        """
        if self._draining:
            return
        for call in self._flow.calls():
            self._began = self._began or time.monotonic()
            self._spawn(self._call(call))

    async def _call(self, call: Call) -> None:
        """Make one call; an actor that died gives its contents back."""
        from ray.exceptions import RayActorError

        try:
            outcomes = await self._actors[call.stage][call.actor].run.remote(call.tasks)
        except RayActorError as error:
            reason = f"the {call.stage} process died while it worked on this document ({error})"
            await self._events.put(lambda: self._lost(call, reason))
            return
        await self._events.put(lambda: self._finished(call, outcomes))

    async def _finished(self, call: Call, outcomes: Sequence[Outcome]) -> None:
        self._moved = time.monotonic()
        self._drained_at_depth_0 = False
        changed = [outcome.content_id for outcome in outcomes if outcome.changed]
        before = self._flow.processed
        blames = self._flow.finished(call, outcomes)
        for content in self._flow.processed - before:
            self._counts.processed += len(self._documents.get(content, ()))
        await self._blame(blames)
        for content in changed:
            await self._ask(
                self._ledger.requeue, self._place.run, sorted(self._documents.pop(content, ()))
            )

    async def _lost(self, call: Call, reason: str) -> None:
        await self._blame(self._flow.lost(call, reason))

    async def _blame(self, blames: Iterable[Blame]) -> None:
        for blame in blames:
            documents = self._documents.pop(blame.content_id, set())
            await self._fail_documents(sorted(documents), blame.failure)

    async def _fail_documents(self, documents: Sequence[str], failure: DocumentFailure) -> None:
        """Record why documents failed."""
        rows = [
            (document, self._claims[document].attempts, failure)
            for document in documents
            if document in self._claims
        ]
        await self._ask(self._ledger.failed, self._place.run, rows)
        for document, _, _ in rows:
            del self._claims[document]
        self._counts.failed += len(rows)
        self._moved = time.monotonic()

    # -- persistence -------------------------------------------------------------------------

    async def _persist_forever(self) -> None:
        """Keep the persistence actor at work, and hear what it did."""
        from ray.exceptions import RayActorError, RayTaskError

        while True:
            processed = not self._tasks and (self._draining or not self._flow.unprocessed)
            try:
                report: Drained = await self._persistence.drain.remote(BLOCK_MS)
            except RayTaskError as error:
                if not isinstance(error.cause, TemporaryError):
                    raise UnavailableError(f"persistence failed: {error.cause}") from error
                await asyncio.sleep(0.5)
                continue
            except RayActorError:
                await asyncio.sleep(1.0)
                continue
            await self._events.put(lambda r=report, p=processed: self._drained(r, p))  # type: ignore[misc]

    async def _drained(self, report: Drained, processed: bool) -> None:
        """Hear what became durable. `processed` says that nothing more was on its way."""
        self._counts.queue = report.depth
        self._drained_at_depth_0 = processed and not report.depth and not report.entries
        if report.entries:
            self._moved = time.monotonic()
        for content, reason in report.refused:
            failure = DocumentFailure(
                stage=StageName.RELATE, error="refused_by_database", message=reason
            )
            self._flow.forget([content])
            await self._blame([Blame(content_id=content, failure=failure)])
        self._flow.forget(report.published)
        for content in report.published:
            self._documents.pop(content, None)
        self._complete(report.completed)
        self._counts.total += report.admitted

    def _complete(self, documents: Iterable[str]) -> None:
        for document in documents:
            self._claims.pop(document, None)
            self._counts.completed += 1
        self._moved = time.monotonic()

    async def _readmit(self) -> bool:
        """Send what is processed but not published, with the queue empty, back to its first gap."""
        left = sorted(self._flow.processed)
        if not left:
            return False
        self._drained_at_depth_0 = False
        tasks = {content: self._flow.task(content) for content in left}
        chains = await self._ask(self._ledger.known_chains, left, self._place.plan)
        self._flow.forget(left)
        for content, task in tasks.items():
            self._readmitted[content] = self._readmitted.get(content, 0) + 1
            if self._readmitted[content] > READMISSIONS:
                failure = DocumentFailure(
                    stage=StageName.RELATE,
                    error="not_persisted",
                    message="its results did not arrive in PostgreSQL; see the log, then `retry`",
                )
                await self._blame([Blame(content_id=content, failure=failure)])
            else:
                self._flow.add(task.model_copy(update={"chain": chains[content]}))
        return True

    async def _fill_vectors(self) -> None:
        """Compute the vectors that are in no cache, now that nothing waits for it."""
        if self._draining:
            return
        seen: set[str] = set()
        while missing := set(await self._persistence.without_vector.remote()) - seen:
            self._state = "embedding"
            seen |= missing
            await self._actors[StageName.CHUNK][0].embed.remote(sorted(missing))

    # -- the rest ----------------------------------------------------------------------------

    async def _renew_forever(self) -> None:
        """Keep the run's lease."""
        lease = self._place.settings.run.lease_seconds
        while True:
            if not await self._ask(self._ledger.renew, self._place.run, lease):
                raise UnavailableError("another process ended this run; run again to go on")
            await asyncio.sleep(lease / 3)

    async def _publish_progress_forever(self) -> None:
        """Tell `status` of other processes where the run is, every two seconds."""
        while True:
            snapshot = await self.snapshot()
            await self._ask(self._progress, snapshot.model_dump_json())
            await asyncio.sleep(2.0)

    async def _end(self, outcome: str, reason: str = "") -> RunResult:
        """Give back what was claimed and not finished, and say how it went."""
        result = RunResult(
            outcome=outcome,
            stage_calls=dict(self._flow.done),
            seconds=self._seconds(),
            completed=self._counts.completed,
            failed=self._counts.failed,
            reason=reason,
        )
        await self._ask(self._ledger.release, self._place.run)
        await self._ask(
            self._ledger.end_run, self._place.run, outcome, result.model_dump(mode="json")
        )
        for reader in self._actors.get(StageName.OCR, []):
            await reader.close.remote()
        return result

    def _seconds(self) -> float:
        return time.monotonic() - self._began if self._began else 0.0

    def _stall_note(self) -> str:
        """Name the stage that has not moved for too long, if one has."""
        still = time.monotonic() - self._moved
        if self._began is None or still < self._place.settings.run.stall_seconds:
            return ""
        busiest = max(self._flow.queued().items(), key=lambda item: item[1])[0]
        return f"nothing has moved for {round(still)}s; {busiest} has the longest queue"


def _located(document: Claimed) -> Located:
    return Located(uri=document.uri, name=document.name, blob=document.blob)
