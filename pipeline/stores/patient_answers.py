"""A ledger of answers that is waited for: an answer that was paid for is not thrown away because
PostgreSQL is away for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TypeVar, TypeVarTuple

from pipeline.errors import TemporaryError
from pipeline.llm.answering import Ledger
from pipeline.llm.asking import Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.patience import Stopping, never, patient

BEATS = 3
"""How often a question's time is prolonged while it lasts: a beat may be missed."""

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True)
class PatientAnswers:
    """Repeats each call for so many seconds from its first failure. Each may be repeated: what went
    through unheard changes nothing the second time, but for a claim, which then is waited for
    until its time is up.
    """

    ledger: Ledger
    seconds: float
    stopping: Stopping = never

    def find(self, questions: Sequence[Question]) -> Reply | None:
        """See `Ledger`."""
        return self._patiently(self.ledger.find, questions)

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """See `Ledger`."""
        self._patiently(self.ledger.used, questions, charge)

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        """See `Ledger`."""
        return self._patiently(self.ledger.claim, question, charge, most, seconds)

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        """See `Ledger`."""
        return self._patiently(self.ledger.keep, asked, question, charge, reply, cost)

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """See `Ledger`."""
        self._patiently(self.ledger.fail, asked, code, usage, cost)

    def _patiently(self, call: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        return patient(self.seconds, self.stopping)(call, *arguments)


@dataclass
class Heartbeat:
    """Prolongs the time of the questions that this process is asking: what a process that died was
    asking is free when its time is up, which therefore can be short. `renew` prolongs calls, for
    `seconds`. It works while something is asked.
    """

    renew: Callable[[Sequence[int], float], None]
    seconds: float
    _calls: set[int] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _idle: Event = field(default_factory=Event)
    _beating: bool = False

    @contextmanager
    def alive(self, asked: Asked) -> Iterator[None]:
        """Prolong a question's time as long as the block lasts."""
        with self._lock:
            self._calls.add(asked.call)
            self._idle.clear()
            if not self._beating:
                self._beating = True
                Thread(target=self._beat, name="llm heartbeat", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(asked.call)
                if not self._calls:
                    self._idle.set()

    def _beat(self) -> None:
        while True:
            self._idle.wait(self.seconds / BEATS)
            with self._lock:
                calls = sorted(self._calls)
                if not calls:
                    self._beating = False
                    return
            with suppress(TemporaryError):
                self.renew(calls, self.seconds)
