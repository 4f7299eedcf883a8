"""Whether a run is to end before all is done, and why."""

from __future__ import annotations

from dataclasses import dataclass

from actors.run_result import OVER_BUDGET
from pipeline.errors import OverBudgetError, UnavailableError


@dataclass
class Ending:
    """One run's end. `begun` says that nothing new is begun; `error` that this is not because a
    person asked: what a stage needs for all documents alike, such as a language model, cannot be
    had any more.
    """

    begun: bool = False
    error: UnavailableError | None = None

    def begin(self, error: UnavailableError | None = None) -> bool:
        """Begin to end, and say whether it had not begun. The first reason stays."""
        first, self.begun = not self.begun, True
        if first:
            self.error = error
        return first

    @property
    def outcome(self) -> str:
        """Say how the run ends, in the word of `RunResult`."""
        if not self.begun:
            return "finished"
        if self.error is None:
            return "stopped"
        return OVER_BUDGET if isinstance(self.error, OverBudgetError) else "failed"

    @property
    def reason(self) -> str:
        """Say why, in one line; empty where a person asked, and for one that has not begun."""
        return "" if self.error is None else str(self.error)
