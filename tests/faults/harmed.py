"""A whole run with small stages, harmed while it is on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from actors.run_result import RunResult
from faults.proxy import Proxy
from faults.small_run import Outcome, SmallRun
from pipeline.errors import CasegraphError

PATIENT = 90.0
DOCUMENTS = 48


@dataclass
class Harmed:
    """A run of `DOCUMENTS`, beside which a test harms a server or the line to it.

    `looking` is the same project seen past the line.
    """

    run: SmallRun
    looking: SmallRun
    line: Proxy

    @contextmanager
    def going(self) -> Iterator[list[RunResult]]:
        """Run beside the block, which begins when some documents are completed; join after it.

        The list it gives has the run's result from then on.
        """
        results: list[RunResult] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                results.append(self.run())
            except BaseException as error:
                failed.append(error)
                raise

        thread = threading.Thread(target=work, name="run")
        thread.start()
        try:
            self.until(lambda: self.done() >= DOCUMENTS // 8)
            yield results
        finally:
            thread.join(PATIENT)
        assert not thread.is_alive(), "the run does not end"
        assert not failed, failed
        assert len(results) == 1

    def done(self) -> int:
        """Count the completed documents, as PostgreSQL says."""
        return self.looking.counts()["completed"]

    def until(self, true: Callable[[], bool]) -> None:
        """Poll until something holds."""
        deadline = time.monotonic() + PATIENT
        while not _holds(true):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def after(self, documents: int) -> None:
        """Wait until so many more documents are completed, or all are."""
        done = self.done()
        self.until(lambda: self.done() >= done + documents or not self.looking.left())

    def outcome(self) -> Outcome:
        """Say what has come out."""
        return self.looking.digest(), self.looking.counts()


def _holds(true: Callable[[], bool]) -> bool:
    """Ask; no while PostgreSQL is away."""
    try:
        return true()
    except CasegraphError:
        return False
