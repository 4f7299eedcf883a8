"""Taking in what the sources hold: a walk over them, in a thread of its own beside the work.

Each file is in PostgreSQL before anything is done with it, in batches, and none of them stays here.
What the walk goes through is one state after the other: at work, then over, having found all, been
told to stop, or failed. It is not repeated: what it has found is in a table of its connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from actors.claims import Expected
from actors.progress import LOOKING, Snapshot
from actors.report import ALL_FOUND, NotFound
from actors.request import Request, split_by_size, uris
from actors.stop import Stop
from actors.turns import Asking
from pipeline.documents import DocumentStatus
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.stores.ledger import Ledger
from pipeline.stores.ledger_values import Recorded
from pipeline.walking import FoundFile

SHOWN = 3
LOOK_SECONDS = 0.1
AT_FIRST_SECONDS = 1.0
"""For so long a walk is waited for although there is work: most are over by then, and it is known
how much there is to do before anything starts.
"""
LEAVE_SECONDS = 1.0


class Record(Protocol):
    """Writes down a batch of files of a project."""

    def __call__(
        self, project: str, found: Sequence[FoundFile], /, *, rehash: bool = False
    ) -> Recorded:
        """Do so, and say what they were. Raises TemporaryError."""
        ...


class Intake:
    """The documents that a command is to work on: those that its project has open, and those that
    a walk over the sources finds, which `record` writes down. `not_found` is what the project has
    there and the walk did not come across; none unless it went to its end.
    """

    def __init__(
        self,
        request: Request,
        max_file_bytes: int,
        batches: Iterable[Sequence[FoundFile]],
        ledger: Ledger,
        record: Record,
        project: str,
        ask: Asking,
        stop: Stop,
    ) -> None:
        counts = ask(ledger.counts, project)
        self._settled = counts[DocumentStatus.COMPLETED] + counts[DocumentStatus.FAILED]
        self._open = ask(ledger.pending_count, project)
        self._request, self._max_file_bytes = request, max_file_bytes
        self._ledger, self._project, self._ask = ledger, project, ask
        self._record_files = record
        self._stop, self._left = stop, False
        self._error: BaseException | None = None
        self._over = threading.Event()
        self._recording = threading.Lock()
        self._turned = False
        self._thread = threading.Thread(
            target=self._walk, args=(batches,), name="walk", daemon=True
        )
        self.found = 0
        self.not_found = ALL_FOUND

    @property
    def settled(self) -> int:
        """Count the documents that were completed or failed before, and that the walk has left so:
        those that it has come to so far.
        """
        return self._settled

    def expected(self) -> Expected:
        """Say how much there is to do, and whether the walk may find more."""
        over = self._over.is_set()
        return Expected(self._open, more=not over, failed=self._error is not None)

    def begin(self, show: Callable[[Snapshot], None]) -> None:
        """Start to walk, and wait until there is something to work on, the walk is over, or it is
        to stop. Raises what ended the walk.
        """
        self._thread.start()
        try:
            late = time.monotonic() + AT_FIRST_SECONDS
            while not self._over.wait(LOOK_SECONDS) and not self._stop.asked:
                if self._open > 0 and time.monotonic() > late:
                    break
                self._show(show)
            self._show(show)
            self.check()
        except BaseException:
            self.close()
            raise

    def to_do(self) -> Callable[[], Expected]:
        """Say what there is to work on now, for one turn of work, and on: as the walk has it, less
        what turns before have settled, until that is over; what PostgreSQL says after it. Raises
        what ended the walk.
        """
        self.check()
        with self._recording:
            left = self._ask(self._ledger.pending_count, self._project)
            settled = self._open - left if self._turned else 0
            self._turned = True
        if not self.expected().more:
            return lambda: Expected(left)

        def now() -> Expected:
            known = self.expected()
            return replace(known, total=known.total - settled)

        return now

    def check(self) -> None:
        """Raise what ended the walk before its end: UsageError for a source that is not there any
        more, UnavailableError where PostgreSQL, or a store that is walked over, went away.
        """
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Let the walk end after the files that it is at, and hardly wait for it."""
        self._left = True
        if self._thread.ident is not None:
            self._thread.join(LEAVE_SECONDS)

    def _show(self, show: Callable[[Snapshot], None]) -> None:
        show(Snapshot(state=LOOKING, total=self.found, more=not self._over.is_set()))

    def _walk(self, batches: Iterable[Sequence[FoundFile]]) -> None:
        """Walk; whoever waits for it hears what went wrong."""
        try:
            self._take_down(batches)
        except TemporaryError as error:
            self._error = UnavailableError(
                f"{error}; {self.found:,} files are taken down: run again when it is back"
            )
            self._error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - it is raised where the walk is waited for
            self._error = error
        finally:
            self._over.set()

    def _take_down(self, batches: Iterable[Sequence[FoundFile]]) -> None:
        """Write down the files that the walk finds, and say which documents it does not find again.
        Raises TemporaryError if PostgreSQL, or a store that is walked over, goes away.
        """
        with self._ledger.roll_call(self._project) as roll:
            for batch in batches:
                if self._stop.asked or self._left:
                    return
                self._record(roll.found(batch))
                self.found += len(batch)
            if self._stop.asked or self._left:
                return
            sources = uris(self._request.sources)
            count = roll.missing(sources)
            self.not_found = NotFound(count, roll.missing_some(sources, SHOWN) if count else ())

    def _record(self, files: Sequence[FoundFile]) -> None:
        """Write files down. Work goes on beside it, and may have locked what changed: that passes,
        and is waited for.
        """
        small, large = split_by_size(files, self._max_file_bytes)
        rehash = self._request.rehash
        with self._recording:
            self._count(self._ask(self._record_files, self._project, small, rehash=rehash))
            self._count(self._ask(self._ledger.record_skipped, self._project, large))

    def _count(self, recorded: Recorded) -> None:
        self._open += recorded.opened
        self._settled -= recorded.unsettled
