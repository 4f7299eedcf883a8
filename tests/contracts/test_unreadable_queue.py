"""What cannot be read in the shared queue is put aside, and blocks nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from faults.small_run import SmallRun, write_documents
from ledger_case import payloads_of
from store_case import StoreCase

from actors.persistence_actor import drain_queue
from pipeline import identity
from pipeline.documents import Member
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stores import keys, postgres
from pipeline.stores.publisher import Publisher
from pipeline.stores.verifying_redis import CopiesInRedis

HARMS: dict[str, Callable[[bytes], bytes]] = {
    "of another version": lambda value: b"\x07" + value[1:],
    "no JSON": lambda value: b"\x01{" + value[1:],
    "JSON of something else": lambda value: b"\x01[1]\n" + value[1:],
    "without a digest": lambda _: b'\x01{"seconds":1}\n',
    "of no object": lambda _: b'\x01{"seconds":1,"digest":"d","reference":"../../x"}\n',
    "nothing": lambda _: b"",
}

ENTRIES: dict[str, dict[str, str]] = {
    "of an unknown stage": {"stage": "translate"},
    "without a stage": {"stage": ""},
    "without a field": {"missing": "content"},
}


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    return store_case


@pytest.mark.parametrize("harm", HARMS)
def test_a_value_that_cannot_be_read_is_made_again(
    case: StoreCase, valkey: redis.Redis, harm: str
) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a="Ann Lee.", b="Bob Moss.")
    checkpoints = case.checkpoints("Ann Lee.")
    case.put(checkpoints)
    name = keys.checkpoint(*checkpoints[1].key)
    before = valkey.get(name)
    assert before is not None
    harmed = HARMS[harm](before)
    valkey.set(name, harmed)
    valkey.incrby(keys.UNPERSISTED_BYTES, len(harmed) - len(before))
    case.put(case.checkpoints("Bob Moss."))

    case.drain()

    assert case.status("b.txt")[0] == "completed"
    assert case.status("a.txt")[0] == "running"
    assert case.queue.backlog().entries == case.queue.backlog().bytes == 0
    [letter] = case.queue.letters.latest()
    assert (letter.key, letter.checkpoint) == (checkpoints[1].key, None)
    assert "cannot read" in letter.reason or "cannot be read" in letter.reason
    chain = case.ledger.known_chains([case.content("Ann Lee.")], case.plan)
    assert chain[case.content("Ann Lee.")].gap == checkpoints[1].stage

    assert case.fast.get([checkpoints[1].key]) == {}
    case.put([checkpoints[1]])
    case.drain()
    assert case.status("a.txt")[0] == "completed"
    findings = CopiesInRedis(case.engine, case.link, case.project).findings(lambda: False)
    assert list(findings) == []


@pytest.mark.parametrize("harm", HARMS)
def test_who_finds_it_first_puts_another_in_its_place(
    case: StoreCase, valkey: redis.Redis, harm: str
) -> None:
    [first, *_] = case.checkpoints("Ann Lee.")
    case.put([first])
    name = keys.checkpoint(*first.key)
    whole = valkey.get(name)
    assert whole is not None
    harmed = HARMS[harm](whole)
    valkey.set(name, harmed)
    valkey.incrby(keys.UNPERSISTED_BYTES, len(harmed) - len(whole))
    assert case.fast.get([first.key]) == {}
    assert case.fast.put(case.project, [first]) == [first]
    assert valkey.get(name) == whole
    assert case.queue.backlog().bytes == len(whole)


def test_a_key_of_another_type_is_a_dead_letter_and_made_again(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a="Ann Lee.", b="Bob Moss.")
    checkpoints = case.checkpoints("Ann Lee.")
    case.put(checkpoints)
    case.put(case.checkpoints("Bob Moss."))
    name = keys.checkpoint(*checkpoints[1].key)
    valkey.delete(name)
    valkey.hset(name, "a", "b")
    findings = CopiesInRedis(case.engine, case.link, case.project).findings(lambda: True)
    assert [(x.subject, x.message) for x in findings] == [
        (name, "what Redis has there cannot be read")
    ]

    case.drain()

    assert case.status("b.txt")[0] == "completed"
    assert case.status("a.txt")[0] == "running"
    assert case.queue.backlog().entries == case.queue.backlog().bytes == 0
    [letter] = case.queue.letters.latest()
    assert (letter.key, letter.checkpoint) == (checkpoints[1].key, None)
    assert "something else wrote it" in letter.reason
    assert valkey.ttl(keys.dead_value(letter.id)) > 0
    assert not valkey.exists(name)
    case.put([checkpoints[1]])
    case.drain()
    assert case.status("a.txt")[0] == "completed"


def test_a_key_of_another_type_makes_room(case: StoreCase, valkey: redis.Redis) -> None:
    first, second, third, *_ = case.checkpoints("Ann Lee.")
    for checkpoint in (first, second, third):
        valkey.rpush(keys.checkpoint(*checkpoint.key), "x")
    assert case.fast.get([first.key]) == {}
    assert case.fast.put(case.project, [first]) == [first]
    case.fast.adopt([second])
    assert case.fast.get([first.key, second.key]) == {first.key: first, second.key: second}
    case.fast.discard([third.key])
    assert not valkey.exists(keys.checkpoint(*third.key))
    assert case.queue.backlog().bytes == valkey.strlen(keys.checkpoint(*first.key))


def test_what_comes_back_while_it_is_found_gone_does_not_expire(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a="Ann Lee.")
    lost, *rest = case.checkpoints("Ann Lee.")
    case.put([lost, *rest])
    name = keys.checkpoint(*lost.key)
    valkey.delete(name)

    def put_again(project: str) -> Publisher:
        case.put([lost])
        return case.publisher()

    replace(case.worker, publisher_of=put_again).drain(0)

    assert case.value("SELECT count(*) FROM stage_results") == len(rest)
    assert valkey.ttl(name) == -1, "PostgreSQL does not have it"
    assert valkey.ttl(keys.checkpoint(*rest[0].key)) > 0
    assert case.queue.backlog().entries == 1
    case.drain()
    assert case.status("a.txt")[0] == "completed"
    assert valkey.ttl(name) > 0


@pytest.mark.parametrize("harm", ENTRIES)
def test_an_entry_that_cannot_be_read_is_a_dead_letter(
    case: StoreCase, valkey: redis.Redis, harm: str
) -> None:
    change = ENTRIES[harm]
    fields = {
        "project": case.project,
        "content": case.content("x"),
        "stage": "ocr",
        "fingerprint": "f",
        "part": "",
    } | {name: value for name, value in change.items() if name != "missing"}
    fields.pop(change.get("missing", ""), None)
    for _ in range(2 * case.worker.batch):
        valkey.xadd(keys.WRITE_BEHIND, fields)  # type: ignore[arg-type]
    run = case.run()
    case.claimed(run, "b.txt")
    case.identify(run, b="Bob Moss.")
    case.put(case.checkpoints("Bob Moss."))

    assert case.worker.drain(0).entries == 5

    assert case.status("b.txt")[0] == "completed"
    assert valkey.xlen(keys.WRITE_BEHIND) == 0
    assert valkey.xlen(keys.DEAD_LETTERS) == 2 * case.worker.batch
    [(_, letter), *_] = valkey.xrange(keys.DEAD_LETTERS, count=1)  # type: ignore[misc]
    assert b"cannot read the entry" in letter[b"reason"]
    assert not any(letter.content for letter in case.queue.letters.latest())
    findings = CopiesInRedis(case.engine, case.link, case.project).findings(lambda: False)
    assert list(findings) == []


def test_a_run_and_what_stops_the_services_go_on(settings: Settings, tmp_path: Path) -> None:
    write_documents(tmp_path / "documents", 20)
    run = SmallRun(settings, tmp_path / "documents")
    with redis.Redis.from_url(run.urls.redis_url) as client:

        def harm() -> None:
            client.xadd(keys.WRITE_BEHIND, {"project": "p", "stage": "translate"})
            fields = {"project": "p", "content": "c", "stage": "ocr"}
            client.xadd(keys.WRITE_BEHIND, {**fields, "fingerprint": "f", "part": ""})
            client.set(keys.checkpoint("c", "ocr", "f"), b"?")
            project = identity.project_id("other")
            content = identity.content_id(project, "0" * 64, "text/plain")
            fields = {"project": project, "content": content, "stage": "ocr"}
            client.xadd(keys.WRITE_BEHIND, {**fields, "fingerprint": "f", "part": ""})
            client.hset(keys.checkpoint(content, "ocr", "f"), "a", "b")

        harm()
        result = run()
        assert (result.outcome, result.mode) == ("finished", "accelerated"), result.reason
        harm()
        drain_queue(settings, run.urls)
        assert client.xlen(keys.WRITE_BEHIND) == 0


@pytest.mark.parametrize("who", ["a run", "what stops the services"])
def test_results_of_a_project_that_another_version_made_are_kept_for_it(
    settings: Settings, tmp_path: Path, valkey_url: str, who: str
) -> None:
    write_documents(tmp_path / "documents", 6)
    run = SmallRun(settings, tmp_path / "documents")
    engine = postgres.engine_of(run.urls.database_url)
    other = StoreCase(engine, name="other", url=valkey_url)
    try:
        before = other.run()
        other.claimed(before, "a.txt")
        other.identify(before, a="Ann Lee.")
        other.put(other.checkpoints("Ann Lee.", None, "Ann Lee"))
        other.ledger.end_run(before, "interrupted", {})
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE projects SET configuration ="
                " jsonb_set(configuration, '{identities,0,stage}', '\"translate\"')"
            )

        if who == "a run":
            result = run()
            assert result.outcome == "finished", result.reason
            assert run.left() == 0
        else:
            assert drain_queue(settings, run.urls) == 0

        assert other.queue.backlog().entries == other.queue.backlog().bytes == 0
        assert list(other.queue.letters.latest()) == []
        assert other.status("a.txt")[0] == "running"
        with pytest.raises(UsageError, match="another version of casegraph made project 'other'"):
            other.ledger.plan_of(other.project)
        with pytest.raises(UsageError, match="another version of casegraph"):
            other.ledger.open_project("other", other.plan, reconfigure=True)
        # To the version that made it nothing is lost.
        assert other.publisher().publish([other.content("Ann Lee.")]).completed
    finally:
        other.close()
        engine.dispose()


@pytest.mark.parametrize("who", ["a run", "what stops the services"])
def test_results_of_a_project_that_was_deleted_leave_nothing(
    settings: Settings, tmp_path: Path, valkey: redis.Redis, valkey_url: str, who: str
) -> None:
    """It was deleted while Redis was away, so nobody could drop what was queued of it."""
    write_documents(tmp_path / "documents", 6)
    run = SmallRun(settings, tmp_path / "documents")
    engine = postgres.engine_of(run.urls.database_url)
    other = StoreCase(engine, name="other", url=valkey_url)
    try:
        before = other.run()
        other.claimed(before, "box.txt")
        other.identify(before, box="Ann Lee.")
        inside = Member(path="in.txt", sha256="0" * 64, size=1)
        other.put(other.checkpoints("Ann Lee.", payloads_of("Ann Lee.", members=[inside])))
        other.delete()

        if who == "a run":
            result = run()
            assert result.outcome == "finished", result.reason
        else:
            assert drain_queue(settings, run.urls) == 0

        assert valkey.keys(f"doc:{other.content('Ann Lee.')}:*") == []
        assert other.queue.backlog().entries == other.queue.backlog().bytes == 0
        assert list(other.queue.letters.latest()) == []
        assert other.rows("SELECT sha256 FROM loose_objects") == [("0" * 64,)]
    finally:
        other.close()
        engine.dispose()
