"""Runs the flow: claims documents, asks the stage actors, watches the queue drain, reports.

An async actor without CPU work. It owns no truth: what it knows can be rebuilt from PostgreSQL,
and a run that is started again goes on where this one ended. Its own calls to PostgreSQL go to one
thread, so that they happen one after the other; documents are taken in beside that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from actors.actor_pools import ActorPools, CallLostError
from actors.admission import Admission, Load
from actors.calls import Answer, Call
from actors.claims import Claims
from actors.events import Events
from actors.flow import Flow
from actors.lease import Lease
from actors.ledger_thread import LedgerThread
from actors.memory import Growth, available_bytes
from actors.mode import ACCELERATED, Mode
from actors.outlook import Outlook
from actors.persistence_actor import BY_CHOICE, Drained
from actors.persisting import Persisting
from actors.progress import RESOLVING, Snapshot, again_and_again
from actors.pulse import RETRY_SECONDS, Pulse
from actors.resolving import Resolving
from actors.run_result import RunResult, own_fault
from actors.settlement import Settlement
from actors.vectors import filled
from actors.workplace import Workplace
from pipeline.documents import StageName
from pipeline.errors import CasegraphError, StoppedWaitingError, TemporaryError
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import CacheUse, Persisted

logger = logging.getLogger(__name__)


class RunCoordinator:
    """One run of one project. `actors` says how many of each stage to start.

    `pools` starts and asks them: on Ray, unless something else is given.
    """

    def __init__(
        self,
        place: Workplace,
        actors: Mapping[StageName, int],
        total: int,
        pools: ActorPools | None = None,
    ) -> None:
        from pipeline import assembly

        self._place = place
        self._ledger: Ledger = assembly.open_ledger(place.settings, place.urls)
        self._progress = assembly.open_progress(place.settings, place.urls, place.run)
        self._pools = pools or ActorPools(place, actors)
        self._flow = Flow(blames=place.settings.run.attempts)
        self._claims = Claims(total=total)
        self._mode = Mode(BY_CHOICE if place.settings.acceleration == "off" else "")
        self._embeddings = CacheUse()
        self._growth = Growth()
        self._events = Events()
        self._draining = False
        patience, stopping = place.settings.run.patience_seconds, lambda: self._draining
        self._thread = LedgerThread(patience, stopping=stopping)
        self._pulse = Pulse(patience, stopping)
        self._lease = Lease(place, self._ledger, self._thread, self._mode)
        look = assembly.open_backlog(place.settings, place.urls)
        self._persisting = Persisting(
            place.settings.run,
            self._pools.drain,
            look,
            self._mode,
            self._pulse,
            self._all_processed,
        )
        self._resolving = Resolving(self._pools.resolve, self._pulse)
        publisher_of = assembly.open_publishers(place.settings, place.urls)
        self._settlement = Settlement(
            place, self._ledger, publisher_of, self._thread, self._claims, self._flow
        )
        self._admission = Admission(
            place,
            self._ledger,
            self._claims,
            self._flow,
            self._pools.identify,
            self._pulse,
            self._lease,
            self._events,
            self._settlement,
            stopping,
        )
        self._outlook = Outlook(
            place.settings.run,
            self._claims,
            self._flow,
            self._mode,
            self._persisting,
            self._resolving,
            self._admission,
            self._thread,
            self._pulse,
            self._load,
        )

    # -- what the driver calls ---------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """Say where the run is."""
        return self._outlook.snapshot(draining=self._draining)

    async def drain(self) -> None:
        """Begin nothing new, let running calls finish, persist what they gave, and end."""
        self._draining = True
        self._outlook.state = "stopping"

    async def run(self) -> RunResult:
        """Run until nothing is left, or until running calls are done after `drain`."""
        self._events.watch(self._lease.keep(), again_and_again(self._publish_progress))
        try:
            self._events.watch_tasks(await self._pools.start(self._flow.grow))
            self._outlook.state = "stopping" if self._draining else "running"
            self._events.watch(self._persisting.keep(self._persisted), self._persisting.watch())
            self._events.watch(self._resolving.keep())
            await self._loop()
            if not self._draining:
                await self._fill_vectors()
                await self._catch_up()
            return await self._end("stopped" if self._draining else "finished")
        except StoppedWaitingError as error:
            return await self._end("stopped", str(error))
        except CasegraphError as error:
            return await self._end("failed", str(error))
        except Exception as error:
            logger.exception("the run ended by a fault of its own")
            result = await self._end("failed", own_fault(error))
            return result.model_copy(update={"by_own_fault": True})
        finally:
            self._events.cancel()

    # -- the loop ----------------------------------------------------------------------------

    async def _loop(self) -> None:
        """Claim, dispatch, and take events, until nothing is left to do."""
        while True:
            self._events.check()
            if not self._draining:
                self._admission.admit(self._load())
                self._dispatch()
            if self._nothing_left():
                if self._draining:
                    return
                self._persisting.more()
                if not await self._settlement.readmit() and not await self._admission.look_again(
                    self._load()
                ):
                    return
                continue
            await self._events.handle()

    def _load(self) -> Load:
        return Load(
            unprocessed=self._flow.unprocessed,
            waiting=self._admission.waiting,
            backlog=self._persisting.backlog,
            free_memory=available_bytes(),
            grown=self._growth.bytes,
            unread=self._flow.unread,
            at_first=self._flow.at_first,
            at_once=self._flow.at_once,
        )

    def _nothing_left(self) -> bool:
        """Say whether all that was begun is processed and the queue is empty."""
        if self._draining:
            return self._has_stopped()
        if self._events.are_coming or not self._persisting.drained:
            return False
        held = self._flow.unprocessed + self._admission.waiting
        return not held and self._admission.exhausted

    def _has_stopped(self) -> bool:
        """Say whether a run that is to stop waits for nothing more. Calls that run are waited for,
        unless neither Redis nor PostgreSQL would take what they give.
        """
        if self._thread.given_up and self._mode.name != ACCELERATED:
            return True
        persisting = self._persisting
        return not self._events.are_coming and (persisting.drained or persisting.given_up)

    # -- stages ------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Send the calls that the flow asks for; not once the run is stopping.

        What a document has behind it when a run stops are its checkpoints: the next run goes on
        from there, so there is no need to finish the documents that are begun.
        """
        for call in self._flow.calls():
            self._outlook.begin()
            self._events.spawn(self._call(call))

    async def _call(self, call: Call) -> None:
        """Make one call; one that was lost, or found no store, gives its contents back."""
        try:
            answer = await self._pools.run(call)
        except CallLostError as error:
            await self._events.put(partial(self._lost, call, error))
        except TemporaryError as error:
            self._pulse.no_answer(error)
            await asyncio.sleep(RETRY_SECONDS)
            await self._events.put(partial(self._postponed, call))
        else:
            await self._events.put(partial(self._finished, call, answer))

    async def _finished(self, call: Call, answer: Answer) -> None:
        self._pulse.heard()
        self._persisting.more()
        self._mode.heard_of(call.stage, call.actor, answer.trouble, self._flow.resting())
        self._embeddings = self._embeddings.joined(answer.embeddings)
        self._claims.waits.add([task.content_id for task in call.tasks], answer.waited)
        before = self._flow.processed
        blames = self._flow.finished(call, answer.outcomes)
        self._claims.count_processed(self._flow.processed - before)
        await self._settlement.blame(blames)
        for task, outcome in zip(call.tasks, answer.outcomes, strict=True):
            if outcome.is_sourceless:
                await self._settlement.reread(task, outcome)
        await self._settle(answer.persisted or Persisted())
        await self._settlement.resume()

    async def _lost(self, call: Call, why: CallLostError) -> None:
        await self._settlement.blame(self._flow.lost(call, why.code, str(why)))
        await self._settlement.count_again(task.content_id for task in call.tasks)
        self._pulse.moved()

    async def _postponed(self, call: Call) -> None:
        self._flow.postponed(call)

    async def _settle(self, persisted: Persisted) -> None:
        await self._settlement.take(persisted)
        if persisted.members_admitted:
            self._admission.exhausted = False

    # -- persistence -------------------------------------------------------------------------

    def _all_processed(self) -> bool:
        """Say whether nothing more is on its way into the queue."""
        return not self._events.are_coming and (self._draining or not self._flow.unprocessed)

    async def _persisted(self, report: Drained, processed: bool) -> None:
        await self._events.put(partial(self._drained, report, processed))

    async def _drained(self, report: Drained, processed: bool) -> None:
        """Hear what became durable, and what is left."""
        self._persisting.heard(report, processed)
        await self._settle(report.persisted)

    async def _fill_vectors(self) -> None:
        """Compute the vectors that are in no cache, now that nothing waits for it."""
        async for some in filled(self._pools, self._pulse):
            self._outlook.state = "embedding" if some else self._outlook.state
            if self._draining:
                return

    async def _catch_up(self) -> None:
        """Wait until the entities are those of all that was published. Raises what is wrong with
        settling them: it has not kept documents from being done.
        """
        resolving = self._resolving
        resolving.hurry()
        while not (resolving.done or resolving.given_up or self._draining):
            self._outlook.state = RESOLVING
            self._events.check()
            if resolving.fault is not None:
                raise resolving.fault
            await self._events.handle()

    # -- the rest ----------------------------------------------------------------------------

    async def _publish_progress(self) -> None:
        """Tell `status` of other processes where the run is."""
        snapshot = await self.snapshot()
        with suppress(StoppedWaitingError):
            await self._thread.ask(self._progress, snapshot.model_dump_json())

    async def _end(self, outcome: str, reason: str = "") -> RunResult:
        """Give back what was claimed and not finished, and say how it went. Who began the run ends
        it.
        """
        result = self._settlement.result(
            outcome, reason, self._outlook.seconds, self._mode, self._embeddings
        )
        result = result.model_copy(update={"behind": self._resolving.given_up})
        # A run that ends since PostgreSQL is away does not wait for it once more.
        ask = self._thread.ask_once if outcome == "failed" else self._thread.ask
        try:
            await ask(self._ledger.release, self._place.run)
        except TemporaryError as error:
            result = result.model_copy(update={"reason": reason or str(error)})
        await self._pools.close()
        return result
