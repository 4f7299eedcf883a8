"""Makes the calls of a run's stages, and takes in what they come to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from actors.calls import Answer, Call
from actors.claims import Claims
from actors.ending import Ending
from actors.events import Events
from actors.flow import Flow
from actors.hosted_actor import NoStartError
from actors.mode import Mode
from actors.persisting import Persisting
from actors.pulse import RETRY_SECONDS, Pulse
from actors.settlement import Settlement
from actors.stage_pools import CallLostError, NodeLostError
from actors.tally import Tally
from pipeline.documents import StageName
from pipeline.errors import StoppedWaitingError, TemporaryError, UnavailableError
from pipeline.stage import STAGES
from pipeline.stores.protocols import CacheUse, Persisted

NODE_LOST = "node_lost"
"""The error of a document that nodes go down with, time and again."""


class Dispatch:
    """The calls of one run. `run` makes one; contents that have `last` go no further; `settle`
    hears what became durable, `stop` why the run is to end, and `bear` says whether it can go on
    without an actor that cannot be started. `embeddings` says what the embedding
    cache was asked for by all of them, `tally` keeps what they came to.
    """

    def __init__(
        self,
        run: Callable[[Call], Awaitable[Answer]],
        last: StageName,
        flow: Flow,
        claims: Claims,
        tally: Tally,
        mode: Mode,
        pulse: Pulse,
        events: Events,
        persisting: Persisting,
        settlement: Settlement,
        settle: Callable[[Persisted], Awaitable[None]],
        ending: Ending,
        stop: Callable[[UnavailableError], None],
        bear: Callable[[StageName, str, NoStartError], bool],
    ) -> None:
        self._run = run
        self._last = last
        self._flow = flow
        self._claims = claims
        self._tally = tally
        self._mode = mode
        self._pulse = pulse
        self._events = events
        self._persisting = persisting
        self._settlement = settlement
        self._settle = settle
        self._ending = ending
        self._stop = stop
        self._bear = bear
        self.embeddings = CacheUse()

    def send(self) -> int:
        """Send the calls that the flow asks for, and return how many; not for a run that is to end.

        What a document has behind it when a run stops are its checkpoints: the next run goes on
        from there, so there is no need to finish the documents that are begun.
        """
        calls = self._flow.calls()
        for call in calls:
            self._tally.sent(call)
            self._events.spawn(self._call(call))
        return len(calls)

    async def _call(self, call: Call) -> None:
        """Make one call; one that was lost, or found no store, gives its contents back. So does one
        without something that all documents need, such as a language model or the money for it:
        with that the run ends.
        """
        try:
            answer = await self._run(call)
        except CallLostError as error:
            await self._events.put(partial(self._lost, call, error))
        except NodeLostError as error:
            await self._events.put(partial(self._displaced, call, error))
        except StoppedWaitingError:
            await asyncio.sleep(0.0 if self._ending.begun else RETRY_SECONDS)
            await self._events.put(partial(self._postponed, call))
        except TemporaryError as error:
            self._pulse.no_answer(error)
            await asyncio.sleep(RETRY_SECONDS)
            await self._events.put(partial(self._postponed, call))
        except NoStartError as error:
            await self._events.put(partial(self._not_asked, call, error))
        except UnavailableError as error:
            self._stop(error)
            await self._events.put(partial(self._postponed, call))
        else:
            await self._events.put(partial(self._finished, call, answer))

    async def _finished(self, call: Call, answer: Answer) -> None:
        self._pulse.heard()
        self._persisting.more()
        self._mode.heard_of(call.stage, call.actor, answer.trouble, self._flow.resting())
        self.embeddings = self.embeddings.joined(answer.embeddings)
        self._tally.answered(call, answer)
        self._tally.heard_mode(self._mode.name, self._mode.reason)
        self._claims.waits.add([task.content_id for task in call.tasks], answer.waited)
        blames = self._flow.finished(call, answer.outcomes)
        self._claims.count_processed(self._flow.newly_processed())
        if call.stage is self._last is not STAGES[-1]:
            # Nothing of it will be published, which is what else lets go of it.
            read = [outcome.content_id for outcome in answer.outcomes if outcome.link]
            self._flow.forget(read)
            for content in read:
                self._claims.set_aside(self._claims.abandon(content))
        await self._settlement.blame(blames)
        for task, outcome in zip(call.tasks, answer.outcomes, strict=True):
            if outcome.is_sourceless:
                await self._settlement.reread(task, outcome)
        await self._settle(answer.persisted or Persisted())
        await self._settlement.resume()

    async def _lost(self, call: Call, why: CallLostError) -> None:
        self._tally.lost(call)
        if why.no_start is not None:
            self._without(call, why.no_start)
        blames = self._flow.lost(call, why.code, str(why), why.log_tail)
        await self._settlement.blame(blames)
        await self._settlement.count_again(task.content_id for task in call.tasks)
        self._pulse.moved()

    async def _displaced(self, call: Call, why: NodeLostError) -> None:
        self._tally.lost(call)
        for stage, actor in (*why.actors, (call.stage, call.actor)):
            self._let_go(stage, actor)
        await self._settlement.blame(self._flow.displaced(call, NODE_LOST, str(why)))
        await self._settlement.count_again(task.content_id for task in call.tasks)
        self._pulse.moved()

    def _without(self, call: Call, why: NoStartError) -> None:
        """Go on without an actor that cannot be started again, or end if the stage has no other."""
        self._let_go(call.stage, call.actor)
        node = self._flow.crew.node_of(call.stage, call.actor)
        if not self._bear(call.stage, node, why):
            self._stop(why)

    def _let_go(self, stage: StageName, actor: int) -> None:
        """Give an actor no more calls, and think no more of what it said."""
        self._flow.crew.shrink(stage, actor)
        self._mode.forget(stage, actor)

    async def _not_asked(self, call: Call, why: NoStartError) -> None:
        self._without(call, why)
        await self._postponed(call)

    async def _postponed(self, call: Call) -> None:
        self._tally.postponed(call)
        self._flow.postponed(call)
