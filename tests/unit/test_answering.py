"""A question is asked once, its answer kept before it is used; a bad answer is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from pipeline.errors import StoppedWaitingError, TemporaryError, UnavailableError
from pipeline.llm.answering import Answering, Terms
from pipeline.llm.answers import BadAnswerError, UnheardError, entities_in
from pipeline.llm.asking import Message, Price, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge, charged_to

GOOD = Reply(
    text='{"entities": [{"text": "Ann", "type": "PERSON"}]}',
    usage=Usage(tokens_in=1000, tokens_out=100),
)
BAD = Reply(text="{", usage=Usage(tokens_in=10))
QUESTION = Question(
    model="small", messages=(Message(role="user", content="Who?"),), form_name="entities"
)
CHARGE = Charge("project")
TERMS = Terms({"small": Price(input=2.0, output=10.0)}, seconds=60, tries=3)


@dataclass
class Memory:
    """A ledger in memory, in which a question may be somebody else's for a while."""

    kept: dict[str, Reply] = field(default_factory=dict)
    log: list[tuple[object, ...]] = field(default_factory=list)
    busy: int = 0

    def find(self, questions: Sequence[Question]) -> Reply | None:
        return next((self.kept[x.hash] for x in questions if x.hash in self.kept), None)

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        assert charge == CHARGE

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        assert charge == CHARGE
        if self.busy:
            self.busy -= 1
            if not self.busy:
                self.kept[question.hash] = GOOD
            return None
        self.log.append(("asked", question.attempt, most))
        return Asked(len(self.log), most)

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        self.kept[question.hash] = reply
        self.log.append(("kept", cost))
        return True

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        self.log.append((code, usage.tokens_in, cost))


@dataclass
class Model:
    """Answers in turn."""

    replies: Iterator[Reply | BaseException]

    def ask(self, question: Question) -> Reply:
        reply = next(self.replies)
        if isinstance(reply, BaseException):
            raise reply
        return reply


def answering(ledger: Memory, *replies: Reply | BaseException) -> Answering:
    return Answering(Model(iter(replies)), ledger, TERMS, sleep=lambda _: None)


@pytest.fixture(autouse=True)
def charged() -> Iterator[None]:
    with charged_to(CHARGE):
        yield


@pytest.fixture
def ledger() -> Memory:
    return Memory()


def test_an_answer_is_paid_for_once(ledger: Memory) -> None:
    asked = answering(ledger, GOOD)
    for _ in range(3):
        [said] = asked.answer(QUESTION, entities_in)
        assert said.text == "Ann"
    # 1,000 tokens in at $2 and 100 out at $10 a million; the bound of the answer is set aside.
    assert ledger.log == [("asked", 0, 44 + 20_480), ("kept", 3_000)]


def test_what_somebody_else_asks_is_waited_for(ledger: Memory) -> None:
    ledger.busy = 3
    assert answering(ledger).answer(QUESTION, entities_in)
    assert ledger.log == []


def test_a_bad_answer_is_paid_for_and_asked_for_again(ledger: Memory) -> None:
    asked = answering(ledger, BAD, GOOD)
    assert asked.answer(QUESTION, entities_in)
    assert [entry[:2] for entry in ledger.log] == [
        ("asked", 0), ("llm_invalid_json", 10), ("asked", 1), ("kept", 3_000),
    ]  # fmt: skip
    assert answering(ledger).answer(QUESTION, entities_in)


def test_an_answer_to_a_later_attempt_is_found_where_fewer_are_made(ledger: Memory) -> None:
    assert answering(ledger, BAD, BAD, GOOD).answer(QUESTION, entities_in)
    fewer = replace(answering(ledger), terms=replace(TERMS, tries=1))
    assert fewer.answer(QUESTION, entities_in)


def test_the_tries_are_bounded(ledger: Memory) -> None:
    with pytest.raises(BadAnswerError, match="JSON") as raised:
        answering(ledger, BAD, BAD, BAD, GOOD).answer(QUESTION, entities_in)
    assert raised.value.code == "llm_invalid_json"
    assert [entry[1] for entry in ledger.log if entry[0] == "asked"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (lambda: BadAnswerError("llm_timeout", "no answer"), "llm_timeout"),
        (lambda: UnavailableError("a wrong key"), "llm_unavailable"),
        (KeyboardInterrupt, "llm_unavailable"),
        (lambda: StoppedWaitingError("stopped"), "llm_stopped"),
    ],
)
def test_what_has_no_answer_is_not_asked_again_and_nothing_stays_taken(
    ledger: Memory, error: Callable[[], BaseException], code: str
) -> None:
    raised = error()
    with pytest.raises(type(raised)):
        answering(ledger, raised, GOOD).answer(QUESTION, entities_in)
    assert [entry[0] for entry in ledger.log] == ["asked", code]


def test_an_answer_that_is_lost_may_be_paid_for_and_is_asked_for_again(ledger: Memory) -> None:
    lost = [UnheardError("llm_timeout", "no whole answer", again=True) for _ in range(3)]
    asked = answering(ledger, lost[0], GOOD)
    patient = replace(asked, terms=replace(TERMS, unheard=3))
    assert patient.answer(QUESTION, entities_in)
    most = 44 + 20_480
    assert ledger.log == [
        ("asked", 0, most), ("llm_timeout", 0, most), ("asked", 0, most), ("kept", 3_000),
    ]  # fmt: skip

    other = Memory()
    asked = replace(answering(other, *lost), terms=replace(TERMS, unheard=3))
    with pytest.raises(BadAnswerError, match=r"no whole answer \(asked 3 times\)") as raised:
        asked.answer(QUESTION, entities_in)
    assert raised.value.code == "llm_timeout"
    assert [entry[0] for entry in other.log] == ["asked", "llm_timeout"] * 3


def test_waits_after_lost_answers_grow_and_are_not_all_the_same() -> None:
    waits: list[float] = []
    for _ in range(20):
        lost = [UnheardError("llm_timeout", "no whole answer", again=True) for _ in range(7)]
        asked = replace(answering(Memory(), *lost), terms=replace(TERMS, unheard=7))
        with pytest.raises(BadAnswerError):
            replace(asked, sleep=waits.append).answer(QUESTION, entities_in)

    columns = [waits[number::6] for number in range(6)]
    for number, column in enumerate(columns):
        assert len(set(column)) > 1
        assert all(0 <= wait <= min(2.0**number, 30) for wait in column)
    assert max(columns[-1]) > 2


def test_an_answer_that_could_not_be_kept_is_not_used() -> None:
    class Away(Memory):
        def keep(self, *_: object) -> bool:
            raise TemporaryError("PostgreSQL does not answer")

    with pytest.raises(TemporaryError):
        answering(Away(), GOOD).answer(QUESTION, entities_in)


def test_what_would_be_lost_again_is_asked_once(ledger: Memory) -> None:
    asked = answering(ledger, UnheardError("llm_too_long", "over 8 MB", again=False))
    with pytest.raises(BadAnswerError, match="asked once"):
        replace(asked, terms=replace(TERMS, unheard=3)).answer(QUESTION, entities_in)
    assert [entry[0] for entry in ledger.log] == ["asked", "llm_too_long"]


def test_nobody_asks_on_nobodys_account() -> None:
    import contextvars

    def ask() -> None:
        answering(Memory(), GOOD).answer(QUESTION, entities_in)

    with pytest.raises(LookupError):
        contextvars.Context().run(ask)
