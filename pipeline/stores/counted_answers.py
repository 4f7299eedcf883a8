"""How often a kept answer of a language model served, and how often one had to be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from pipeline.llm.answering import Ledger
from pipeline.llm.asking import Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.stores.protocols import CacheUse


@dataclass
class AnswerUse:
    """What the answers that are kept were asked for by the threads of a process."""

    use: CacheUse = field(default_factory=CacheUse)
    _lock: Lock = field(default_factory=Lock)

    def count(self, *, found: bool) -> None:
        """Count one question."""
        with self._lock:
            self.use = self.use.joined(CacheUse(asked=1, found=int(found)))


@dataclass(frozen=True)
class CountedAnswers:
    """A ledger of answers whose use is counted: each question once, when it has an answer or is
    taken on. One that somebody else asks is looked up again and again until then.
    """

    ledger: Ledger
    counted: AnswerUse

    def find(self, questions: Sequence[Question]) -> Reply | None:
        """See `Ledger`."""
        known = self.ledger.find(questions)
        if known is not None:
            self.counted.count(found=True)
        return known

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """See `Ledger`."""
        self.ledger.used(questions, charge)

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        """See `Ledger`."""
        taken = self.ledger.claim(question, charge, most, seconds)
        if taken is not None:
            self.counted.count(found=isinstance(taken, Reply))
        return taken

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        """See `Ledger`."""
        return self.ledger.keep(asked, question, charge, reply, cost)

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """See `Ledger`."""
        self.ledger.fail(asked, code, usage, cost)
