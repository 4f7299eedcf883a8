"""Forgetting documents: what goes, what stays, and what a late result finds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import redis
from ledger_case import payloads_of
from sqlalchemy import text
from store_case import StoreCase

from pipeline.documents import Member, Payload, StageName
from pipeline.errors import UsageError
from pipeline.stores import keys
from pipeline.stores.forgetting import Forgetting, Forgotten
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.project_deletion import delete_project
from tests.checkpoint_case import link_to

SMITH = "John Smith met Mary Jones in Boston."
OTHER = "Peter Brown met John Smith."


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    return store_case


def test_nothing_is_left_of_a_document_that_was_alone(case: StoreCase, valkey: redis.Redis) -> None:
    case.bring("a", SMITH, "John Smith", "Mary Jones")

    gone = case.forgetting.forget([case.uri("a.txt")])

    assert gone == Forgotten(documents=1, contents=1, mentions=2, relationships=1)
    assert set(case.counts().values()) == {0}
    assert valkey.keys("doc:*") == []
    assert case.queue.backlog().bytes == 0
    changes = case.rows("SELECT kind, count(*) FROM changes GROUP BY kind ORDER BY kind")
    assert changes == [("name_added", 2), ("name_removed", 2), ("published", 1), ("removed", 1)]


def test_what_another_document_says_too_stays(case: StoreCase) -> None:
    case.bring("a", SMITH, "John Smith", "Mary Jones")
    case.bring("b", OTHER, "Peter Brown", "John Smith")
    case.bring("copy", SMITH)

    assert case.forgetting.forget([case.uri("copy.txt")]) == Forgotten(documents=1, kept_contents=1)
    assert case.forgetting.forget([case.document("a.txt")]).mentions == 2

    names = case.rows("SELECT normal FROM names ORDER BY normal")
    assert names == [("john smith",), ("peter brown",)]
    assert case.counts()["documents"] == 1


def test_one_of_two_documents_of_one_content_keeps_the_other(
    case: StoreCase, valkey: redis.Redis
) -> None:
    case.bring("a", SMITH, "John Smith", "Mary Jones")
    case.bring("copy", SMITH)
    before = case.counts()
    copies = sorted(valkey.keys("doc:*"))

    gone = case.forgetting.forget([case.uri("a.txt")])

    assert (gone.contents, gone.kept_contents) == (0, 1)
    assert case.counts() == {**before, "documents": 1}
    assert case.status("copy.txt") == ("completed", False, case.content(SMITH))
    assert sorted(valkey.keys("doc:*")) == copies


def test_members_and_their_objects_go_with_their_container(case: StoreCase, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"inside").hexdigest()
    (tmp_path / "inside").write_bytes(b"inside")
    case.blobs.put_file(tmp_path / "inside", sha256)
    held = Member(path="in/a.txt", sha256=sha256, size=6)
    for name in ("one", "two"):
        case.publish(name, f"{name} holds", payloads=payloads_of(f"{name} holds", members=[held]))

    with pytest.raises(UsageError, match=r"is inside 'corpus/one\.txt' and comes back"):
        case.forgetting.forget(["corpus/one.txt!/in/a.txt"])
    first = case.forgetting.forget(["corpus/one.txt"])
    kept = case.held([sha256])
    second = case.forgetting.forget([case.uri("two.txt")])

    assert (first.documents, first.members, first.objects, kept) == (1, 1, 0, [sha256])
    assert (second.documents, second.members, second.objects) == (1, 1, 1)
    assert case.held([sha256]) == []
    assert set(case.counts().values()) == {0}


def test_objects_stay_while_a_document_on_its_way_may_hold_them(
    case: StoreCase, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(b"inside").hexdigest()
    (tmp_path / "inside").write_bytes(b"inside")
    case.blobs.put_file(tmp_path / "inside", sha256)
    held = payloads_of("holds", members=[Member(path="a.txt", sha256=sha256, size=6)])
    case.publish("one", "holds", payloads=held)
    run = case.run()
    case.claimed(run, "two.txt")
    case.identify(run, two="also holds")

    gone = case.forgetting.forget([case.uri("one.txt")])

    assert (gone.members, gone.objects, gone.kept_objects) == (1, 0, 1)
    assert case.held([sha256]) == [sha256]


def test_a_folder_goes_in_batches_and_nothing_beside_it(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stores.forgetting.BATCH_DOCUMENTS", 3)
    names = [f"sub/{number}.txt" for number in range(10)]
    found = [case.found(name) for name in (*names, "sub2/x.txt", "sub", "y.txt")]
    case.ledger.record_documents(case.project, found)

    assert case.forgetting.count([case.uri("sub/")]).documents == 11
    assert case.forgetting.forget([case.uri("sub/")]).documents == 11
    left = case.rows("SELECT source FROM documents ORDER BY source")
    assert left == [("corpus/sub2/x.txt",), ("corpus/y.txt",)]


def test_a_path_as_commands_print_it_is_found_from_anywhere(case: StoreCase) -> None:
    case.ledger.record_documents(
        case.project, [case.found(name) for name in ("in/a.txt", "in/b.txt", "c.txt")]
    )
    assert case.forgetting.count(["corpus/c.txt"]).documents == 1
    assert case.forgetting.count(["corpus/in"]).documents == 2
    assert case.forgetting.forget(["corpus"]).documents == 3


def test_what_is_not_there_is_named_and_then_nothing_is_forgotten(case: StoreCase) -> None:
    case.bring("a", SMITH)
    with pytest.raises(UsageError, match=r"has no document 'nowhere\.txt'"):
        case.forgetting.forget([case.uri("a.txt"), "nowhere.txt"])
    assert case.counts()["documents"] == 1


@pytest.mark.parametrize("persisted", [0, 2, 4])
def test_a_result_that_comes_late_is_dropped(
    case: StoreCase, valkey: redis.Redis, persisted: int
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=SMITH)
    made = case.checkpoints(SMITH, None, "John Smith", "Mary Jones")
    case.put(made[:persisted])
    case.drain()

    case.forgetting.forget([case.uri("a.txt")])
    case.put(made[persisted:])
    case.drain()

    assert set(case.counts().values()) == {0}
    assert valkey.keys("doc:*") == []
    assert case.queue.backlog().bytes == 0
    assert case.ledger.unpublished(run) == []


def test_what_was_queued_when_it_was_forgotten_is_dropped(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=SMITH)
    case.put(case.checkpoints(SMITH, None, "John Smith"))

    case.forgetting.forget([case.uri("a.txt")])
    case.drain()

    assert set(case.counts().values()) == {0}
    assert valkey.keys("doc:*") == []
    assert (case.queue.backlog().entries, case.queue.backlog().bytes) == (0, 0)


def test_a_forgotten_document_comes_back_whole(case: StoreCase) -> None:
    case.bring("a", SMITH, "John Smith", "Mary Jones")
    before = case.counts()
    case.forgetting.forget([case.uri("a.txt")])

    case.bring("a", SMITH, "John Smith", "Mary Jones")

    assert case.counts() == before
    assert case.status("a.txt") == ("completed", False, case.content(SMITH))


def test_a_dead_letter_of_a_forgotten_document_goes_with_its_value(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=SMITH)
    case.put(case.checkpoints(SMITH)[:1])
    [entry] = case.queue.read(10, 0)
    case.queue.refuse(entry, "test")
    assert valkey.exists(keys.dead_value(entry.id))

    case.forgetting.forget([case.uri("a.txt")])

    assert valkey.xlen(keys.DEAD_LETTERS) == 0
    assert not valkey.exists(keys.dead_value(entry.id))


def test_a_deleted_project_leaves_no_dead_letter_and_another_project_keeps_its_own(
    case: StoreCase, valkey: redis.Redis
) -> None:
    other = StoreCase(case.engine, name="other", url=case.url)
    letters = {}
    for each in (case, other):
        run = each.run()
        each.claimed(run, "a.txt", "b.txt")
        each.identify(run, a=SMITH, b=OTHER)
        each.put(each.checkpoints(SMITH)[:1] + each.checkpoints(OTHER)[:1])
        for entry in each.queue.read(10, 0):
            each.queue.refuse(entry, "test")
            letters[entry.id] = each.name
        # One is about what a document said before it changed.
        each.ledger.record_documents(each.project, [each.found("a.txt", stamp="2")])
        each.ledger.claim(run, 10)
        each.identify(run, a="It says something else now.")
    assert sorted(letters.values()) == ["case", "case", "other", "other"]
    case.ledger.end_run(case.value("SELECT max(id::text) FROM runs WHERE project_id = :p",
                                   p=case.project), "finished", {})  # fmt: skip
    copies = ForgottenCopies(case.link)

    delete_project(case.engine, case.name, copies)

    kept = [entry for entry, name in letters.items() if valkey.exists(keys.dead_value(entry))]
    left = valkey.xrange(keys.DEAD_LETTERS)
    assert (copies.trouble, {letters[entry] for entry in kept}) == ("", {"other"})
    assert [fields[b"entry"].decode() for _, fields in left] == kept
    assert {fields[b"content"].decode() for _, fields in left} == {other.content(OTHER)}
    other.close()


def test_without_redis_it_is_forgotten_all_the_same(case: StoreCase) -> None:
    case.bring("a", SMITH)
    copies = ForgottenCopies(link_to("redis://127.0.0.1:1/0"))
    case.forgetting_with(copies).forget([case.uri("a.txt")])
    assert "does not answer" in copies.trouble
    assert case.counts()["documents"] == 0


def holding(case: StoreCase, folder: Path) -> tuple[str, dict[StageName, Payload]]:
    """Store an object, and make what a container says that holds it."""
    sha256 = hashlib.sha256(b"inside").hexdigest()
    (folder / "inside").write_bytes(b"inside")
    case.blobs.put_file(folder / "inside", sha256)
    held = Member(path="in/a.txt", sha256=sha256, size=6)
    return sha256, payloads_of("box", members=[held])


@pytest.mark.parametrize("way", ["forget", "delete"])
def test_objects_stay_for_copies_in_redis_that_could_not_be_dropped(
    case: StoreCase, tmp_path: Path, way: str
) -> None:
    """A run that takes the file in again finds what `ocr` said, and stores no member anew."""
    sha256, payloads = holding(case, tmp_path)
    run = case.run()
    case.claimed(run, "box.txt")
    case.identify(run, box="box")
    made = case.checkpoints("box", payloads)
    case.put(made)
    case.drain()
    case.ledger.end_run(run, "finished", {})
    away = ForgottenCopies(link_to("redis://127.0.0.1:1/0"))

    if way == "forget":
        gone = case.forgetting_with(away).forget([case.uri("box.txt")])
        assert (gone.documents, gone.objects, gone.kept_objects) == (1, 0, 1)
    else:
        assert delete_project(case.engine, case.name, away, case.blobs) == (2, 0, 1)
        case.ledger.open_project(case.name, case.plan)
    assert case.ledger.sweep_objects(3600) == 0

    run = case.run()
    case.claimed(run, "box.txt")
    case.identify(run, box="box")
    found = case.fast.get([made[0].key])
    assert set(found) == {made[0].key}
    case.fast.put(case.project, [*found.values(), *made[1:]], lacking=True)
    case.drain()
    assert case.value("SELECT blob FROM documents WHERE blob IS NOT NULL") == sha256
    assert case.held([sha256]) == [sha256]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("way", ["forget", "delete"])
def test_what_only_redis_has_of_it_goes_too_with_what_that_names(
    case: StoreCase,
    tmp_path: Path,
    valkey: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    large: bool,
) -> None:
    """A run was killed, and nobody reads the queue: what was said there would stay for ever."""
    other = StoreCase(case.engine, name="other", url=case.url, blobs=case.blobs)
    run = other.run()
    other.claimed(run, "a.txt")
    other.identify(run, a=SMITH)
    other.put(other.checkpoints(SMITH))
    theirs = other.queue.backlog()
    if large:
        monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 0)
    _, payloads = holding(case, tmp_path)
    run = case.run()
    case.claimed(run, "box.txt")
    case.identify(run, box="box")
    case.put(case.checkpoints("box", payloads)[:2])
    case.ledger.end_run(run, "interrupted", {})
    assert len(case.blobs.names()) == (3 if large else 1)

    copies = ForgottenCopies(case.link, case.blobs)
    if way == "forget":
        case.forgetting_with(copies).forget([case.uri("box.txt")])
    else:
        delete_project(case.engine, case.name, copies, case.blobs)

    assert copies.trouble == ""
    assert {key.decode().split(":")[1] for key in valkey.keys("doc:*")} == {other.content(SMITH)}
    assert case.queue.backlog().bytes == theirs.bytes
    monkeypatch.undo()
    case.drain()
    assert (case.queue.backlog().entries, case.queue.backlog().bytes) == (0, 0)
    assert list(case.queue.letters.latest()) == []
    assert other.status("a.txt")[0] == "completed"
    assert case.ledger.sweep_objects(0) == (3 if large else 1)
    assert case.blobs.names() == []
    other.close()


def test_no_copy_that_only_redis_has_brings_back_an_object_that_went(
    case: StoreCase, tmp_path: Path
) -> None:
    sha256, payloads = holding(case, tmp_path)
    run = case.run()
    case.claimed(run, "box.txt")
    case.identify(run, box="box")
    case.publisher().persist(case.checkpoints("box", payloads))
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET status = 'completed'"))
    case.plan = case.ledger.open_project(case.name, case.plan, from_stage=StageName.OCR).plan
    run = case.run()
    case.ledger.claim(run, 10)
    case.identify(run, box="box")
    [again, *_] = case.checkpoints("box", payloads)
    case.put([again])

    assert case.forgetting.forget([case.uri("box.txt")]).objects == 1

    assert case.held([sha256]) == []
    assert case.fast.get([again.key]) == {}
    case.drain()
    assert set(case.counts().values()) == {0}


def test_objects_go_after_all_copies_that_may_bring_them_back(
    case: StoreCase, tmp_path: Path
) -> None:
    """Those of an earlier configuration, too, which are found only when all of Redis is seen."""
    sha256, payloads = holding(case, tmp_path)
    case.publish("box", "box", payloads=payloads)
    unasked = Forgetting(case.engine, case.project, case.blobs, lambda _: "", lambda _: "is away")

    gone = unasked.forget([case.uri("box.txt")])

    assert (gone.objects, gone.kept_objects) == (0, 1)
    assert case.held([sha256]) == [sha256]
    assert case.ledger.sweep_objects(0) == 1


def test_a_deleted_project_says_how_many_objects_went_with_it(
    case: StoreCase, tmp_path: Path
) -> None:
    sha256, payloads = holding(case, tmp_path)
    other = StoreCase(case.engine, name="other", url=case.url, blobs=case.blobs)
    for each in (case, other):
        run = each.run()
        each.claimed(run, "box.txt")
        each.identify(run, box="box")
        each.publisher().persist(each.checkpoints("box", payloads))
        each.ledger.end_run(run, "finished", {})

    first = delete_project(case.engine, case.name, ForgottenCopies(case.link), case.blobs)
    second = delete_project(case.engine, "other", ForgottenCopies(case.link), case.blobs)

    assert (first, second) == ((2, 0, 0), (2, 1, 0))
    assert case.held([sha256]) == []
    other.close()


def test_what_it_said_before_it_changed_goes_from_redis_too(
    case: StoreCase, valkey: redis.Redis
) -> None:
    case.bring("a", SMITH, "John Smith")
    case.bring("b", "not forgotten")
    run = case.run()
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    case.ledger.claim(run, 10)
    case.identify(run, a=OTHER)
    case.put(case.checkpoints(OTHER, None, "Peter Brown"))
    case.drain()
    assert len(valkey.keys("doc:*")) == 15

    copies = ForgottenCopies(case.link)
    case.forgetting_with(copies).forget([case.uri("a.txt")])

    left = {key.decode().split(":")[1] for key in valkey.keys("doc:*")}
    assert left == {case.content("not forgotten")}
