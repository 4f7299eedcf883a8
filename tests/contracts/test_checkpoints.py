"""One suite for every checkpoint store with its queue: in memory, and in a real Valkey."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pytest
import redis
from checkpoint_case import One, link_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.documents import StageName
from pipeline.stores import keys
from pipeline.stores.memory import (
    MemoryBlobs,
    MemoryCheckpoints,
    MemoryState,
    MemoryWriteBehind,
)
from pipeline.stores.payloads import VALUE_LIMIT
from pipeline.stores.protocols import Backlog, Checkpoint, Entry, WriteBehind
from pipeline.stores.redis_checkpoints import RedisCheckpoints
from pipeline.stores.redis_link import FAILURES, SLOW_SECONDS
from pipeline.stores.redis_values import pack, unpack
from pipeline.stores.redis_write_behind import RedisWriteBehind

PROJECT = "11111111-1111-5111-8111-111111111111"


class Queues(Protocol):
    """Make the queue's reader of a name."""

    def __call__(self, consumer: str) -> WriteBehind: ...


@dataclass(frozen=True)
class Both:
    """A checkpoint store and its queue."""

    checkpoints: One
    queue: Queues


def in_memory() -> Both:
    state = MemoryState()
    return Both(One(MemoryCheckpoints(state)), lambda name: MemoryWriteBehind(state, name))


@pytest.fixture(params=["memory", "redis"])
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    if request.param == "memory":
        yield in_memory()
        return
    link = link_to(request.getfixturevalue("valkey_url"))
    yield Both(One(RedisCheckpoints(link, 100)), lambda name: RedisWriteBehind(link, name, 100))


def made(
    number: int = 1, payload: bytes = b"payload", digest: str = "d", part: str = ""
) -> Checkpoint:
    return Checkpoint(
        content=f"content-{number}",
        stage=StageName.CHUNK,
        fingerprint="f",
        part=part,
        digest=digest,
        payload=payload,
        seconds=0.25,
    )


def test_what_was_put_is_got(both: Both) -> None:
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") is None
    assert both.checkpoints.put(PROJECT, made()) == made()
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") == made()


def test_the_first_one_stays(both: Both) -> None:
    both.checkpoints.put(PROJECT, made(payload=b"first", digest="1"))
    stays = both.checkpoints.put(PROJECT, made(payload=b"second", digest="2"))
    assert stays == made(payload=b"first", digest="1")
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") == stays


def test_another_stage_fingerprint_or_part_is_another_checkpoint(both: Both) -> None:
    both.checkpoints.put(PROJECT, made(part="1-9"))
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") is None
    assert both.checkpoints.get("content-1", StageName.OCR, "f", "1-9") is None
    assert both.checkpoints.get("content-1", StageName.CHUNK, "g", "1-9") is None
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f", "1-9") == made(part="1-9")


def test_entries_come_in_order_with_all_their_parts(both: Both) -> None:
    for number in range(3):
        both.checkpoints.put(PROJECT, made(number, part=f"{number}"))
    entries = both.queue("a").read(10, 0)
    assert [entry.model_dump(exclude={"id"}) for entry in entries] == [
        {
            "project": PROJECT,
            "content": f"content-{number}",
            "stage": StageName.CHUNK,
            "fingerprint": "f",
            "part": f"{number}",
        }
        for number in range(3)
    ]
    loaded = both.queue("a").load(entries)
    assert [loaded[entry.id] for entry in entries] == [made(n, part=f"{n}") for n in range(3)]


def test_at_most_count_entries_come(both: Both) -> None:
    for number in range(5):
        both.checkpoints.put(PROJECT, made(number))
    queue = both.queue("a")
    first = queue.read(2, 0)
    assert len(first) == 2
    queue.done(first)
    assert len(queue.read(10, 0)) == 3


def test_an_empty_queue_gives_nothing(both: Both) -> None:
    queue = both.queue("a")
    assert list(queue.read(10, 0)) == []
    assert list(queue.read(10, 1)) == []
    assert queue.load([]) == {}
    queue.done([])
    assert queue.backlog().entries == 0


def test_unacknowledged_entries_come_again_to_a_new_reader_of_that_name(both: Both) -> None:
    both.checkpoints.put(PROJECT, made())
    taken = both.queue("a").read(10, 0)
    assert len(taken) == 1
    assert list(both.queue("b").read(10, 0)) == []
    assert list(both.queue("a").read(10, 0)) == list(taken)


def test_done_takes_entries_off_the_queue_and_keeps_the_value(both: Both) -> None:
    both.checkpoints.put(PROJECT, made(1))
    both.checkpoints.put(PROJECT, made(2))
    queue = both.queue("a")
    assert queue.backlog().entries == 2
    entries = queue.read(10, 0)
    assert queue.backlog().entries == 2
    queue.done(entries[:1])
    assert queue.backlog().entries == 1
    assert list(queue.read(10, 0)) == list(entries[1:])
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") == made(1)


def test_the_backlog_says_when_all_that_was_queued_is_gone(both: Both) -> None:
    queue = both.queue("a")
    for number in (1, 2):
        both.checkpoints.put(PROJECT, made(number))
    mark = queue.backlog().last
    both.checkpoints.put(PROJECT, made(3))
    first, second, _ = queue.read(10, 0)
    assert not queue.backlog().has_left(mark)
    queue.done([second])
    assert not queue.backlog().has_left(mark)
    queue.done([first])
    assert queue.backlog().has_left(mark)
    assert not queue.backlog().has_left(queue.backlog().last)


def test_what_is_persisted_is_not_queued_again(both: Both) -> None:
    both.checkpoints.put(PROJECT, made())
    queue = both.queue("a")
    queue.done(queue.read(10, 0))
    stays = both.checkpoints.put(PROJECT, made(digest="other"))
    assert stays == made()
    assert queue.backlog().entries == 0


def test_what_postgresql_lacks_is_queued_again(both: Both) -> None:
    queue = both.queue("a")
    both.checkpoints.put(PROJECT, made())
    queue.done(queue.read(10, 0))

    stays = both.checkpoints.put(PROJECT, made(digest="other"), lacking=True)

    assert stays == made()
    [entry] = queue.read(10, 0)
    assert queue.load([entry]) == {entry.id: made()}
    queue.done([entry])
    both.checkpoints.put(PROJECT, made())
    assert queue.backlog().entries == 0


def test_of_what_was_gone_only_the_entry_is_dropped(both: Both) -> None:
    queue = both.queue("a")
    both.checkpoints.put(PROJECT, made())
    [entry] = queue.read(10, 0)
    queue.done([], [entry])
    assert queue.backlog().entries == 0
    both.checkpoints.put(PROJECT, made())
    assert queue.backlog().entries == 1, "it is not taken for persisted"


def test_a_second_entry_for_what_is_not_persisted_is_harmless(both: Both) -> None:
    both.checkpoints.put(PROJECT, made())
    both.checkpoints.put(PROJECT, made())
    queue = both.queue("a")
    first, second = queue.read(10, 0)
    queue.done([first])
    assert queue.load([second]) == {second.id: made()}
    queue.done([second])
    assert queue.backlog().entries == 0


def test_a_refused_checkpoint_leaves_its_key_so_that_it_is_made_again(both: Both) -> None:
    both.checkpoints.put(PROJECT, made())
    queue = both.queue("a")
    [entry] = queue.read(10, 0)
    queue.refuse(entry, "no such content")
    assert queue.backlog().entries == 0
    assert list(queue.read(10, 0)) == []
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") is None
    both.checkpoints.put(PROJECT, made(digest="again"))
    [again] = queue.read(10, 0)
    assert queue.load([again]) == {again.id: made(digest="again")}


def test_a_waiting_reader_is_woken_by_a_put(both: Both) -> None:
    queue = both.queue("a")
    queue.read(1, 0)
    got: list[Entry] = []
    waiting = threading.Thread(target=lambda: got.extend(queue.read(1, 4_000)))
    waiting.start()
    both.checkpoints.put(PROJECT, made())
    waiting.join()
    assert [entry.content for entry in got] == ["content-1"]


def test_puts_at_once_agree_on_one(both: Both) -> None:
    start = threading.Barrier(8)
    stayed: list[Checkpoint] = []

    def put(number: int) -> None:
        start.wait()
        stayed.append(both.checkpoints.put(PROJECT, made(digest=str(number))))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stayed) == 8
    assert len({checkpoint.digest for checkpoint in stayed}) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(payload=st.binary(max_size=4096), digest=st.text(), seconds=st.floats(0, 1e9))
def test_any_bytes_come_back(both: Both, payload: bytes, digest: str, seconds: float) -> None:
    number = abs(hash((payload, digest, seconds)))
    put = made(number, payload, digest).model_copy(update={"seconds": seconds})
    assert both.checkpoints.put(PROJECT, put) == put
    assert both.checkpoints.get(put.content, put.stage, put.fingerprint) == put


@given(payload=st.binary(), digest=st.text())
def test_packing_is_undone_by_unpacking(payload: bytes, digest: str) -> None:
    value = made(1, payload, digest)
    assert unpack(value.key, pack(value)) == value


# What only Redis has: expiries, several processes, a memory that fills, a flush.


@pytest.fixture
def redis_both(valkey_url: str) -> tuple[One, RedisWriteBehind]:
    link = link_to(valkey_url)
    return One(RedisCheckpoints(link, 100)), RedisWriteBehind(link, "a", 100, claim_idle_ms=1)


KEY = keys.checkpoint("content-1", "chunk", "f")


def test_a_checkpoint_expires_only_when_it_is_persisted(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made())
    entries = queue.read(10, 0)
    assert valkey.ttl(KEY) == -1
    queue.done(entries)
    assert 0 < valkey.ttl(KEY) <= 100
    assert valkey.xpending(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP)["pending"] == 0


def test_the_bytes_that_only_redis_holds_are_counted(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis
) -> None:
    checkpoints, queue = redis_both
    for number in (1, 2, 2):
        checkpoints.put(PROJECT, made(number, payload=b"x" * 1000))
    sizes = [valkey.strlen(keys.checkpoint(f"content-{n}", "chunk", "f")) for n in (1, 2)]
    assert queue.backlog().bytes == sum(sizes) > 2000
    first, second, twice = queue.read(10, 0)
    queue.done([first])
    assert queue.backlog().bytes == sizes[1]
    queue.done([second])
    queue.done([twice])
    assert queue.backlog().bytes == 0


@pytest.mark.parametrize("how", ["done", "refuse", "put"])
def test_a_count_that_drifted_is_right_again_once_the_queue_is_empty(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis, how: str
) -> None:
    """Keys that nobody but casegraph should delete take their bytes along, uncounted."""
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made())
    valkey.delete(KEY)
    assert queue.backlog().bytes > 0
    [entry] = queue.read(10, 0)
    match how:
        case "done":
            queue.done([entry])
            assert queue.backlog().bytes == 0
        case "refuse":
            queue.refuse(entry, "it is gone")
            assert queue.backlog().bytes == 0
        case "put":
            valkey.xdel(keys.WRITE_BEHIND, entry.id)
            checkpoints.put(PROJECT, made(2))
            held = valkey.strlen(keys.checkpoint("content-2", "chunk", "f"))
            assert queue.backlog().bytes == held


def test_refusing_is_counted_too_and_keeps_value_and_reason(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made())
    [entry] = queue.read(10, 0)
    queue.refuse(entry, "it was forgotten — “gone”")
    assert queue.backlog().bytes == 0
    [letter] = queue.letters.latest()
    assert (letter.id, letter.project, letter.content) == (entry.id, PROJECT, "content-1")
    assert letter.reason == "it was forgotten — “gone”"
    assert letter.checkpoint == made()
    assert valkey.ttl(keys.dead_value(entry.id)) > 0
    assert valkey.xpending(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP)["pending"] == 0


def test_refusing_leaves_alone_what_is_persisted(
    redis_both: tuple[One, RedisWriteBehind],
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made())
    checkpoints.put(PROJECT, made())
    first, second = queue.read(10, 0)
    queue.done([first])
    queue.refuse(second, "late")
    assert checkpoints.get("content-1", StageName.CHUNK, "f") == made()
    assert [letter.checkpoint for letter in queue.letters.latest()] == [None]


def test_what_a_dead_reader_took_is_taken_over(valkey_url: str) -> None:
    link = link_to(valkey_url)
    checkpoints = One(RedisCheckpoints(link, 100))
    for number in range(30):
        checkpoints.put(PROJECT, made(number))
    dead = RedisWriteBehind(link, "dead", 100)
    assert len(dead.read(30, 0)) == 30
    patient = RedisWriteBehind(link, "patient", 100)
    assert list(patient.read(30, 0)) == []
    heir = RedisWriteBehind(link, "heir", 100, claim_idle_ms=0)
    contents = set()
    while entries := heir.read(7, 0):
        contents |= {entry.content for entry in entries}
        heir.done(entries)
    assert contents == {f"content-{number}" for number in range(30)}
    assert heir.backlog().entries == 0


def readers(valkey: redis.Redis) -> dict[str, int]:
    """Give the queue's readers, each with how much it holds."""
    found = valkey.xinfo_consumers(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP)
    return {reader["name"].decode(): reader["pending"] for reader in found}


def test_a_reader_that_leaves_is_forgotten_once_it_holds_nothing(
    valkey_url: str, valkey: redis.Redis
) -> None:
    link = link_to(valkey_url)
    checkpoints = One(RedisCheckpoints(link, 100))
    reader, other = (RedisWriteBehind(link, name, 100) for name in ("reader", "other"))
    reader.leave()  # there is no queue yet
    for number in range(2):
        checkpoints.put(PROJECT, made(number))
    held = reader.read(10, 0)
    other.read(10, 0)

    reader.leave()
    assert readers(valkey) == {"reader": 2, "other": 0}
    assert reader.read(10, 0) == held

    reader.done(held)
    reader.leave()
    assert readers(valkey) == {"other": 0}
    reader.leave()

    # It may come back.
    checkpoints.put(PROJECT, made(3))
    assert len(reader.read(10, 0)) == 1
    assert readers(valkey) == {"reader": 1, "other": 0}


def test_who_leaves_forgets_the_dead_that_hold_nothing(
    valkey_url: str, valkey: redis.Redis
) -> None:
    link = link_to(valkey_url)
    checkpoints = One(RedisCheckpoints(link, 100))
    checkpoints.put(PROJECT, made())
    for name in ("holds", "idle"):
        RedisWriteBehind(link, name, 100).read(10, 0)
    last = RedisWriteBehind(link, "last", 100, claim_idle_ms=60_000)
    assert last.read(10, 0) == []

    last.leave()
    assert readers(valkey) == {"holds": 1, "idle": 0}

    RedisWriteBehind(link, "later", 100, claim_idle_ms=0).leave()
    assert readers(valkey) == {"holds": 1}


def test_a_flush_leaves_a_queue_that_works(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made())
    entries = queue.read(10, 0)
    valkey.flushdb()
    assert queue.load(entries) == {entries[0].id: None}
    queue.done(entries)
    assert queue.backlog().bytes == 0
    assert list(queue.read(10, 0)) == []
    checkpoints.put(PROJECT, made())
    assert len(queue.read(10, 0)) == 1


def test_an_entry_that_something_else_deleted_is_an_alarm_and_no_obstacle(
    redis_both: tuple[One, RedisWriteBehind],
    valkey: redis.Redis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made(1))
    checkpoints.put(PROJECT, made(2))
    first, second = queue.read(10, 0)
    valkey.xdel(keys.WRITE_BEHIND, first.id)
    assert list(queue.read(10, 0)) == [second]
    assert f"entry {first.id} of the write-behind queue was deleted" in caplog.text
    assert valkey.xpending(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP)["pending"] == 1


def test_a_copy_of_what_postgresql_has_expires_and_is_not_queued(
    redis_both: tuple[One, RedisWriteBehind], valkey: redis.Redis
) -> None:
    checkpoints, queue = redis_both
    checkpoints.warm(made())
    assert checkpoints.get("content-1", StageName.CHUNK, "f") == made()
    assert 0 < valkey.ttl(KEY) <= 100
    checkpoints.put(PROJECT, made())
    assert queue.backlog() == Backlog(limit=queue.backlog().limit)


def test_dropping_contents_takes_theirs_and_no_others(
    redis_both: tuple[One, RedisWriteBehind],
) -> None:
    checkpoints, queue = redis_both
    for number in (1, 2, 3):
        checkpoints.put(PROJECT, made(number))
    checkpoints.put(PROJECT, made(1, part="7"))
    queue.done(queue.read(10, 0))
    assert checkpoints.drop(["content-1", "content-3", "content-4"]) == 3
    assert checkpoints.get("content-1", StageName.CHUNK, "f") is None
    assert checkpoints.get("content-2", StageName.CHUNK, "f") == made(2)


def test_postgresqls_checkpoint_takes_the_place_of_another(both: Both) -> None:
    both.checkpoints.put(PROJECT, made(payload=b"loser", digest="1"))
    both.checkpoints.adopt(made(payload=b"winner", digest="2"))
    assert both.checkpoints.get("content-1", StageName.CHUNK, "f") == made(
        payload=b"winner", digest="2"
    )
    queue = both.queue("one")
    before = queue.backlog().entries
    both.checkpoints.put(PROJECT, made(payload=b"winner", digest="2"))
    assert queue.backlog().entries == before


def test_a_batch_is_one_step_and_each_gets_its_answer(both: Both) -> None:
    store = both.checkpoints.store
    store.put(PROJECT, [made(1, digest="first")])
    stays = store.put(PROJECT, [made(number) for number in (1, 2, 3)])
    assert [x and x.digest for x in stays] == ["first", "d", "d"]
    wanted = [made(number).key for number in (3, 1, 9)]
    assert [x.digest for x in store.get(wanted).values()] == ["d", "first"]
    assert store.get([]) == {}
    assert list(store.put(PROJECT, [])) == []


def test_a_loser_that_is_replaced_is_no_longer_counted_as_unpersisted(
    redis_both: tuple[One, RedisWriteBehind],
) -> None:
    checkpoints, queue = redis_both
    checkpoints.put(PROJECT, made(payload=b"loser" * 100, digest="1"))
    entries = queue.read(10, 0)
    checkpoints.adopt(made(payload=b"winner", digest="2"))
    queue.done(entries)
    assert queue.backlog() == Backlog(limit=queue.backlog().limit)


def test_what_would_fill_redis_is_not_taken_and_the_rest_is(
    redis_both: tuple[One, RedisWriteBehind], valkey_url: str
) -> None:
    link = link_to(valkey_url)
    checkpoints = RedisCheckpoints(link, 100)
    with link.answering():
        link.room = 3_000
    batch = [made(number, payload=b"x" * size) for number, size in ((1, 2000), (2, 2000), (3, 100))]
    stays = checkpoints.put(PROJECT, batch)
    assert stays == [batch[0], None, batch[2]]
    _, queue = redis_both
    assert [entry.content for entry in queue.read(10, 0)] == ["content-1", "content-3"]


def test_a_value_over_the_limit_is_a_reference_in_redis(
    valkey_url: str, valkey: redis.Redis
) -> None:
    link, blobs = link_to(valkey_url), MemoryBlobs()
    checkpoints = One(RedisCheckpoints(link, 100, blobs))
    queue = RedisWriteBehind(link, "a", 100, blobs=blobs)
    large = made(payload=bytes(VALUE_LIMIT + 1))
    checkpoints.put(PROJECT, large)
    assert valkey.strlen(KEY) < 500
    assert checkpoints.get("content-1", StageName.CHUNK, "f") == large
    [entry] = queue.read(10, 0)
    assert queue.load([entry]) == {entry.id: large}


def test_many_writers_and_readers_at_once_lose_no_update(
    valkey_url: str, valkey: redis.Redis
) -> None:
    numbers, writers, readers = 60, 6, 3
    putting = threading.Barrier(writers + readers)
    seen: set[str] = set()

    def write(seed: int) -> None:
        store = RedisCheckpoints(link_to(valkey_url), 100)
        order = random.Random(seed).sample(range(numbers), numbers)
        putting.wait()
        for first in range(0, numbers, 5):
            batch = [made(number, payload=b"x" * number) for number in order[first : first + 5]]
            assert None not in store.put(PROJECT, batch)

    def read(name: str) -> None:
        queue = RedisWriteBehind(link_to(valkey_url), name, 100)
        putting.wait()
        while entries := queue.read(7, 500):
            loaded = queue.load(entries)
            assert None not in loaded.values()
            seen.update(entry.content for entry in entries)
            queue.done(entries)

    with ThreadPoolExecutor(writers + readers) as pool:
        works = [pool.submit(write, seed) for seed in range(writers)]
        works += [pool.submit(read, f"reader-{number}") for number in range(readers)]
        for work in works:
            work.result()
    rest = RedisWriteBehind(link_to(valkey_url), "rest", 100, claim_idle_ms=0)
    while entries := rest.read(100, 0):
        seen.update(entry.content for entry in entries)
        rest.done(entries)
    assert seen == {f"content-{number}" for number in range(numbers)}
    assert (rest.backlog().entries, rest.backlog().bytes) == (0, 0)
    for number in range(numbers):
        assert valkey.ttl(keys.checkpoint(f"content-{number}", "chunk", "f")) > 0


def test_a_slow_object_store_is_not_taken_for_a_slow_redis(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    class Slow(MemoryBlobs):
        def put_file(self, path: Path, sha256: str) -> None:
            now[0] += 10 * SLOW_SECONDS
            super().put_file(path, sha256)

    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("pipeline.stores.redis_link.time", clock)
    link = link_to(valkey_url)
    checkpoints = One(RedisCheckpoints(link, 100, Slow()))
    large = bytes(VALUE_LIMIT + 1)
    for number in range(2 * FAILURES):
        checkpoints.warm(made(number, large))
        checkpoints.adopt(made(number, large))
        checkpoints.put(PROJECT, made(100 + number, large))
        assert link.trouble == ""
    assert now[0] > 0
