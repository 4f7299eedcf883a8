"""What language models cost a run is measured: from where it is kept to what Prometheus is told."""

from __future__ import annotations

import asyncio

import pytest
from ledger_case import plan_of
from sqlalchemy import text
from store_case import StoreCase
from written_metrics import Written

from actors import broadcast
from actors.broadcast import Broadcast
from actors.ledger_thread import LedgerThread
from actors.metrics import METRICS, Meters
from actors.mode import Mode
from actors.progress import Snapshot
from actors.run_result import nothing_done
from actors.tally import Tally
from actors.waits import Waits
from actors.workplace import Workplace
from pipeline.documents import StageName
from pipeline.llm.asking import Message, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.protocols import Backlog
from pipeline.stores.run_progress import RunProgress

REPLY = Reply(text="{}", usage=Usage(tokens_in=100, tokens_out=20, tokens_cached=40))
EXTRACT = StageName.EXTRACT
TOKENS = {"in": [200, 100], "cached": [80, 40], "out": [40, 20]}
ENDED = nothing_done("finished", "")
OF_MODELS = sorted(name for name in METRICS if "_llm_" in name)


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    with store_case.engine.begin() as connection:
        connection.execute(text("DELETE FROM llm_responses"))
    return store_case


def answered(case: StoreCase, run: str, words: str, cost: int) -> None:
    """Ask something, and keep the answer."""
    asked, charge, ledger = question(words), Charge(case.project, run), LlmLedger(case.engine)
    taken = ledger.claim(asked, charge, 500, 60)
    assert isinstance(taken, Asked)
    ledger.keep(taken, asked, charge, REPLY, cost)


def question(words: str) -> Question:
    asked = Message(role="user", content=words)
    return Question(model="m", messages=(asked,), form_name="entities")


def told(case: StoreCase, run: str, waits: bool, written: Written) -> Broadcast:
    """Give what tells of a run, and writes what is measured down."""
    urls = ServiceUrls(
        database_url=case.engine.url.render_as_string(hide_password=False), redis_url=case.url
    )
    place = Workplace(
        Settings(), urls, case.project, run, plan_of(), lambda *_: None,  # type: ignore[arg-type]
        waits={EXTRACT: 4} if waits else {},
    )  # fmt: skip
    tally = Tally(Meters("p", written.make), Waits())
    return Broadcast(place, case.ledger, LedgerThread(5.0), tally, Mode())


async def told_once(telling: Broadcast) -> None:
    await telling.send(Snapshot(spent=await telling.look()), Backlog())


def test_tokens_calls_and_money_of_a_run_are_measured_as_they_are_spent(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "SPENT_SECONDS", 0.0)
    run, other, written = case.run(), case.run(), Written()
    answered(case, run, "1", 2_000_000)
    answered(case, other, "2", 7_000_000)
    refused = LlmLedger(case.engine).claim(question("3"), Charge(case.project, run), 500, 60)
    assert isinstance(refused, Asked)
    LlmLedger(case.engine).fail(refused, "llm_refused", REPLY.usage, 500_000)

    # One whose process is gone counts as the most that it can have cost.
    assert LlmLedger(case.engine).claim(question("5"), Charge(case.project, run), 500_000, -1)

    async def twice() -> None:
        telling = told(case, run, True, written)
        await told_once(telling)
        answered(case, run, "4", 1_000_000)
        await told_once(telling)

    asyncio.run(twice())

    assert {name for name, *_ in written.values if "_llm_" in name} == set(OF_MODELS)
    tokens = {kind: written("casegraph_llm_tokens_total", kind=kind) for kind in TOKENS}
    assert tokens == TOKENS
    assert written("casegraph_llm_dollars_total") == [3.0, 1.0]
    assert written("casegraph_llm_calls_total", outcome="answered") == [1, 1]
    assert written("casegraph_llm_calls_total", outcome="failed") == [1]
    assert written("casegraph_llm_calls_total", outcome="lost") == [1]


def test_what_is_spent_just_before_the_end_is_measured_at_the_end(case: StoreCase) -> None:
    run, written = case.run(), Written()

    async def whole() -> None:
        telling = told(case, run, True, written)
        await told_once(telling)
        answered(case, run, "1", 2_000_000)
        await told_once(telling)
        await telling.ended(ENDED, Snapshot(total=7, completed=7), Backlog())

    asyncio.run(whole())
    assert written("casegraph_llm_dollars_total") == [2.0]
    assert written("casegraph_llm_tokens_total", kind="out") == [20]
    assert written("casegraph_documents", state="completed")[-1] == 7
    told_last = RunProgress(case.engine, case.project, None).look(run)
    assert told_last is not None
    assert told_last.said is not None
    assert (told_last.said["completed"], told_last.said["spent"]["cost"]) == (7, 2_000_000)


def test_a_run_that_asks_no_model_measures_nothing_of_one(case: StoreCase) -> None:
    run, written = case.run(), Written()
    answered(case, run, "1", 2_000_000)
    asyncio.run(told_once(told(case, run, False, written)))
    assert written("casegraph_documents", state="found") == [0]
    assert [name for name, *_ in written.values if "_llm_" in name] == []
