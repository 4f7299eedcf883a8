"""What was asked of language models is summed up by document, model, run and stage."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from store_case import StoreCase

from pipeline.documents import StageName
from pipeline.llm.answering import WARMTH
from pipeline.llm.asking import Message, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.llm.spending import NOTHING_SPENT, Spent
from pipeline.stores.llm_account import By, CostRow, LlmAccount
from pipeline.stores.llm_ledger import LlmLedger

REPLY = Reply(text="{}", usage=Usage(tokens_in=100, tokens_out=20, tokens_cached=40))
EXTRACT, RELATE = StageName.EXTRACT, StageName.RELATE


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    with store_case.engine.begin() as connection:
        connection.execute(text("DELETE FROM llm_responses"))
    return store_case


def question(words: str, model: str = "m1") -> Question:
    asked = Message(role="user", content=words)
    return Question(model=model, messages=(asked,), form_name="entities")


def ask(
    case: StoreCase,
    charge: Charge,
    words: str,
    answer: int | str | None = None,
    model: str = "m1",
    seconds: float = 60,
) -> None:
    """Ask something: `answer` is what it costs, the code of a failure, or none yet."""
    ledger = LlmLedger(case.engine)
    asked = question(words, model)
    taken = ledger.claim(asked, charge, 500, seconds)
    assert isinstance(taken, Asked)
    if isinstance(answer, int):
        ledger.keep(taken, asked, charge, REPLY, answer)
    elif answer is not None:
        ledger.fail(taken, answer, REPLY.usage, 7)


def test_calls_are_summed_up_by_whatever_is_asked_for(case: StoreCase) -> None:
    first, second = case.run(), case.run()
    case.claimed(first, "a.txt", "b.txt", "copy.txt")
    case.identify(first, a="Ann", b="Bob", copy="Ann")
    ann, bob = case.content("Ann"), case.content("Bob")
    ask(case, Charge(case.project, first, ann, EXTRACT), "1", 30)
    ask(case, Charge(case.project, first, bob, EXTRACT), "2", "llm_timeout")
    ask(case, Charge(case.project, second, bob, EXTRACT), "2", 60)
    ask(case, Charge(case.project, second, bob, RELATE), "3", "llm_refused", model="m2")
    ask(case, Charge(case.project, second, bob, RELATE), "4", None, model="m2", seconds=-1)
    ask(case, Charge(case.project, second, bob, RELATE), "5", None, model="m2")
    other = LlmAccount(case.engine, "00000000-0000-0000-0000-000000000000")
    account = LlmAccount(case.engine, case.project)

    assert account.spent() == Spent(
        calls=6,
        failed={"llm_timeout": 1, "llm_refused": 1},
        lost=1,
        under_way=1,
        usage=Usage(tokens_in=400, tokens_out=80, tokens_cached=160),
        cost=30 + 7 + 60 + 7 + 500,
        set_aside=500,
    )
    assert (other.spent(), list(other.costs(By.RUN))) == (NOTHING_SPENT, [])
    assert account.spent([first]).cost == 37
    assert account.spent([]) == NOTHING_SPENT
    assert listed(account, By.MODEL) == [("m2", 0, 507), ("m1", 0, 97)]
    assert listed(account, By.RUN) == [(second, 0, 567), (first, 0, 37)]
    assert listed(account, By.STAGE) == [("relate", 0, 507), ("extract", 0, 97)]
    assert listed(account, By.DOCUMENT) == [("corpus/b.txt", 0, 574), ("corpus/a.txt", 1, 30)]
    assert listed(account, By.DOCUMENT, 1) == [("corpus/b.txt", 0, 574)]


def listed(account: LlmAccount, by: By, limit: int | None = None) -> list[tuple[str, int, int]]:
    rows = list(account.costs(by, limit))
    assert all(isinstance(row, CostRow) for row in rows)
    return [(row.what, row.others, row.spent.cost) for row in rows]


def test_what_was_paid_for_a_document_that_is_gone_stays_in_the_account(case: StoreCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="Ann")
    ask(case, Charge(case.project, run, case.content("Ann"), EXTRACT), "1", 30)
    case.forgetting.forget([case.uri("a.txt")])
    account = LlmAccount(case.engine, case.project)
    assert listed(account, By.DOCUMENT) == [("", 0, 30)]
    assert account.spent().cost == 30


def test_an_answer_to_a_later_try_is_an_answer(case: StoreCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="Ann")
    ann = case.content("Ann")
    charge, ledger = Charge(case.project, run, ann, EXTRACT), LlmLedger(case.engine)
    first = question("1")
    fifth = first.again(4, WARMTH)
    taken = ledger.claim(fifth, charge, 500, 60)
    assert isinstance(taken, Asked)
    ledger.keep(taken, fifth, charge, REPLY, 30)

    account = LlmAccount(case.engine, case.project)
    assert account.answered({ann: [first]}) == {ann: {EXTRACT: 1}}
    assert account.answered({ann: [question("2")]}) == {}
