"""Runs the flow: claims documents, asks the stage actors, watches the queue drain, reports.

An async actor without CPU work. It owns no truth: what it knows can be rebuilt from PostgreSQL,
and a run that is started again goes on where this one ended. Its own calls to PostgreSQL go to one
thread, so that they happen one after the other; documents are taken in beside that.
"""

from __future__ import annotations

import logging
from functools import partial

from actors.actor_log import begin_log
from actors.actor_pools import ActorPools
from actors.admission import Admission
from actors.balancing import Balancing
from actors.bounds import Load
from actors.broadcast import Broadcast
from actors.claims import Claims, Expected
from actors.crew import Crew
from actors.dispatch import Dispatch
from actors.ending import Ending
from actors.events import Events
from actors.flow import Flow
from actors.lease import Lease
from actors.ledger_thread import LedgerThread
from actors.memory import Growth, available_bytes
from actors.metrics import Meters, on_ray
from actors.mode import ACCELERATED, Mode
from actors.outlook import Outlook
from actors.persistence_actor import Drained
from actors.persisting import Persisting
from actors.progress import EMBEDDING, LOOKING, RESOLVING, Snapshot, again_and_again
from actors.pulse import Pulse
from actors.ranges import Ranges
from actors.resolving import Resolving
from actors.run_result import RunResult, own_fault
from actors.settlement import Settlement
from actors.tally import Tally
from actors.vectors import filled
from actors.workplace import Workplace
from pipeline.errors import CasegraphError, StoppedWaitingError, TemporaryError, UnavailableError
from pipeline.stage import STAGES
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import Persisted

logger = logging.getLogger(__name__)


class RunCoordinator:
    """One run of one project, of as many documents as are `expected`; while that may become more
    the run does not end.

    `pools` starts its actors and asks them: on Ray, unless something else is given.
    """

    def __init__(
        self, place: Workplace, expected: Expected, pools: ActorPools | None = None
    ) -> None:
        from pipeline import assembly

        # Others are sent it as it came: each node opens it for itself.
        self._pools = pools or ActorPools(place)
        place = place.opened()
        begin_log(place, "coordinator")
        self._place = place
        self._ledger: Ledger = assembly.open_ledger(place.settings, place.urls)
        self._flow = Flow(
            Crew(waits=place.waits),
            blames=place.settings.run.attempts,
            ranges=Ranges(place.settings.run.pages_at_once),
        )
        self._claims = Claims(expected.total, expected)
        self._tally = Tally(Meters(place.called, None if pools else on_ray), self._claims.waits)
        self._mode = Mode.of(place.settings.acceleration)
        self._growth = Growth()
        self._events = Events()
        self._ending = Ending()
        patience, stopping = place.settings.run.patience_seconds, lambda: self._ending.begun
        self._thread = LedgerThread(patience, stopping=stopping)
        self._pulse = Pulse(patience, stopping)
        self._lease = Lease(place, self._ledger, self._thread, self._mode)
        self._balancing = Balancing(
            place, self._pools, self._flow, self._claims, self._mode, self._pulse, self._events,
            stopping,
        )  # fmt: skip
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
            self._balancing.identify,
            self._pulse,
            self._lease,
            self._events,
            self._settlement,
            stopping,
        )
        self._dispatch = Dispatch(
            self._pools.run,
            place.last,
            self._flow,
            self._claims,
            self._tally,
            self._mode,
            self._pulse,
            self._events,
            self._persisting,
            self._settlement,
            self._settle,
            self._ending,
            self._stop,
            self._balancing.bear,
        )
        self._outlook = Outlook(
            place.settings.run,
            self._claims,
            self._tally,
            self._flow,
            self._mode,
            self._persisting,
            self._resolving,
            self._admission,
            self._thread,
            self._pulse,
            self._load,
        )
        self._broadcast = Broadcast(place, self._ledger, self._thread, self._tally, self._mode)

    # -- what the driver calls ---------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """Say where the run is."""
        return self._outlook.snapshot(draining=self._ending.begun)

    async def expect(self, expected: Expected) -> None:
        """Hear how many documents there are by now; end if the walk over the sources has failed.
        Hearing the same once more changes nothing.
        """
        if self._claims.expect(expected):
            self._admission.more()
        if expected.failed:
            self._stop()

    async def drain(self) -> None:
        """Begin nothing new, let running calls finish, persist what they gave, and end."""
        self._stop()

    def _stop(self, error: UnavailableError | None = None) -> None:
        """Begin to end, and tell those who would keep it waiting."""
        if self._ending.begin(error):
            self._outlook.state = "stopping"
            self._events.watch(self._pools.stop())

    async def run(self) -> RunResult:
        """Run until nothing is left, or until running calls are done after `drain`."""
        self._events.watch(self._lease.keep(), again_and_again(self._publish_progress))
        try:
            costs = await self._thread.ask(self._ledger.stage_seconds, self._place.project)
            await self._balancing.start(costs)
            self._events.watch(self._balancing.keep())
            self._outlook.ready("stopping" if self._ending.begun else "running")
            self._events.watch(self._persisting.keep(self._persisted), self._persisting.watch())
            self._events.watch(self._resolving.keep())
            await self._loop()
            if not self._ending.begun and self._place.last is STAGES[-1]:
                await self._fill_vectors()
                await self._catch_up()
            return await self._end(self._ending.outcome, self._ending.reason)
        except StoppedWaitingError as error:
            self._ending.begin()
            return await self._end(self._ending.outcome, self._ending.reason or str(error))
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
            if not self._ending.begun:
                self._admission.admit(self._load())
                if self._dispatch.send():
                    self._outlook.begin()
            if self._nothing_left():
                if self._ending.begun:
                    return
                self._persisting.more()
                if await self._settlement.readmit():
                    continue
                if not self._claims.expected.more:
                    self._outlook.state = "running"
                    if await self._admission.look_again(self._load()):
                        continue
                    return
                self._outlook.state = LOOKING
            await self._events.handle()

    def _load(self) -> Load:
        return self._admission.load(self._persisting.backlog, available_bytes(), self._growth.bytes)

    def _nothing_left(self) -> bool:
        """Say whether all that was begun is processed and the queue is empty."""
        if self._ending.begun:
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

    async def _settle(self, persisted: Persisted) -> None:
        await self._settlement.take(persisted)
        if persisted.members_admitted:
            self._admission.more()

    def _all_processed(self) -> bool:
        """Say whether nothing more is on its way into the queue."""
        return not self._events.are_coming and (self._ending.begun or not self._flow.unprocessed)

    async def _persisted(self, report: Drained, processed: bool) -> None:
        await self._events.put(partial(self._drained, report, processed))

    async def _drained(self, report: Drained, processed: bool) -> None:
        """Hear what became durable, and what is left."""
        self._persisting.heard(report, processed)
        await self._settle(report.persisted)

    async def _fill_vectors(self) -> None:
        """Compute the vectors that are in no cache, now that nothing waits for it."""
        async for some in filled(self._pools, self._pulse):
            self._outlook.state = EMBEDDING if some else self._outlook.state
            if self._ending.begun:
                return

    async def _catch_up(self) -> None:
        """Wait until the entities are those of all that was published. Raises what is wrong with
        settling them: it has not kept documents from being done.
        """
        resolving = self._resolving
        resolving.hurry()
        while not (resolving.done or resolving.given_up or self._ending.begun):
            self._outlook.state = RESOLVING
            self._events.check()
            if resolving.fault is not None:
                raise resolving.fault
            await self._events.handle()

    # -- the rest ----------------------------------------------------------------------------

    async def _publish_progress(self) -> None:
        """Tell others where the run is."""
        self._outlook.spent = await self._broadcast.look()
        await self._broadcast.send(await self.snapshot(), self._persisting.backlog)

    async def _end(self, outcome: str, reason: str = "") -> RunResult:
        """Give back what was claimed and not finished, and say how it went; who began ends it."""
        result = self._settlement.result(
            outcome, reason, self._outlook.seconds, self._mode, self._dispatch.embeddings
        )
        behind, work = self._resolving.given_up, self._tally.work()
        result = result.model_copy(update={"behind": behind, "work": work})
        # A run that ends since PostgreSQL is away does not wait for it once more.
        ask = self._thread.ask_once if outcome == "failed" else self._thread.ask
        try:
            await ask(self._ledger.release, self._place.run)
        except TemporaryError as error:
            result = result.model_copy(update={"reason": reason or str(error)})
        await self._pools.close()
        await self._broadcast.ended(result, await self.snapshot(), self._persisting.backlog)
        return result
