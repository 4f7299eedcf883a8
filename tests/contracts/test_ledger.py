"""The ledger of documents in a real PostgreSQL."""

from __future__ import annotations

import random
import threading

import pytest
from ledger_case import MEDIA, LedgerCase, plan_of, sha_of
from sqlalchemy import text
from waiting import until

from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import UsageError
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.ledger import Claimed, Identified
from pipeline.stores.project_reader import find_project

FAILURE = DocumentFailure(
    stage=StageName.OCR, error="unreadable", message="it cannot be read \x00", log_tail="words"
)


def expire(case: LedgerCase, run: str) -> None:
    with case.engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET lease_until = now() - interval '1 second' WHERE id = :run"),
            {"run": run},
        )


def test_a_project_is_made_once_and_found(case: LedgerCase) -> None:
    again = case.ledger.open_project("case", case.plan)

    assert again.id == case.project == find_project(case.engine, "case")
    assert case.ledger.plan_of(case.project) == case.plan
    assert case.ledger.plan_of(case.document("none")) is None
    with pytest.raises(UsageError, match="no project named 'cass'; there are: case"):
        find_project(case.engine, "cass")


def test_a_project_that_was_only_read_takes_another_plan_for_the_rest(case: LedgerCase) -> None:
    other = plan_of(extract="2")
    assert case.ledger.takes(case.project, case.plan, other)
    case.ledger.open_project("case", other)
    assert case.ledger.plan_of(case.project) == other
    # What was read would be read in another way.
    assert not case.ledger.takes(case.project, other, plan_of(extract="2", chunk="2"))
    with pytest.raises(UsageError, match="chunk"):
        case.ledger.open_project("case", plan_of(extract="2", chunk="2"))


def test_another_plan_is_refused_by_stage_until_asked_for(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")
    with pytest.raises(UsageError) as caught:
        case.ledger.open_project("case", plan_of(extract="2"))

    assert "extract (version '1' → '2')" in str(caught.value)
    assert "relate" not in str(caught.value)
    assert "--reconfigure" in str(caught.value)
    assert case.ledger.plan_of(case.project) == case.plan


def test_reconfiguring_reopens_what_does_not_follow_the_new_plan(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")

    case.ledger.open_project("case", plan_of(relate="2"), reconfigure=True)

    assert case.status("a.txt") == ("pending", False, case.content("Jane Roe."))
    run = case.run()
    assert [x.attempts for x in case.ledger.claim(run, 10)] == [1]

    case.ledger.release(run)
    case.ledger.open_project("case", plan_of(), reconfigure=True)
    case.ledger.claim(run, 10)
    work = case.identify(run, a="Jane Roe.")[case.document("a.txt")]
    assert work.published  # it follows the first plan again


def test_a_run_under_an_old_plan_ends_with_a_reason(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.ledger.open_project("case", plan_of(relate="2"), reconfigure=True)

    with pytest.raises(UsageError, match="other settings"):
        case.identify(run, a="text")


def test_recording_again_touches_only_what_changed(case: LedgerCase) -> None:
    case.publish("done", "Jane Roe.", "Jane Roe")
    case.publish("other", "Mary Major.", "Mary Major")
    batch = [
        case.found("done.txt"), case.found("other.txt", stamp="2"), case.found("new.txt"),
        case.found("new.txt"),
    ]  # fmt: skip

    recorded = case.ledger.record_documents(case.project, batch)

    assert (recorded.new, recorded.changed, recorded.unchanged) == (1, 1, 1)
    assert (recorded.opened, recorded.unsettled) == (2, 1)
    assert case.status("done.txt")[0] == "completed"
    assert case.status("other.txt") == ("pending", False, case.content("Mary Major."))
    assert case.value("SELECT count(*) FROM mentions") == 2
    assert case.ledger.pending_count(case.project) == 2
    again = case.ledger.record_documents(case.project, batch)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)
    assert (again.opened, again.unsettled) == (0, 0)
    # What waits already is no more to be done for having changed once more, until it is left out.
    newer = case.found("new.txt", stamp="2")
    once_more = case.ledger.record_documents(case.project, [newer])
    assert (once_more.changed, once_more.opened, once_more.unsettled) == (1, 0, 0)
    left_out = case.ledger.record_skipped(case.project, [(newer, "too large")])
    assert (left_out.changed, left_out.opened, left_out.unsettled) == (1, -1, 0)
    assert case.ledger.pending_count(case.project) == 1


def test_a_path_that_is_too_long_is_named_and_nothing_of_its_batch_is_taken(
    case: LedgerCase,
) -> None:
    """One that is as long and can be compressed is taken."""
    dice = random.Random(0)
    folders = "/".join(dice.randbytes(100).hex() for _ in range(30))
    long, same = case.found(f"{folders}/a.txt"), case.found("d/" * 3000 + "a.txt")
    batch = [case.found("b.txt"), same, long]

    for record in (
        lambda: case.ledger.record_documents(case.project, batch),
        lambda: case.ledger.record_skipped(case.project, [(x, "too large") for x in batch]),
    ):
        with pytest.raises(UsageError) as raised:
            record()
        assert str(raised.value).endswith(f"shorter names: {long.source}")
        assert "--exclude" in str(raised.value)
    assert case.ledger.record_documents(case.project, batch[:2]).new == 2


def test_rehash_looks_at_everything_again(case: LedgerCase) -> None:
    case.publish("done", "Jane Roe.", "Jane Roe")

    recorded = case.ledger.record_documents(case.project, [case.found("done.txt")], rehash=True)

    assert recorded.changed == 1
    run = case.run()
    [claimed] = case.ledger.claim(run, 10)
    assert claimed.attempts == 1
    assert case.identify(run, done="Jane Roe.")[claimed.document_id].published
    assert case.status("done.txt")[0] == "completed"


def test_failed_documents_are_left_alone_until_retried_or_changed(case: LedgerCase) -> None:
    run = case.run()
    claimed = case.claimed(run, "a.txt", "b.txt")
    rows = [(x.document_id, x.claim, FAILURE) for x in claimed]
    assert len(case.ledger.failed(run, rows)) == 2

    recorded = case.ledger.record_documents(
        case.project, [case.found("a.txt"), case.found("b.txt", stamp="2")]
    )

    assert (recorded.changed, recorded.unchanged) == (1, 1)
    assert case.status("a.txt")[0] == "failed"
    [failure] = case.failures()
    assert (failure.source, failure.stage, failure.error, failure.attempts) == (
        "corpus/a.txt", StageName.OCR, "unreadable", 1,
    )  # fmt: skip
    assert failure.message == "it cannot be read �"
    assert case.ledger.retry(case.project) == 1
    assert case.failures() == []
    assert case.ledger.pending_count(case.project) == 2


def failing(case: LedgerCase) -> None:
    """Let three documents fail: two were identified, and one of them failed before otherwise."""
    run = case.run()
    claimed = {x.uri.rsplit("/", 1)[1]: x for x in case.claimed(run, "a.txt", "b.txt", "c.txt")}
    case.identify(run, a="a", b="b")
    ids = {name: x.document_id for name, x in claimed.items()}
    numbers = {name: x.claim for name, x in claimed.items()}
    case.ledger.failed(run, [(ids["b.txt"], numbers["b.txt"], FAILURE)])
    case.ledger.retry(case.project)
    [again] = case.ledger.claim(run, 1)
    late = DocumentFailure(stage=StageName.RELATE, error="crash", message="it crashed")
    case.ledger.failed(
        run,
        [
            (ids["a.txt"], numbers["a.txt"], FAILURE),
            (ids["b.txt"], again.claim, late),
            (ids["c.txt"], numbers["c.txt"], FAILURE),
        ],
    )


@pytest.mark.parametrize(
    ("wanted", "again"),
    [
        ({}, ["a.txt", "b.txt", "c.txt"]),
        ({"stage": StageName.RELATE}, ["b.txt"]),
        ({"stage": StageName.OCR}, ["a.txt", "c.txt"]),
        ({"error": "unreadable"}, ["a.txt", "c.txt"]),
        ({"media_type": "text/plain"}, ["a.txt", "b.txt"]),
        ({"media_type": "text/plain", "error": "unreadable"}, ["a.txt"]),
        ({"media_type": "image/png"}, []),
        ({"stage": StageName.OCR, "error": "crash"}, []),
    ],
)
def test_retry_takes_what_failed_last_in_the_way_asked_for(
    case: LedgerCase, wanted: dict[str, str], again: list[str]
) -> None:
    failing(case)

    assert case.ledger.retry(case.project, **wanted) == len(again)

    names = ("a.txt", "b.txt", "c.txt")
    assert [name for name in names if case.status(name)[0] == "pending"] == again
    recorded = case.ledger.record_documents(case.project, [case.found(name) for name in names])
    assert recorded.unchanged == 3
    claimed = case.ledger.claim(case.run(), 10)
    assert sorted(x.source.rpartition("/")[2] for x in claimed) == again
    assert {x.attempts for x in claimed} <= {1}


def test_skipped_documents_keep_their_reason_until_they_are_taken(case: LedgerCase) -> None:
    case.publish("done", "Jane Roe.", "Jane Roe")
    case.publish("grown", "Mary Major.", "Mary Major")
    left_out = [
        (case.found("done.txt"), "too large"),
        (case.found("grown.txt", size=99), "too large"),
        (case.found("huge.txt"), "too large"),
    ]

    recorded = case.ledger.record_skipped(case.project, left_out)

    assert (recorded.new, recorded.changed, recorded.unchanged) == (1, 1, 1)
    assert (recorded.opened, recorded.unsettled) == (0, 1)
    assert case.status("done.txt")[0] == "completed"
    assert case.status("grown.txt") == ("skipped", True, case.content("Mary Major."))
    assert case.rows("SELECT reason FROM documents WHERE status = 'skipped'") == [
        ("too large",), ("too large",),
    ]  # fmt: skip
    assert case.ledger.claim(case.run(), 10) == []
    taken = case.ledger.record_documents(case.project, [case.found("huge.txt")])
    assert (taken.new, taken.changed) == (0, 1)
    assert case.ledger.counts(case.project) == {
        "pending": 1, "running": 0, "completed": 1, "failed": 0, "skipped": 1,
    }  # fmt: skip


def test_what_a_walk_does_not_find_again_is_counted_under_its_sources(case: LedgerCase) -> None:
    case.publish("in/kept", "Jane Roe.")
    case.publish("in/gone", "Mary Major.")
    case.publish("in%20side/gone", "Ann Lee.")
    again = [case.found("in/kept.txt"), case.found("in/new.txt")]
    with case.ledger.roll_call(case.project) as roll:
        case.ledger.record_documents(case.project, again)
        for file in again:
            assert roll.found([file]) == [file]
        other = case.found("other.txt")
        assert roll.found([*again, other, other]) == [other]

        assert roll.missing([case.uri("in")]) == 1
        assert roll.missing([case.uri("in%20side")]) == 1
        assert roll.missing([case.uri("in/gone.txt"), case.uri("in")]) == 1
        assert roll.missing(["file:///"]) == 2
        assert roll.missing_some(["file:///"], 3) == [
            "corpus/in%20side/gone.txt",
            "corpus/in/gone.txt",
        ]
        assert roll.missing_some([case.uri("in/gone.txt"), case.uri("in")], 3) == [
            "corpus/in/gone.txt"
        ]
        assert roll.missing_some(["file:///"], 1) == ["corpus/in%20side/gone.txt"]
        assert roll.missing([case.uri("in/kept.txt"), case.uri("i")]) == 0
    with case.ledger.roll_call(case.project) as roll:
        assert roll.missing([case.uri("in")]) == 3


def test_the_path_shown_is_the_one_given_last(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")
    moved = case.found("a.txt").model_copy(update={"source": "/abs/a.txt"})

    recorded = case.ledger.record_documents(case.project, [moved])

    assert recorded.unchanged == 1
    assert case.rows("SELECT source, status FROM documents") == [("/abs/a.txt", "completed")]


def test_two_runs_never_claim_the_same_document(case: LedgerCase) -> None:
    names = [f"{number}.txt" for number in range(200)]
    case.ledger.record_documents(case.project, [case.found(name) for name in names])
    got: dict[str, list[str]] = {case.run(): [] for _ in range(4)}
    start = threading.Barrier(len(got))

    def work(run: str) -> None:
        start.wait()
        while batch := case.ledger.claim(run, 7):
            got[run] += [x.document_id for x in batch]

    threads = [threading.Thread(target=work, args=(run,)) for run in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    claimed = [document for documents in got.values() for document in documents]
    assert len(claimed) == len(set(claimed)) == 200
    assert case.rows("SELECT DISTINCT attempts FROM documents") == [(1,)]
    assert case.ledger.pending_count(case.project) == 0


def test_claims_of_a_dead_run_are_taken_over(case: LedgerCase) -> None:
    dead, living = case.run(), case.run()
    [before] = case.claimed(dead, "a.txt")
    assert case.ledger.claim(living, 10) == []

    expire(case, dead)

    assert case.ledger.pending_count(case.project) == 1
    [claimed] = case.ledger.claim(living, 10)
    assert claimed.attempts == 2
    assert case.ledger.failed(dead, [(claimed.document_id, before.claim, FAILURE)]) == []
    assert case.ledger.requeue(dead, [claimed.document_id]) == 0
    assert case.identify(dead, a="text") == {}
    assert case.ledger.claim(dead, 10) == []
    assert case.status("a.txt")[0] == "running"


def test_a_run_past_its_lease_claims_nothing_until_it_renews(case: LedgerCase) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt")])
    late = case.run(lease=0.0)

    assert case.ledger.claim(late, 10) == []
    assert case.status("a.txt")[0] == "pending"
    assert case.ledger.renew(late, 60.0)
    assert len(case.ledger.claim(late, 10)) == 1


def test_an_ended_run_can_neither_renew_nor_claim(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    assert case.ledger.renew(run, 60)

    case.ledger.end_run(run, "finished", {"documents": 1})

    assert not case.ledger.renew(run, 60)
    assert case.ledger.claim(run, 10) == []
    assert len(case.ledger.claim(case.run(), 10)) == 1
    assert case.rows("SELECT outcome, summary FROM runs WHERE outcome IS NOT NULL") == [
        ("finished", {"documents": 1})
    ]


def test_a_failure_of_an_earlier_attempt_is_not_believed(case: LedgerCase) -> None:
    run = case.run()
    [claimed] = case.claimed(run, "a.txt")
    again = case.ledger.again(run, [claimed.document_id])[claimed.document_id]
    assert case.value("SELECT attempts FROM documents") == 2

    assert case.ledger.failed(run, [(claimed.document_id, claimed.claim, FAILURE)]) == []
    assert case.status("a.txt")[0] == "running"
    assert case.ledger.failed(run, [(claimed.document_id, again, FAILURE)]) == [claimed.document_id]


@pytest.mark.parametrize("anew", ["changed", "forgotten", "given back", "retried", "left out"])
def test_a_failure_of_an_earlier_claim_of_the_same_run_is_not_believed(
    case: LedgerCase, anew: str
) -> None:
    """However a document came to be claimed anew, and whatever its attempts count from."""
    run = case.run()
    [before] = case.claimed(run, "a.txt")
    match anew:
        case "changed":
            case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
        case "forgotten":
            Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget(
                [before.document_id]
            )
            case.ledger.record_documents(case.project, [case.found("a.txt")])
        case "given back":
            case.ledger.requeue(run, [before.document_id])
        case "retried":
            case.ledger.failed(run, [(before.document_id, before.claim, FAILURE)])
            case.ledger.retry(case.project)
        case "left out":
            case.ledger.record_skipped(case.project, [(case.found("a.txt"), "too large")])
            case.ledger.record_documents(case.project, [case.found("a.txt")])
    [now] = case.ledger.claim(run, 10)
    assert (now.document_id, now.attempts) == (before.document_id, 1)

    assert case.ledger.failed(run, [(now.document_id, before.claim, FAILURE)]) == []

    assert case.status("a.txt")[0] == "running"
    assert case.ledger.failed(run, [(now.document_id, now.claim, FAILURE)]) == [now.document_id]


def test_what_was_found_out_under_an_earlier_claim_is_not_believed(case: LedgerCase) -> None:
    """A file that changed while it was hashed, and was claimed anew by the same run."""
    run = case.run()
    [before] = case.claimed(run, "a.txt")
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    [now] = case.ledger.claim(run, 10)

    assert case.ledger.identified(run, case.plan, [identified(before, "old")]) == []

    assert case.value("SELECT next_content_id FROM documents") is None
    assert case.value("SELECT count(*) FROM contents") == 0
    [work] = case.ledger.identified(run, case.plan, [identified(now, "new")])
    assert work.content_id == case.content("new")


def identified(claimed: Claimed, words: str) -> Identified:
    """Say what the bytes of a claimed document are."""
    return Identified(
        document_id=claimed.document_id,
        claim=claimed.claim,
        sha256=sha_of(words),
        media_type=MEDIA,
        size=len(words),
    )


def test_giving_back_does_not_count_the_attempt(case: LedgerCase) -> None:
    run = case.run()
    first, _ = case.claimed(run, "a.txt", "b.txt")
    assert case.ledger.requeue(run, [first.document_id]) == 1
    assert case.ledger.release(run) == 1

    assert [x.attempts for x in case.ledger.claim(run, 10)] == [1, 1]
    assert case.ledger.claim(run, 0) == ()


def test_what_is_given_back_is_not_completed_with_the_bytes_of_before(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a="Jane Roe.", b="Jane Roe.")
    case.ledger.requeue(run, [case.document("a.txt")])

    persisted = case.publisher().persist(case.checkpoints("Jane Roe.", None, "Jane Roe"))

    assert persisted.completed == (case.document("b.txt"),)
    assert case.status("a.txt") == ("pending", False, None)


@pytest.mark.parametrize("published", [False, True])
def test_giving_back_the_last_document_of_a_content_leaves_nothing_that_nobody_sees(
    case: LedgerCase, published: bool
) -> None:
    if published:
        case.publish("a", "John Doe.", "John Doe")
        case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    else:
        case.ledger.record_documents(case.project, [case.found("a.txt")])
    run = case.run()
    [claimed] = case.ledger.claim(run, 10)
    case.identify(run, a="Jane Roe.")

    assert case.ledger.requeue(run, [claimed.document_id]) == 1

    left = [(case.content("John Doe."),)] if published else []
    assert case.rows("SELECT id::text FROM contents") == left
    [again] = case.ledger.claim(run, 10)
    assert (again.next_content_id, again.same_bytes) == (None, False)


def test_old_results_stay_when_changed_bytes_fail(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    [claimed] = case.ledger.claim(run, 10)

    case.ledger.failed(run, [(claimed.document_id, claimed.claim, FAILURE)])

    assert case.status("a.txt") == ("failed", True, case.content("Jane Roe."))
    assert case.value("SELECT count(*) FROM mentions") == 1


def test_a_known_content_completes_where_it_is_identified(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")
    run = case.run()
    case.claimed(run, "copy.txt", "new.txt")

    works = case.identify(run, copy="Jane Roe.", new="Unseen.")

    assert works[case.document("copy.txt")].published
    assert works[case.document("new.txt")].chain.gap is StageName.OCR
    assert case.status("copy.txt") == ("completed", False, case.content("Jane Roe."))
    assert [x.document_id for x in case.ledger.unpublished(run)] == [case.document("new.txt")]


def test_what_was_identified_is_told_again_to_who_did_not_hear_it(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe.", "Jane Roe")
    run = case.run()
    case.claimed(run, "copy.txt", "new.txt")
    heard = case.identify(run, copy="Jane Roe.", new="Unseen.")

    assert case.identify(run, copy="Jane Roe.", new="Unseen.") == heard
    assert list(case.identify(run, copy="Others.", new="Unseen.")) == [case.document("new.txt")]
    assert case.identify(case.run(), copy="Jane Roe.", new="Unseen.") == {}
    assert case.value("SELECT count(*) FROM contents") == 2


def test_what_is_complete_but_not_published_is_published_when_identified(
    case: LedgerCase,
) -> None:
    run = case.run()
    [claimed] = case.claimed(run, "a.txt")
    case.identify(run, a="Jane Roe.")
    case.ledger.failed(run, [(claimed.document_id, claimed.claim, FAILURE)])
    persisted = case.publisher().persist(case.checkpoints("Jane Roe.", None, "Jane Roe"))
    assert persisted.published == ()  # nobody waits for it
    case.ledger.retry(case.project)
    [claimed] = case.ledger.claim(run, 10)
    assert claimed.next_content_id == case.content("Jane Roe.")

    work = case.identify(run, a="Jane Roe.")[claimed.document_id]

    assert work.published
    assert case.value("SELECT count(*) FROM mentions") == 1


def test_chains_are_known_up_to_the_first_gap(case: LedgerCase) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="text")
    made = case.checkpoints("text")
    case.publisher().persist([made[0], made[1], made[3]])
    unknown = case.content("unknown")

    chains = case.ledger.known_chains([case.content("text"), unknown], case.plan)

    assert [link.stage for link in chains[case.content("text")].links] == ["ocr", "chunk"]
    assert chains[unknown].gap is StageName.OCR


def test_content_of_bytes_that_changed_before_they_were_published_is_removed(
    case: LedgerCase,
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="first")

    case.identify(run, a="second")

    assert case.rows("SELECT id::text FROM contents") == [(case.content("second"),)]
    assert case.ledger.pending_count(case.project) == 0


def test_after_a_run_postgresql_knows_how_many_rows_there_are(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe met John Smith.", "Jane Roe", "John Smith")

    case.ledger.take_statistics()

    known = dict(
        case.rows("SELECT relname, reltuples FROM pg_class WHERE relname IN ('mentions', 'names')")
    )
    assert known == {"mentions": 2.0, "names": 2.0}


def test_a_failure_that_is_recorded_already_is_told_as_one(case: LedgerCase) -> None:
    """The answer to the first recording was lost, or what was made of it was refused."""
    run = case.run()
    [claimed] = case.claimed(run, "a.txt")
    row = (claimed.document_id, claimed.claim, FAILURE)

    assert case.ledger.failed(run, [row]) == [claimed.document_id]
    assert case.ledger.failed(run, [row]) == [claimed.document_id]
    assert len(case.failures()) == 1
    # That list has the last one of each document; a report counts them all.
    assert len(case.rows("SELECT id FROM failures")) == 1
    case.ledger.retry(case.project)
    assert case.ledger.failed(run, [row]) == []


def test_leaving_out_takes_its_locks_in_the_order_of_publishing(case: LedgerCase) -> None:
    run = case.run()
    [claimed] = case.claimed(run, "a.txt")
    case.identify(run, a="Ann Lee slept.")
    leaving = threading.Thread(
        target=case.ledger.record_skipped,
        args=(case.project, [(case.found("a.txt"), "too large")]),
    )
    with case.engine.begin() as publishing:
        publishing.execute(text("SELECT id FROM contents FOR NO KEY UPDATE"))
        leaving.start()
        until(lambda: case.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        publishing.execute(text("SET LOCAL lock_timeout = '5s'"))
        publishing.execute(
            text("UPDATE documents SET updated_at = now() WHERE id = :id"),
            {"id": claimed.document_id},
        )
    leaving.join(30)
    assert case.status("a.txt")[0] == "skipped"
