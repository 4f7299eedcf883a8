"""What no document shows any more and another waits for: nothing of it is published, and all that
was made of it stays, so that it is published again without work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ledger_case import LedgerCase, payloads_of, sha_of

from pipeline.documents import DocumentFailure, Member, StageName
from pipeline.stores.forgetting import Forgetting, Forgotten
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.verifying import stored_project

LETTER = "Jane Roe met John Smith, and Roe left."
PEOPLE = ("Jane Roe", "John Smith", "Roe")
OTHER = "John Smith slept."
FAILURE = DocumentFailure(stage=StageName.RELATE, error="test", message="it failed")
TABLES = ("chunks", "mentions", "relationships")
Hide = Callable[[LedgerCase], Any]


def shown_and_awaited(case: LedgerCase) -> None:
    """Bring a text of which one document is completed, and another failed; `keep` has a name of it
    as well.
    """
    case.publish("keep", OTHER, "John Smith")
    run = case.run()
    claim = {x.document_id: x.claim for x in case.claimed(run, "a.txt", "b.txt")}
    case.identify(run, a=LETTER, b=LETTER)
    case.ledger.failed(run, [(case.document("b.txt"), claim[case.document("b.txt")], FAILURE)])
    case.publisher().persist(case.checkpoints(LETTER, None, *PEOPLE))
    case.ledger.end_run(run, "finished", {})
    assert case.status("a.txt") == ("completed", False, case.content(LETTER))
    assert case.status("b.txt") == ("failed", False, None)
    assert found(case) == []


def moves_on(case: LedgerCase) -> None:
    """Give the document other bytes, and bring them all the way."""
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a="Nobody came.")
    persisted = case.publisher().persist(case.checkpoints("Nobody came."))
    assert persisted.gone == ()
    case.ledger.end_run(run, "finished", {})


def moves_on_to_what_is_known(case: LedgerCase) -> None:
    """Give the document the bytes of another, which are published when it is identified."""
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a=OTHER)
    case.ledger.end_run(run, "finished", {})


def is_forgotten(case: LedgerCase) -> None:
    forgetting = Forgetting(case.engine, case.project, case.blobs, lambda _: None)
    gone = forgetting.forget([case.uri("a.txt")])
    assert gone == Forgotten(documents=1, mentions=3, relationships=2, kept_contents=1)


HIDING = [moves_on, moves_on_to_what_is_known, is_forgotten]


def found(case: LedgerCase) -> list[str]:
    with stored_project(case.engine, case.project, case.plan, case.blobs, quick=True) as stored:
        return [f"{finding.check}: {finding.message}" for finding in stored.findings()]


def rows(case: LedgerCase, content: str) -> dict[str, int]:
    return {
        table: case.value(f"SELECT count(*) FROM {table} WHERE content_id = :id", id=content)
        for table in (*TABLES, "stage_results")
    }


def complete(case: LedgerCase) -> None:
    """Try the other document again: nothing is left to do for it but to be identified."""
    case.ledger.retry(case.project)
    run = case.run()
    case.ledger.claim(run, 10)
    [work] = case.identify(run, b=LETTER).values()
    assert work.published
    case.ledger.end_run(run, "finished", {})


@pytest.mark.parametrize("hide", HIDING)
def test_what_no_document_shows_has_no_rows_and_comes_back(case: LedgerCase, hide: Hide) -> None:
    shown_and_awaited(case)
    content = case.content(LETTER)
    published = rows(case, content)
    before = case.value("SELECT max(id) FROM changes")

    hide(case)

    assert rows(case, content) == {**dict.fromkeys(TABLES, 0), "stage_results": 5}
    assert case.rows("SELECT normal FROM names") == [("john smith",)]
    filled = "num_nonnulls(published_at, chain, members, text, pages, warnings, language, title)"
    assert case.value(f"SELECT {filled} FROM contents WHERE id = :id", id=content) == 0
    later = "SELECT subject FROM changes WHERE id > :before AND kind = :kind"
    assert case.rows(later, before=before, kind="removed") == [(content,)]
    assert len(case.rows(later, before=before, kind="name_removed")) == 2
    assert found(case) == []

    complete(case)

    assert case.status("b.txt") == ("completed", False, content)
    assert rows(case, content) == published
    assert (content,) in case.rows(later, before=before, kind="published")
    assert found(case) == []
    fresh = LedgerCase(case.engine, name="fresh", plan=case.plan)
    fresh.publish("keep", OTHER, "John Smith")
    fresh.publish("b", LETTER, *PEOPLE)
    if case.rows("SELECT 1 FROM documents WHERE uri LIKE '%/a.txt'"):
        fresh.publish("a", "Nobody came." if hide is moves_on else OTHER)
    digests = [GraphReader(x.engine, x.project).digest() for x in (case, fresh)]
    assert digests[0] == digests[1]


def test_a_member_that_its_container_has_no_more_hides_what_it_said(case: LedgerCase) -> None:
    held = Member(path="in.txt", sha256=sha_of(LETTER), size=5)
    case.publish("box", "box", payloads=payloads_of("box", members=[held]))
    run = case.run()
    inside = case.found("box.txt!/in.txt").uri.rpartition("/corpus/")[2].removesuffix(".txt")
    case.claimed(run, "b.txt")
    case.identify(run, **{inside: LETTER, "b": LETTER})
    claim = case.claim_of(case.document("b.txt"))
    case.ledger.failed(run, [(case.document("b.txt"), claim, FAILURE)])
    case.publisher().persist(case.checkpoints(LETTER, None, *PEOPLE))
    assert case.status("box.txt!/in.txt") == ("completed", False, case.content(LETTER))
    case.ledger.record_documents(case.project, [case.found("box.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, box="an empty box")

    persisted = case.publisher().persist(case.checkpoints("an empty box"))

    assert persisted.gone == (case.content("box"),)
    assert rows(case, case.content(LETTER)) == {**dict.fromkeys(TABLES, 0), "stage_results": 5}
    assert case.value("SELECT count(*) FROM names") == 0
    case.ledger.end_run(run, "finished", {})
    complete(case)
    assert rows(case, case.content(LETTER))["mentions"] == 3


def test_what_two_documents_show_stays_when_one_moves_on(case: LedgerCase) -> None:
    shown_and_awaited(case)
    complete(case)
    before = rows(case, case.content(LETTER))

    moves_on(case)

    assert rows(case, case.content(LETTER)) == before
    assert case.rows("SELECT 1 FROM changes WHERE kind IN ('removed', 'name_removed')") == []
