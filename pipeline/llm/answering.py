"""A question is asked once, by whoever comes first, and paid for once: the policy, without stores.

An answer that is kept is used. Else the question is taken on, so that nobody else asks it at the
same time; what it may cost is set aside; it is asked, and its answer is kept before it is used. An
answer of the wrong form is counted and not kept, and the question asked again, a few times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pipeline.errors import StoppedWaitingError
from pipeline.llm.answers import BadAnswerError, UnheardError
from pipeline.llm.asking import MOST_ATTEMPTS, Price, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge, millionths, present_charge

T = TypeVar("T")
POLL_SECONDS = 0.1
WAIT = wait_random_exponential(1.0, 30.0)
"""After an answer that is lost: seconds, twice as many each time, at random up to that."""
WARMTH = 0.3
"""The temperature of a question that is asked again: at zero its answer would be the same."""


def attempts_at(question: Question) -> list[Question]:
    """Give a question as it is asked each time that an answer to it could not be used."""
    return [question.again(attempt, WARMTH) for attempt in range(MOST_ATTEMPTS)]


class Model(Protocol):
    """Answers questions."""

    def ask(self, question: Question) -> Reply:
        """Ask and wait. Raises BadAnswerError for a question that stays without answer,
        UnheardError after one try whose answer is lost, UnavailableError where none will be
        answered.
        """
        ...


class Ledger(Protocol):
    """Keeps answers, and what was asked and what it cost."""

    def find(self, questions: Sequence[Question]) -> Reply | None:
        """Read the answer that was paid for to the first of these, of one model, that has one."""
        ...

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """Note for whom answers to these were found."""
        ...

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        """Take on a question; give its answer if there is one, None while somebody else asks."""
        ...

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        """Keep an answer; say no for one with words of what was forgotten meanwhile."""
        ...

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """Note that there is none."""
        ...


@dataclass(frozen=True)
class Terms:
    """On what terms questions are asked. `prices` are by model; one that has none costs nothing.
    `seconds` is how long a question is its asker's: then it is anybody's, unless `alive` prolongs
    it. An answer is asked for `tries` times, until one can be used, and each time so often as
    `unheard` says, until one is heard.
    """

    prices: Mapping[str, Price]
    seconds: float
    tries: int = 3
    unheard: int = 1

    def cost(self, model: str, usage: Usage) -> int:
        """Say what calls cost, in millionths of a dollar."""
        price = self.prices.get(model)
        return millionths(price.of(usage)) if price else 0

    def most(self, question: Question) -> int:
        """Say what a question may cost at most, in millionths of a dollar."""
        usage = Usage(tokens_in=question.most_tokens, tokens_out=question.at_most)
        return self.cost(question.model, usage)


@dataclass(frozen=True)
class Answering:
    """Answers questions from what is kept, and else by a model. While it asks it is in a context of
    `alive`, that may prolong the time it has.
    """

    model: Model
    ledger: Ledger
    terms: Terms
    sleep: Callable[[float], None] = time.sleep
    alive: Callable[[Asked], AbstractContextManager[None]] = lambda _: nullcontext()

    def answer(self, question: Question, read: Callable[[Reply], T]) -> T:
        """Answer a question and read the answer, which is asked for again if it cannot be read.

        `read` raises BadAnswerError for one that cannot be used. Raises that of the last of some
        answers, or if there is none; UnavailableError where no question will be answered, and
        TemporaryError where PostgreSQL does not answer.
        """
        attempts = attempts_at(question)
        # Answers to a later attempt were paid for, too, also where fewer are made now.
        if (known := self._found(attempts)) is not None:
            return read(known)
        *earlier, last = attempts[: self.terms.tries]
        for attempt in earlier:
            try:
                return self._try(attempt, read)
            except _UnusableError:
                continue
        try:
            return self._try(last, read)
        except _UnusableError as error:
            raise error.why from error

    def _found(self, questions: Sequence[Question]) -> Reply | None:
        """Find an answer that is kept, and note for whom."""
        known = self.ledger.find(questions)
        if known is not None:
            self.ledger.used(questions, present_charge())
        return known

    def _try(self, question: Question, read: Callable[[Reply], T]) -> T:
        """Answer a question, also where an answer gets lost: each may have been paid for. Raises
        _UnusableError for an answer that cannot be read.
        """
        again = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, UnheardError) and error.again),
            stop=stop_after_attempt(self.terms.unheard),
            wait=WAIT,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            said: T = again(self._try_once, question, read)
        except UnheardError as error:
            times = int(again.statistics["attempt_number"])
            often = "once" if times == 1 else f"{times} times"
            raise BadAnswerError(error.code, f"{error.message} (asked {often})") from error
        return said

    def _try_once(self, question: Question, read: Callable[[Reply], T]) -> T:
        """Answer a question once. Raises _UnusableError for an answer that cannot be read."""
        charge = present_charge()
        known: Reply | None = None
        while known is None:
            taken = self.ledger.claim(
                question, charge, self.terms.most(question), self.terms.seconds
            )
            if isinstance(taken, Asked):
                return self._ask(question, charge, taken, read)
            if taken is None:
                self.sleep(POLL_SECONDS)
                known = self._found([question])
            else:
                known = taken
        return _read(known, read)

    def _ask(
        self, question: Question, charge: Charge, asked: Asked, read: Callable[[Reply], T]
    ) -> T:
        """Ask the model what was taken on."""
        try:
            with self.alive(asked):
                reply = self.model.ask(question)
        except BaseException as error:
            # An answer that was lost costs what it can have cost: that is no less than it did.
            lost = asked.most if isinstance(error, UnheardError) else 0
            self.ledger.fail(asked, _code_of(error), Usage(), lost)
            raise
        cost = self.terms.cost(question.model, reply.usage)
        try:
            said = _read(reply, read)
        except _UnusableError as error:
            self.ledger.fail(asked, error.why.code, reply.usage, cost)
            raise
        self.ledger.keep(asked, question, charge, reply, cost)
        return said


class _UnusableError(Exception):
    """An answer is there and cannot be used."""

    def __init__(self, why: BadAnswerError) -> None:
        super().__init__(str(why))
        self.why = why


def _code_of(error: BaseException) -> str:
    """Say in a word why a question has no answer."""
    if isinstance(error, BadAnswerError):
        return error.code
    return "llm_stopped" if isinstance(error, StoppedWaitingError) else "llm_unavailable"


def _read(reply: Reply, read: Callable[[Reply], T]) -> T:
    try:
        return read(reply)
    except BadAnswerError as error:
        raise _UnusableError(error) from error
