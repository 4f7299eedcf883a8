"""An answer of a language model has a document's words in it, and is forgotten with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from store_case import StoreCase

from pipeline.documents import StageName
from pipeline.llm.asking import Message, Question, Reply
from pipeline.llm.charging import Asked, Charge
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.project_deletion import delete_project
from pipeline.stores.redis_answers import CachedAnswers

SMITH, OTHER = "John Smith met Mary Jones in Boston.", "Peter Brown met John Smith."


def question(words: str) -> Question:
    return Question(
        model="m", messages=(Message(role="user", content=words),), form_name="entities"
    )


def reply(words: str) -> Reply:
    return Reply(text=f'{{"entities": [], "said": "{words}"}}')


@pytest.fixture
def case(store_case: StoreCase) -> Iterator[StoreCase]:
    with store_case.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM llm_responses")
    yield store_case
    store_case.link.client.flushdb()


@pytest.fixture
def answers(case: StoreCase) -> CachedAnswers:
    return CachedAnswers(LlmLedger(case.engine), case.link, 1000)


def ask(case: StoreCase, answers: CachedAnswers, data: str, words: str) -> None:
    """Ask a question for a content, or find its answer."""
    charge = Charge(case.project, None, case.content(data), StageName.EXTRACT)
    if answers.find([question(words)]) is not None:
        answers.used([question(words)], charge)
        return
    asked = answers.claim(question(words), charge, 0, 60)
    assert isinstance(asked, Asked)
    answers.keep(asked, question(words), charge, reply(words), 0)


def left(case: StoreCase) -> tuple[set[str], set[str]]:
    """Say which of the words are answered in PostgreSQL, and in Redis."""
    every = {question(words).hash: words for words in ("one", "two", "both")}
    stored = {every[hash_] for (hash_,) in case.rows("SELECT request_hash FROM llm_responses")}
    names = [name.decode() for name in case.link.client.keys("llm:*")]
    return stored, {every[name.rpartition(":")[2]] for name in names}


def test_answers_go_with_the_last_content_that_has_their_words(
    case: StoreCase, answers: CachedAnswers
) -> None:
    case.bring("a", SMITH)
    case.bring("b", OTHER)
    for data, words in ((SMITH, "one"), (SMITH, "both"), (OTHER, "both"), (OTHER, "two")):
        ask(case, answers, data, words)
    assert left(case) == ({"one", "two", "both"}, {"one", "two", "both"})

    case.forgetting.forget([case.uri("a.txt")])
    assert left(case) == ({"two", "both"}, {"two", "both"})

    case.forgetting.forget([case.uri("b.txt")])
    assert left(case) == (set(), set())
    assert case.value("SELECT count(*) FROM llm_uses") == 0


def test_what_a_changed_document_said_stays_paid_for_until_it_is_forgotten(
    case: StoreCase, answers: CachedAnswers
) -> None:
    case.bring("a", SMITH)
    ask(case, answers, SMITH, "one")
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a=OTHER)
    case.put(case.checkpoints(OTHER))
    case.drain()
    assert case.value("SELECT count(*) FROM contents") == 1
    assert left(case)[0] == {"one"}

    case.forgetting.forget([case.uri("a.txt")])
    assert left(case) == (set(), set())


@pytest.mark.parametrize("with_project", [False, True])
def test_an_answer_that_comes_when_its_document_is_forgotten_is_not_kept(
    case: StoreCase, answers: CachedAnswers, with_project: bool
) -> None:
    run = case.bring("a", SMITH)
    charge = Charge(case.project, run, case.content(SMITH), StageName.EXTRACT)
    asked = answers.claim(question("one"), charge, 50, 60)
    assert isinstance(asked, Asked)
    if with_project:
        case.ledger.end_run(run, "finished", {})
        delete_project(case.engine, case.name, ForgottenCopies(case.link, case.blobs), case.blobs)
    else:
        case.forgetting.forget([case.uri("a.txt")])

    assert not answers.keep(asked, question("one"), charge, reply("one"), 30)
    assert left(case) == (set(), set())
    assert case.value("SELECT count(*) FROM llm_uses") == 0
    # What it cost is told all the same.
    account = case.rows("SELECT state, cost FROM llm_calls")
    assert account == ([] if with_project else [("answered", 30)])


def test_answers_go_with_a_project_but_for_those_of_another(
    case: StoreCase, answers: CachedAnswers
) -> None:
    other = StoreCase(case.engine, "other", url=case.url)
    case.bring("a", SMITH)
    other.bring("a", SMITH)
    ask(case, answers, SMITH, "one")
    ask(case, answers, SMITH, "both")
    ask(other, answers, SMITH, "both")

    for (run,) in case.rows("SELECT id::text FROM runs WHERE ended_at IS NULL"):
        case.ledger.end_run(run, "finished", {})
    delete_project(case.engine, case.name, ForgottenCopies(case.link, case.blobs), case.blobs)
    assert left(case) == ({"both"}, {"both"})
    other.close()
