"""A document that is looked at again keeps what was made of its bytes until they are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ledger_case import LedgerCase, payloads_of

from actors.admission import known
from pipeline.documents import DocumentFailure, Member, StageName
from pipeline.forecast import stage_counts
from pipeline.stage import STAGES
from pipeline.stores import loose_objects, payloads
from pipeline.stores.blame import blame_content
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.payloads import RefusedContentError
from pipeline.stores.verifying import stored_project

WORDS, OTHERS = "Ann Lee slept.", "Bob Ray woke."
FAILURE = DocumentFailure(stage=StageName.RELATE, error="stage_raised", message="no")

Reopen = Callable[[LedgerCase], None]


def rehash(case: LedgerCase) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt")], rehash=True)


def touch(case: LedgerCase) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])


@pytest.fixture(params=[rehash, touch])
def reopen(request: pytest.FixtureRequest) -> Reopen:
    return request.param


def interrupted(case: LedgerCase, stored: int = 4) -> None:
    """Store the first checkpoints of a document, and end the run."""
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=WORDS)
    case.publisher().persist(case.checkpoints(WORDS, None, "Ann Lee")[:stored])
    case.ledger.release(run)
    case.ledger.end_run(run, "stopped", {})


def results(case: LedgerCase) -> int:
    return int(case.value("SELECT count(*) FROM stage_results"))


def wrong(case: LedgerCase) -> list[object]:
    with stored_project(case.engine, case.project, case.plan, case.blobs) as stored:
        return list(stored.findings())


def foretold(case: LedgerCase, *, rehash: bool = False) -> list[int]:
    with case.ledger.forecasting(case.project, rehash=rehash) as forecast:
        forecast.found([case.found("a.txt")])
        counts = stage_counts(case.plan, forecast.unread(), forecast.known())
    return [counts[stage] for stage in STAGES]


def test_what_was_stored_of_the_same_bytes_is_used(case: LedgerCase, reopen: Reopen) -> None:
    interrupted(case)
    assert foretold(case, rehash=True) == [0, 0, 0, 0, 1]

    reopen(case)

    assert results(case) == 4
    assert wrong(case) == []
    run = case.run()
    [claimed] = case.ledger.claim(run, 10)
    assert known([claimed]) == []  # it is read, all the same
    work = case.identify(run, a=WORDS)[claimed.document_id]
    assert work.chain.gap is StageName.RELATE
    case.publisher().persist(case.checkpoints(WORDS, None, "Ann Lee")[4:])
    assert case.status("a.txt") == ("completed", False, case.content(WORDS))
    assert wrong(case) == []


def test_a_dry_run_fears_that_bytes_which_nobody_looked_at_since_are_others(
    case: LedgerCase,
) -> None:
    interrupted(case)
    rehash(case)
    assert foretold(case) == [1, 1, 1, 1, 1]


def test_what_was_stored_of_other_bytes_goes_when_they_are_known(
    case: LedgerCase, reopen: Reopen
) -> None:
    interrupted(case)
    reopen(case)
    run = case.run()
    case.ledger.claim(run, 10)
    assert results(case) == 4

    work = case.identify(run, a=OTHERS)[case.document("a.txt")]

    assert (results(case), work.chain.gap) == (0, StageName.OCR)
    assert case.rows("SELECT id::text FROM contents") == [(case.content(OTHERS),)]
    assert wrong(case) == []


@pytest.mark.parametrize("claimed", [False, True])
def test_a_late_result_publishes_nothing_until_the_bytes_are_looked_at(
    case: LedgerCase, reopen: Reopen, claimed: bool
) -> None:
    interrupted(case)
    reopen(case)
    run = case.run()
    if claimed:
        case.ledger.claim(run, 10)

    late = case.publisher().persist(case.checkpoints(WORDS, None, "Ann Lee")[4:])

    assert (late.published, late.completed, results(case)) == ((), (), 5)
    assert case.status("a.txt") == ("running" if claimed else "pending", False, None)
    case.ledger.claim(run, 10)
    assert case.identify(run, a=WORDS)[case.document("a.txt")].published
    assert wrong(case) == []


def test_a_late_refusal_fails_nobody_whose_bytes_are_to_be_looked_at(
    case: LedgerCase, reopen: Reopen
) -> None:
    interrupted(case)
    reopen(case)
    with case.engine.begin() as connection:
        error = RefusedContentError(case.content(WORDS), StageName.RELATE, "refused", "no")
        assert blame_content(connection, error) == 0
    assert case.status("a.txt")[0] == "pending"


def test_a_failed_document_goes_on_where_it_failed(case: LedgerCase, reopen: Reopen) -> None:
    interrupted(case)
    run = case.run()
    [claimed] = case.ledger.claim(run, 10)
    case.identify(run, a=WORDS)
    case.ledger.failed(run, [(claimed.document_id, claimed.claim, FAILURE)])

    reopen(case)

    assert case.status("a.txt")[0] == "pending"
    case.ledger.claim(run, 10)
    assert case.identify(run, a=WORDS)[claimed.document_id].chain.gap is StageName.RELATE


def test_a_source_that_comes_back_goes_on_where_it_was(case: LedgerCase) -> None:
    interrupted(case)
    rehash(case)
    run = case.run()
    [claimed] = case.ledger.claim(run, 10)
    case.ledger.failed(run, [(claimed.document_id, claimed.claim, FAILURE)])  # it is gone
    assert wrong(case) == []

    case.ledger.retry(case.project)

    [claimed] = case.ledger.claim(run, 10)
    assert known([claimed]) == []
    assert case.identify(run, a=WORDS)[claimed.document_id].chain.gap is StageName.RELATE


@pytest.mark.parametrize("again", [rehash, touch, None])
def test_a_document_whose_bytes_were_known_is_read_again(
    case: LedgerCase, again: Reopen | None
) -> None:
    """After `--from` only the plan is another, unless somebody found or fears more."""
    case.publish("a", WORDS, "Ann Lee")
    case.ledger.open_project(case.name, case.plan, from_stage=StageName.RELATE)
    run = case.run()
    if again:
        again(case)
    [claimed] = case.ledger.claim(run, 10)
    assert bool(known([claimed])) == (again is None)

    case.ledger.requeue(run, [claimed.document_id])  # it changed while it was read

    [claimed] = case.ledger.claim(run, 10)
    assert known([claimed]) == []


def test_a_document_whose_bytes_were_known_is_read_again_though_it_is_worked_on(
    case: LedgerCase, reopen: Reopen
) -> None:
    """The work on it may have begun before the walk came to it."""
    case.publish("a", WORDS, "Ann Lee")
    case.ledger.open_project(case.name, case.plan, from_stage=StageName.RELATE)
    run = case.run()
    [before] = case.ledger.claim(run, 10)
    assert known([before])

    reopen(case)

    [claimed] = case.ledger.claim(run, 10)
    assert (claimed.document_id, known([claimed])) == (before.document_id, [])
    reopen(case)
    assert case.ledger.claim(run, 10) == [], "it is being looked at"


def test_what_is_left_out_or_forgotten_leaves_nothing_behind(
    case: LedgerCase, reopen: Reopen
) -> None:
    interrupted(case)
    reopen(case)
    case.ledger.record_skipped(case.project, [(case.found("a.txt"), "too large")])
    assert (results(case), case.value("SELECT count(*) FROM contents")) == (0, 0)
    assert wrong(case) == []
    case.ledger.record_documents(case.project, [case.found("a.txt")])

    interrupted(case)
    reopen(case)
    Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget([case.uri("a.txt")])

    for table in ("documents", "contents", "stage_results"):
        assert case.value(f"SELECT count(*) FROM {table}") == 0


def test_the_objects_of_members_stay_for_a_container_that_is_looked_at_again(
    case: LedgerCase, reopen: Reopen
) -> None:
    held = payloads.store_payload(case.blobs, b"inside")
    members = payloads_of(WORDS, members=[Member(path="in.txt", sha256=held, size=6)])
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=WORDS)
    case.publisher().persist(case.checkpoints(WORDS, members)[:1])
    case.ledger.release(run)

    reopen(case)

    # It will not be put again: the stage that did is done, and its result names it.
    assert loose_objects.remove(case.engine, case.blobs, [held]) == (0, 0)
    assert case.held([held]) == [held]
