"""Where a run is, put together from all that knows a part of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from actors.admission import Admission
from actors.bounds import Load, shortage
from actors.claims import Claims
from actors.flow import Flow
from actors.ledger_thread import LedgerThread
from actors.mode import Mode
from actors.persisting import Persisting
from actors.progress import AT_THE_END, LOOKING, RESOLVING, STARTING, Snapshot, note, stuck
from actors.progress import stalled as in_words
from actors.pulse import Pulse
from actors.resolving import Resolving
from actors.tally import Tally
from pipeline.llm.spending import NOTHING_SPENT
from pipeline.settings import RunSettings


class Outlook:
    """What one run says of itself. `state` is a word for what it does; time runs from the first
    call to a stage on. `spent` is what is known of its language models' cost.
    """

    def __init__(
        self,
        run: RunSettings,
        claims: Claims,
        tally: Tally,
        flow: Flow,
        mode: Mode,
        persisting: Persisting,
        resolving: Resolving,
        admission: Admission,
        thread: LedgerThread,
        pulse: Pulse,
        load: Callable[[], Load],
    ) -> None:
        self._run = run
        self._claims = claims
        self._tally = tally
        self._flow = flow
        self._mode = mode
        self._persisting = persisting
        self._resolving = resolving
        self._admission = admission
        self._thread = thread
        self._pulse = pulse
        self._load = load
        self._began: float | None = None
        self.state = STARTING
        self.spent = NOTHING_SPENT

    def begin(self) -> None:
        """Take down that a stage is called."""
        self._began = self._began or time.monotonic()
        if self.state == LOOKING:
            self.state = "running"
            self._pulse.moved()

    def ready(self, state: str) -> None:
        """Take down that there are actors now: from now on something should move."""
        self.state = state
        self._pulse.moved()

    @property
    def seconds(self) -> float:
        """Say for how long stages have been at work."""
        return time.monotonic() - self._began if self._began else 0.0

    def snapshot(self, *, draining: bool) -> Snapshot:
        """Say where the run is. One that is `draining` takes nothing in whatever there is."""
        claims, queued = self._claims, self._flow.queued()
        at_work, backlog = (
            self._tally.at_work(self._flow.crew.slots()),
            self._persisting.backlog.entries,
        )
        said, stalled, still = self._waiting(draining), "", self._still
        if not said and still >= self._run.stall_seconds:
            stalled = AT_THE_END.get(self.state) or stuck(at_work, queued, backlog)
            said = in_words(stalled, still, at_work, queued, backlog)
        return Snapshot(
            total=max(claims.total, claims.completed + claims.failed),
            more=claims.expected.more,
            processed=claims.processed,
            completed=claims.completed,
            failed=claims.failed,
            queue=backlog,
            changes=self._resolving.pending,
            mode=self._mode.name,
            reason=self._mode.reason,
            seconds=self.seconds,
            done=dict(self._flow.done),
            queued=queued,
            state=self.state,
            note=said,
            at_work=at_work,
            stalled=stalled,
            still=still,
            caches=self._tally.caches,
            spent=self.spent,
        )

    def _waiting(self, draining: bool) -> str:
        """Say what is waited for, and known; empty for nothing."""
        trouble = self._thread.trouble or self._admission.trouble or self._pulse.trouble
        return note(trouble, "" if draining else shortage(self._load(), self._run))

    @property
    def _still(self) -> float:
        """Say for how long nothing has moved, where it should have. While only entities are
        settled, which takes minutes where all names have to be, it is the turns of the registry
        that should come to their ends.
        """
        if self.state == RESOLVING:
            return self._resolving.silent_seconds
        return 0.0 if self.state in {STARTING, LOOKING} else self._pulse.still_seconds
