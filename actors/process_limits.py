"""What one call of a stage may cost the process that is the stage's own."""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from actors.deaths import ran_out_of_memory
from actors.memory import allow_all, allow_more
from actors.time_limit import LimitedPages, LimitedStage, TimeLimit, characters_of
from actors.workplace import Workplace
from pipeline.documents import Payload, StageName
from pipeline.stage import ReadsPages, Stage
from pipeline.stage_limits import CLOCK_PER_CPU

START_SHARE = 0.9
"""Of the time to start, after which is written down what has not been done yet."""
ENDED = 1


class ProcessLimits:
    """The limits of a process that hosts nothing but one stage. `late` is the file in which it says
    where it was when its time was over; without a name standard error is.
    """

    def __init__(self, place: Workplace, name: StageName, late: str) -> None:
        self._limits = place.settings.limits
        self._name = name
        # Open as long as the process is: who writes to it needs no Python.
        self._note: IO[bytes] = Path(late).open("ab", 0) if late else sys.stderr.buffer  # noqa: SIM115
        self._time = TimeLimit(self._note, clock=name not in place.waits)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Write down where the block is when it has taken almost the time that a start may."""
        soon = START_SHARE * self._limits.start_seconds
        faulthandler.dump_traceback_later(soon, file=self._note)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        if self._note is not sys.stderr.buffer:
            self._note.truncate(0)

    def of(self, stage: Stage[Any, Payload]) -> Stage[Any, Payload]:
        """Limit the time of a stage's calls."""
        return LimitedStage(stage, self._time, self._allowed)

    def of_pages(self, paged: ReadsPages) -> ReadsPages:
        """Limit the time of what reads pages."""
        return LimitedPages(paged, self._time, self._allowed)

    def _allowed(self, inputs: Sequence[Any]) -> tuple[float, float]:
        """Say how long a call may take, by CPU and by the clock.

        It has what one document has that is as long as all of its own together: a call is of a
        second's work, and whoever is late in company is not blamed but tried alone.
        """
        characters = sum(characters_of(value) for value in inputs)
        cpu = self._limits.stage_seconds.of(self._name, characters)
        idle = 0.0
        if self._name is StageName.OCR:
            # It waits for the parser's child, and hears of each page.
            idle = max(self._limits.parse_seconds, self._limits.seconds_per_page)
        return cpu, CLOCK_PER_CPU * (cpu + idle)

    @contextmanager
    def memory(self) -> Iterator[None]:
        """Limit the memory that the block may take; past it this process ends, since nobody knows
        what is left undone in it.
        """
        allow_more(self._limits.stage_memory_bytes.of(self._name))
        try:
            yield
        except Exception as error:
            if not isinstance(error, MemoryError) and not ran_out_of_memory(str(error)):
                raise
            allow_all()
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(ENDED)
