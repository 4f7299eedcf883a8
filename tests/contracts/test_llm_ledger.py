"""Answers are paid for once, whoever asks, and no run spends more than it may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from ledger_case import LedgerCase
from store_case import StoreCase

from pipeline.documents import StageName
from pipeline.errors import OverBudgetError, UnavailableError
from pipeline.llm.asking import Message, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.stores import keys
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.redis_answers import CachedAnswers

USAGE = Usage(tokens_in=100, tokens_out=20, tokens_cached=40)
REPLY = Reply(text='{"entities": []}', usage=USAGE)


def question(words: str = "Who is named?") -> Question:
    return Question(
        model="small-1", messages=(Message(role="user", content=words),), form_name="entities"
    )


def change(case: LedgerCase, sql: str) -> None:
    with case.engine.begin() as connection:
        connection.exec_driver_sql(sql)


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    change(store_case, "DELETE FROM llm_responses")
    return store_case


@pytest.fixture
def ledger(case: StoreCase) -> LlmLedger:
    return LlmLedger(case.engine)


@pytest.fixture
def charge(case: StoreCase) -> Charge:
    return Charge(case.project, case.run(), None, StageName.EXTRACT)


def taken(ledger: LlmLedger, asked: Question, charge: Charge, most: int = 50) -> Asked:
    claim = ledger.claim(asked, charge, most, 60)
    assert isinstance(claim, Asked)
    return claim


def calls(case: LedgerCase) -> list[tuple[object, ...]]:
    return case.rows(
        "SELECT state, code, tokens_in, tokens_out, tokens_cached, cost FROM llm_calls ORDER BY id"
    )


def test_an_answer_is_found_by_all_of_its_question(
    case: StoreCase, ledger: LlmLedger, charge: Charge
) -> None:
    assert ledger.find([question()]) is None
    ledger.keep(taken(ledger, question(), charge), question(), charge, REPLY, 30)
    assert ledger.find([question()]) == REPLY
    assert ledger.claim(question(), charge, 50, 60) == REPLY
    others = (
        question("Who else?"),
        question().model_copy(update={"model": "small-2"}),
        question().again(1, 0.3),
    )
    assert [ledger.find([other]) for other in others] == [None, None, None]
    assert ledger.find([*others[2:], question()]) == REPLY
    assert calls(case) == [("answered", None, 100, 20, 40, 30)]


def test_who_asks_the_same_waits_for_who_came_first(ledger: LlmLedger, charge: Charge) -> None:
    first = taken(ledger, question(), charge)
    assert ledger.claim(question(), charge, 50, 60) is None
    taken(ledger, question("Who else?"), charge)
    ledger.fail(first, "llm_timeout", Usage(), 0)
    taken(ledger, question(), charge)


def test_of_many_at_once_one_asks(ledger: LlmLedger, charge: Charge) -> None:
    together = Barrier(8)

    def claim(_: int) -> object:
        together.wait()
        return ledger.claim(question(), charge, 50, 60)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(claim, range(8)))
    assert sum(isinstance(one, Asked) for one in claims) == 1
    assert claims.count(None) == 7


def test_a_question_whose_asker_died_is_asked_again_and_stays_counted(
    case: StoreCase, ledger: LlmLedger, charge: Charge
) -> None:
    assert isinstance(ledger.claim(question(), charge, 50, -1), Asked)
    ledger.keep(taken(ledger, question(), charge), question(), charge, REPLY, 30)
    assert [(state, cost) for state, *_, cost in calls(case)] == [("lost", 50), ("answered", 30)]


def test_a_run_spends_no_more_than_it_may(
    case: StoreCase, ledger: LlmLedger, charge: Charge
) -> None:
    assert charge.run is not None
    ledger.allow(charge.run, 100)
    first = taken(ledger, question("1"), charge)
    second = taken(ledger, question("2"), charge)
    # What they have set aside they may not need.
    assert ledger.claim(question("3"), charge, 50, 60) is None
    ledger.keep(first, question("1"), charge, REPLY, 10)
    ledger.fail(second, "llm_invalid_json", USAGE, 20)
    # What was set aside and not needed is there again.
    third = taken(ledger, question("3"), charge, 70)
    ledger.keep(third, question("3"), charge, REPLY, 65)
    assert case.value("SELECT spent FROM llm_budgets") == 95
    assert sum(int(str(cost)) for *_, cost in calls(case)) == 95
    with pytest.raises(OverBudgetError, match=r"\$0\.000100 .* run again, with another --max-cost"):
        ledger.claim(question("4"), charge, 6, 60)
    assert ledger.find([question("1")]) == REPLY
    assert ledger.claim(question("1"), charge, 50, 60) == REPLY
    assert case.value("SELECT count(*) FROM llm_calls WHERE state = 'asked'") == 0
    taken(ledger, question("4"), charge._replace(run=case.run()))


def test_two_that_reserve_at_once_stay_within_the_bound(ledger: LlmLedger, charge: Charge) -> None:
    assert charge.run is not None
    ledger.allow(charge.run, 100)
    together = Barrier(8)

    def claim(number: int) -> bool:
        together.wait()
        try:
            return isinstance(ledger.claim(question(str(number)), charge, 30, 60), Asked)
        except OverBudgetError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 3


@pytest.fixture
def answers(case: StoreCase, ledger: LlmLedger) -> Iterator[CachedAnswers]:
    case.link.client.flushdb()
    yield CachedAnswers(ledger, case.link, 1000)
    case.link.client.flushdb()


def test_redis_has_a_copy_that_may_be_lost(
    case: StoreCase, ledger: LlmLedger, answers: CachedAnswers, charge: Charge
) -> None:
    key = keys.llm_response("small-1", question().hash)
    answers.keep(taken(ledger, question(), charge), question(), charge, REPLY, 30)
    assert 0 < case.link.client.ttl(key) <= 1000
    spoils: list[Callable[[], object]] = [
        case.link.client.flushdb,
        lambda: case.link.client.set(key, b"\x01no json"),
        lambda: case.link.client.set(key, b"\x07"),
    ]
    for spoil in spoils:
        spoil()
        assert answers.find([question()]) == REPLY
        # It is back, and PostgreSQL is not asked for it.
        change(case, "UPDATE llm_responses SET request_hash = request_hash || 'x'")
        assert answers.find([question()]) == REPLY
        change(case, "UPDATE llm_responses SET request_hash = rtrim(request_hash, 'x')")


def test_forgetting_a_project_keeps_no_account_of_it(
    case: StoreCase, ledger: LlmLedger, charge: Charge
) -> None:
    ledger.keep(taken(ledger, question(), charge), question(), charge, REPLY, 30)
    case.delete()
    assert calls(case) == []


def test_for_a_project_that_is_gone_nothing_is_asked_and_nobody_blamed(
    case: StoreCase, ledger: LlmLedger, charge: Charge
) -> None:
    case.delete()
    with pytest.raises(UnavailableError, match="the project was deleted"):
        ledger.claim(question(), charge, 50, 60)


@pytest.mark.parametrize(
    "over", ["ended_at = now()", "lease_until = now() - interval '1 s'"], ids=["ended", "killed"]
)
def test_what_a_run_asked_that_is_over_is_not_waited_for(
    case: StoreCase, ledger: LlmLedger, charge: Charge, over: str
) -> None:
    taken(ledger, question(), charge)
    later = charge._replace(run=case.run())
    assert ledger.claim(question(), later, 50, 60) is None
    change(case, f"UPDATE runs SET {over} WHERE id = '{charge.run}'")
    taken(ledger, question(), later)
    assert case.value("SELECT count(*) FROM llm_calls WHERE state = 'lost'") == 1


def test_an_answer_to_a_later_attempt_is_copied_under_its_own_name(
    case: StoreCase, ledger: LlmLedger, answers: CachedAnswers, charge: Charge
) -> None:
    again = question().again(1, 0.3)
    ledger.keep(taken(ledger, again, charge), again, charge, REPLY, 30)
    assert answers.find([question(), again]) == REPLY
    names = [name.decode() for name in case.link.client.keys("llm:*")]
    assert names == [keys.llm_response("small-1", again.hash)]


def test_a_question_whose_time_is_prolonged_stays_its_askers(
    ledger: LlmLedger, charge: Charge
) -> None:
    asked = ledger.claim(question(), charge, 50, -1)
    assert isinstance(asked, Asked)
    ledger.renew([asked.call], 60)
    assert ledger.claim(question(), charge, 50, 60) is None
    ledger.fail(asked, "llm_timeout", Usage(), 0)
    ledger.renew([asked.call], 60)
    taken(ledger, question(), charge)
