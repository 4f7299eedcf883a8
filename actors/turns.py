"""The runs that one command makes in PostgreSQL, one after the other, and what it asks there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from actors.run_result import INTERRUPTED, RunResult, nothing_done
from pipeline.errors import CasegraphError, StoppedWaitingError, TemporaryError
from pipeline.llm.spending import NOTHING_SPENT, Spent
from pipeline.patience import Stopping, lost_patience, patient
from pipeline.stores.ledger import Ledger
from pipeline.stores.llm_account import LlmAccount

P = ParamSpec("P")
T = TypeVar("T")


class Asking:
    """Questions to PostgreSQL that are repeated for so long while it is away."""

    def __init__(self, seconds: float, stopping: Stopping) -> None:
        self._seconds = seconds
        self._stopping = stopping

    def __call__(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function. Raises `lost_patience` when what is temporary lasted for too long."""
        try:
            return patient(self._seconds, self._stopping)(function, *arguments, **named)
        except TemporaryError as error:
            raise lost_patience(error, self._seconds, self._stopping) from error


class Budget:
    """What a command may spend on language models, in millionths of a US dollar, in all its turns;
    None for whatever it comes to.
    """

    def __init__(self, account: LlmAccount, ask: Asking, at_most: int | None) -> None:
        self._account, self._ask, self._at_most = account, ask, at_most
        self._runs: list[str] = []

    def begin(self, run: str) -> None:
        """Let a run have what is left."""
        if self._at_most is not None:
            spent = self._ask(self.spent)
            # What a process that died was asking may be paid for.
            left = max(self._at_most - spent.cost - spent.set_aside, 0)
            self._ask(self._account.allow, run, left)
        self._runs.append(run)

    def spent(self) -> Spent:
        """Sum up what was asked and paid in all turns so far. Raises TemporaryError."""
        return self._account.spent(self._runs) if self._runs else NOTHING_SPENT


class Turns:
    """The turns of a command at a project. A turn that has come to its end keeps its lease until
    it is left: the command has to read the sum, and nobody is to stop PostgreSQL before.
    """

    def __init__(self, ledger: Ledger, ask: Asking, project: str, lease_seconds: float) -> None:
        self._ledger, self._ask = ledger, ask
        self._project, self._lease_seconds = project, lease_seconds
        self._run = ""
        self._result: RunResult | None = None

    def begin(self) -> str:
        """Begin a run, and return its id."""
        self.leave()
        self._run = self._ask(self._ledger.start_run, self._project, self._lease_seconds)
        return self._run

    def ended(self, result: RunResult) -> None:
        """Hear how the run ended, and take statistics for what is read next."""
        if result.outcome == INTERRUPTED:
            # Who is still at it, being cut off only, must not go on before another one begins.
            summary = result.model_dump(mode="json")
            self._ask(self._ledger.end_run, self._run, result.outcome, summary)
            self._ask(self._ledger.release, self._run)
            return
        self._result = result
        # Who lost patience with PostgreSQL does not begin to wait anew.
        if not result.reason:
            self._ask(self._ledger.take_statistics)
            self._ask(self._ledger.renew, self._run, self._lease_seconds)

    def keep(self, reason: str) -> None:
        """Have the turn that has ended keep its lease for one step more of what comes after it,
        unless there is a reason why that did not come to its end.
        """
        if self._result is not None and not reason:
            with suppress(TemporaryError):
                self._ledger.renew(self._run, self._lease_seconds)

    def broken(self, error: CasegraphError) -> None:
        """Hear that the run could not be carried out, or not to its end. Who may be at it still,
        being cut off only, must not go on.
        """
        outcome = "stopped" if isinstance(error, StoppedWaitingError) else "failed"
        summary = nothing_done(outcome, str(error)).model_dump(mode="json")
        with suppress(TemporaryError):
            self._ledger.end_run(self._run, outcome, summary)
            self._ledger.release(self._run)

    def leave(self) -> None:
        """Write down how the run ended. If that does not arrive, its lease runs out."""
        result, self._result = self._result, None
        if result is not None:
            with suppress(TemporaryError):
                summary = result.model_dump(mode="json")
                self._ledger.end_run(self._run, result.outcome, summary)
