"""Objects go once nothing names them, whichever way their last name went."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from ledger_case import LedgerCase, payloads_of, plan_of
from sqlalchemy import event, text
from store_case import StoreCase
from waiting import until

from pipeline.documents import DocumentFailure, Member, Relationships, StageName
from pipeline.errors import TemporaryError
from pipeline.stores import loose_objects, payloads, postgres
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.protocols import Blobs

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
FAILURE = DocumentFailure(stage=StageName.EXTRACT, error="stage_raised", message="no")


def stored(case: LedgerCase, data: bytes) -> str:
    """Put an object."""
    return payloads.store_payload(case.blobs, data)


def holding(words: str, *members: str) -> dict[StageName, object]:
    return payloads_of(
        words, members=[Member(path=f"{sha[:4]}.txt", sha256=sha, size=6) for sha in members]
    )


def change(case: LedgerCase, name: str, words: str, *members: str) -> None:
    """Find a document's bytes changed, and bring it all the way again."""
    case.ledger.record_documents(case.project, [case.found(f"{name}.txt", stamp=words)])
    run = case.run()
    claimed = case.ledger.claim(run, 10)
    assert claimed
    case.identify(run, **{name: words})
    case.publisher().persist(case.checkpoints(words, holding(words, *members)))


def settle(case: LedgerCase) -> None:
    """Let no document be on its way: what members say is of no interest here."""
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET status = 'completed'"))


def test_what_a_changed_container_held_goes_and_what_it_still_holds_stays(
    case: LedgerCase,
) -> None:
    old, both, new = (stored(case, data) for data in (b"old", b"both", b"new"))
    case.publish("box", "before", payloads=holding("before", old, both))
    settle(case)
    change(case, "box", "after", both, new)
    settle(case)

    assert case.ledger.sweep_objects(3600) == 0
    assert case.held([old, both, new]) == [old, both, new]
    assert case.ledger.sweep_objects(0) == 1
    assert case.held([old, both, new]) == [both, new]
    assert case.value("SELECT count(*) FROM loose_objects") == 0


def test_a_large_payload_goes_with_the_chain_that_replaces_its_own(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 0)
    words, people = "Ann Lee met Bob Ray.", ("Ann Lee", "Bob Ray")
    case.publish("a", words, *people)
    before = [x for (x,) in case.rows("SELECT payload_ref FROM stage_results ORDER BY stage")]
    assert len(before) == 5

    case.plan = plan_of(relate="2")
    case.ledger.open_project(case.name, case.plan, reconfigure=True)
    run = case.run()
    case.ledger.claim(run, 10)
    case.identify(run, a=words)
    changed = payloads_of(words, people) | {StageName.RELATE: Relationships(relationships=())}
    made = case.checkpoints(words, changed)
    assert case.publisher().persist(made[-1:]).published

    assert case.ledger.sweep_objects(0) == 1
    named = {x for (x,) in case.rows("SELECT payload_ref FROM stage_results")}
    assert set(case.held(before)) == named & set(before)
    assert len(named & set(before)) == 4


def test_a_large_payload_is_stored_and_named_while_nothing_is_removed(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it may go between the two: it was loose already, and its row is not there yet."""
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 0)
    words = "Ann Lee met Bob Ray."
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=words)
    made = case.checkpoints(words, None, "Ann Lee", "Bob Ray")
    loose = [stored(case, checkpoint.payload) for checkpoint in made]
    # Nobody waits for it any more when its results come: nothing else holds the removal back.
    settle(case)
    with case.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO loose_objects (sha256) SELECT unnest(CAST(:all AS text[]))"),
            {"all": loose},
        )
    taken = []

    def sweep_beside(blobs: Blobs, payload: bytes) -> str:
        """Let another process remove what is loose, between the object and its row."""
        reference = store(blobs, payload)
        taken.append(pool.submit(case.ledger.sweep_objects, 0))
        until(lambda: taken[-1].done() or is_waiting())
        return reference

    def is_waiting() -> bool:
        asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(case.value(asked))

    store = payloads.store_payload
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr("pipeline.stores.result_rows.store_payload", sweep_beside)
        case.publisher().persist(made)

    assert [future.result() for future in taken] == [0] * len(taken)
    assert len(case.held(loose)) == len(loose) == 5


def test_an_object_that_is_named_again_stays(case: LedgerCase) -> None:
    held = stored(case, b"held")
    case.publish("one", "one", payloads=holding("one", held))
    settle(case)
    change(case, "one", "other")
    settle(case)
    case.publish("two", "two", payloads=holding("two", held))
    settle(case)

    assert case.ledger.sweep_objects(0) == 0
    assert case.held([held]) == [held]
    assert case.value("SELECT count(*) FROM loose_objects") == 0


def test_an_object_that_came_loose_again_a_moment_ago_stays_for_copies_of_that_moment(
    case: LedgerCase,
) -> None:
    """It was loose long ago, too: what named it in between may be in Redis yet."""
    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    change(case, "box", "after")
    settle(case)
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE loose_objects SET since = since - interval '2 hours'"))
    change(case, "box", "before", held)
    settle(case)
    change(case, "box", "after")
    settle(case)

    assert case.ledger.sweep_objects(3600) == 0
    assert case.held([held]) == [held]
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE loose_objects SET since = since - interval '2 hours'"))
    assert case.ledger.sweep_objects(3600) == 1
    assert case.held([held]) == []
    assert case.value("SELECT count(*) FROM loose_objects") == 0


def as_container(case: LedgerCase, words: str) -> None:
    """Let a content be an archive."""
    with case.engine.begin() as connection:
        connection.execute(
            text("UPDATE contents SET media_type = 'application/zip' WHERE id = :id"),
            {"id": case.content(words)},
        )


def settle_completed(case: LedgerCase) -> None:
    """Let no document be on its way, and those that failed stay so."""
    with case.engine.begin() as connection:
        connection.execute(
            text("UPDATE documents SET status = 'completed' WHERE status <> 'failed'")
        )


@pytest.mark.parametrize("ends", ["published", "failed", "forgotten"])
def test_one_on_its_way_holds_all_back_until_it_ends(case: LedgerCase, ends: str) -> None:
    loose = stored(case, b"loose")
    case.publish("box", "before", payloads=holding("before", loose))
    settle(case)
    change(case, "box", "after")
    run = case.run()
    [late] = case.claimed(run, "late.txt")
    case.identify(run, late="late")

    assert case.ledger.sweep_objects(0) == 0
    match ends:
        case "published":
            case.publisher().persist(case.checkpoints("late", holding("late", loose)))
            settle(case)
        case "failed":
            case.ledger.failed(run, [(late.document_id, late.claim, FAILURE)])
        case "forgotten":
            Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget(
                [late.document_id]
            )
    case.ledger.sweep_objects(0)

    assert case.held([loose]) == ([loose] if ends == "published" else [])


def test_a_container_that_failed_after_ocr_finds_its_members_when_it_is_tried_again(
    case: LedgerCase,
) -> None:
    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    change(case, "box", "after")
    run = case.run()
    [late] = case.claimed(run, "late.txt")
    case.identify(run, late="late")
    case.publisher().persist(case.checkpoints("late", holding("late", held))[:1])
    case.ledger.failed(run, [(late.document_id, late.claim, FAILURE)])
    as_container(case, "late")

    assert case.ledger.sweep_objects(0) == 0
    assert case.held([held]) == [held]


def test_what_could_not_be_removed_is_removed_later(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise TemporaryError("S3 is away")

    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    with monkeypatch.context() as patched:
        patched.setattr(case.blobs, "delete", away)
        gone = Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget(
            [case.uri("box.txt")]
        )
        assert (gone.documents, gone.objects, gone.kept_objects) == (1, 0, 1)
        with pytest.raises(TemporaryError):
            case.ledger.sweep_objects(0)

    assert case.ledger.sweep_objects(0) == 1
    assert case.held([held]) == []


def test_a_deleted_project_leaves_what_another_is_about_to_name(case: LedgerCase) -> None:
    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    other = LedgerCase(case.engine, name="other", blobs=case.blobs)
    run = other.run()
    other.claimed(run, "late.txt")
    other.identify(run, late="late")

    case.delete()

    assert case.held([held]) == [held]
    other.delete()
    assert other.ledger.sweep_objects(0) == 1
    assert case.held([held]) == []


def test_no_document_gets_on_its_way_while_objects_are_removed(case: LedgerCase) -> None:
    """It could store anew, and find there, what is removed the next moment."""
    run = case.run()
    case.claimed(run, "late.txt")
    removed: list[str] = []

    class Blobs:
        def delete(self, objects: list[str]) -> None:
            work = thread.submit(case.identify, run, late="late")
            until(lambda: case.value(WAITING) or work.done())
            assert not work.done()
            removed.extend(objects)
            works.append(work)

    works: list[object] = []
    with ThreadPoolExecutor(1) as thread:
        sha256 = hashlib.sha256(b"x").hexdigest()
        assert loose_objects.remove(case.engine, Blobs(), [sha256]) == (1, 0)
        [work] = works
        assert work.result(30)
    assert removed == [sha256]
    assert case.value("SELECT next_content_id::text FROM documents") == case.content("late")


def test_what_is_published_between_two_questions_of_the_removal_stays(case: LedgerCase) -> None:
    """On its way at the first question, and named at the second: it must not be in neither."""
    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    change(case, "box", "after")
    settle(case)
    run = case.run()
    case.claimed(run, "late.txt")
    case.identify(run, late="late")
    asked: list[str] = []

    def after(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM documents" in statement and not asked:
            asked.append(statement)
            case.publisher().persist(case.checkpoints("late", holding("late", held)))

    event.listen(case.engine, "after_cursor_execute", after)
    try:
        case.ledger.sweep_objects(0)
    finally:
        event.remove(case.engine, "after_cursor_execute", after)

    assert len(asked) == 1
    assert case.value("SELECT count(*) FROM documents WHERE blob = :held", held=held) == 1
    assert case.held([held]) == [held]


@pytest.mark.parametrize("way", ["retry", "reconfigure"])
def test_no_document_is_reopened_while_objects_are_removed(case: LedgerCase, way: str) -> None:
    """What is to run `ocr` again is not identified anew, and stores what it finds there."""
    case.publish("done", "done")
    run = case.run()
    [failed] = case.claimed(run, "failed.txt")
    case.identify(run, failed="failed")
    case.ledger.failed(run, [(failed.document_id, failed.claim, FAILURE)])
    again = {
        "retry": lambda: case.ledger.retry(case.project),
        "reconfigure": lambda: case.ledger.open_project(
            case.name, plan_of(ocr="2"), reconfigure=True
        ),
    }[way]

    class Blobs:
        def delete(self, objects: list[str]) -> None:
            work = thread.submit(again)
            until(lambda: case.value(WAITING) or work.done())
            works.append((work, work.done()))

    works: list[tuple[Future[object], bool]] = []
    with ThreadPoolExecutor(1) as thread:
        assert loose_objects.remove(case.engine, Blobs(), [hashlib.sha256(b"x").hexdigest()]).gone
        [(work, too_early)] = works
        assert work.result(30)
    assert not too_early
    assert case.value("SELECT count(*) FROM documents WHERE status = 'pending'") == 1


def test_a_failed_container_whose_run_may_have_more_in_the_queue_holds_all_back(
    case: LedgerCase,
) -> None:
    """Its `ocr` may be in Redis only: nobody can say yet what it names."""
    held = stored(case, b"held")
    case.publish("box", "before", payloads=holding("before", held))
    settle(case)
    change(case, "box", "after")
    run = case.run()
    [late] = case.claimed(run, "late.txt")
    case.identify(run, late="late")
    case.ledger.failed(run, [(late.document_id, late.claim, FAILURE)])
    as_container(case, "late")

    assert case.ledger.sweep_objects(0) == 0
    assert case.held([held]) == [held]
    case.ledger.end_run(run, "finished", {})
    assert case.ledger.sweep_objects(0) == 1


def test_who_has_lost_the_lock_while_removing_removes_no_more(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped for longer than a transaction may idle: a successor may name the objects by now."""
    monkeypatch.setattr(loose_objects, "DELETED_AT_ONCE", 1)
    first, second = sorted(stored(case, data) for data in (b"one", b"two"))
    run = case.run()
    case.claimed(run, "late.txt")
    url = case.engine.url.render_as_string(hide_password=False)
    slow = postgres.connect(f"{url}&options=-c%20idle_in_transaction_session_timeout%3D300")
    advisory = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"

    class Blobs:
        def delete(self, objects: list[str]) -> None:
            case.blobs.delete(objects)
            until(lambda: not case.value(advisory))
            case.identify(run, late="late")
            case.publisher().persist(case.checkpoints("late", holding("late", second)))

    assert loose_objects.remove(slow, Blobs(), [first, second]) == (0, 2)
    slow.dispose()
    assert case.value("SELECT blob FROM documents WHERE blob IS NOT NULL") == second
    assert case.held([first, second]) == [second]


def failed_after_ocr(case: LedgerCase, words: str, *members: str) -> str:
    """Bring a new container to its `ocr` and no further; return its document's id."""
    run = case.run()
    [late] = case.claimed(run, f"{words}.txt")
    case.identify(run, **{words: words})
    case.publisher().persist(case.checkpoints(words, holding(words, *members))[:1])
    case.ledger.failed(run, [(late.document_id, late.claim, FAILURE)])
    case.ledger.end_run(run, "finished", {})
    as_container(case, words)
    return late.document_id


@pytest.mark.parametrize("way", ["forgotten", "deleted", "left out"])
def test_what_a_container_held_that_was_never_published_goes_with_it(
    case: LedgerCase, way: str
) -> None:
    held = stored(case, b"held")
    document = failed_after_ocr(case, "late", held)
    assert case.ledger.sweep_objects(0) == 0

    match way:
        case "forgotten":
            forgetting = Forgetting(case.engine, case.project, case.blobs, lambda _: None)
            assert forgetting.forget([document]).objects == 1
        case "deleted":
            case.delete()
        case "left out":
            case.ledger.record_skipped(case.project, [(case.found("late.txt"), "too large")])
            assert case.held([held]) == [held]
            assert case.ledger.sweep_objects(0) == 1

    assert case.held([held]) == []


def test_what_an_ocr_names_that_comes_when_its_document_is_forgotten_goes(case: LedgerCase) -> None:
    held = stored(case, b"held")
    run = case.run()
    [late] = case.claimed(run, "late.txt")
    case.identify(run, late="late")
    made = case.checkpoints("late", holding("late", held))
    Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget([late.document_id])

    assert case.publisher().persist(made[:1]).gone == (case.content("late"),)

    assert case.ledger.sweep_objects(0) == 1
    assert case.held([held]) == []


@pytest.mark.parametrize("way", ["too late", "second"])
def test_a_large_payload_of_which_no_row_is_made_goes(
    store_case: StoreCase, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """It is put before its checkpoint is: PostgreSQL hears of it from the queue only."""
    case = store_case
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 0)
    words, people = "Ann Lee met Bob Ray.", ("Ann Lee", "Bob Ray")
    run = case.run()
    [late] = case.claimed(run, "a.txt")
    case.identify(run, a=words)
    held = stored(case, b"held")
    if way == "second":
        case.publisher().persist(case.checkpoints(words, None, *people))
    case.put(case.checkpoints(words, holding(words, held), salt="other")[:1])
    before = case.blobs.names()
    assert held in before
    if way == "too late":
        Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget([late.document_id])

    case.drain()

    named = {x for (x,) in case.rows("SELECT payload_ref FROM stage_results")}
    assert len(named) == (5 if way == "second" else 0)
    assert case.ledger.sweep_objects(0) == len(before) - len(named)
    assert set(case.blobs.names()) == named
    assert case.value("SELECT count(*) FROM loose_objects") == 0


def test_a_failed_container_holds_back_only_what_it_holds(case: LedgerCase) -> None:
    other = LedgerCase(case.engine, name="other", blobs=case.blobs)
    both, own = stored(case, b"both"), stored(case, b"own")
    failed_after_ocr(other, "late", both)
    case.publish("box", "before", payloads=holding("before", both, own))
    settle_completed(case)

    gone = Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget(
        [case.uri("box.txt")]
    )

    assert (gone.objects, gone.kept_objects) == (1, 0)
    assert case.held([both, own]) == [both]
    other.delete()
    assert case.held([both]) == []


def test_a_container_whose_ocr_an_earlier_version_stored_holds_all_back(case: LedgerCase) -> None:
    held = stored(case, b"held")
    failed_after_ocr(case, "late", held)
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE stage_results SET members = NULL"))
    assert loose_objects.remove(case.engine, case.blobs, [held]) == (0, 1)


def test_an_ocr_that_nobody_can_read_names_nothing_that_is_known(case: LedgerCase) -> None:
    made = case.checkpoints("late", holding("late"))
    assert [payloads.members_of(x) for x in made] == [[], None, None, None, None]
    assert payloads.members_of(made[0].model_copy(update={"payload": b"\x02no zstd"})) is None
    assert payloads.members_of(made[0].model_copy(update={"payload": b'\x01{"members":3}'})) is None
    assert payloads.members_of(made[0].model_copy(update={"payload": b"\x09"})) is None
