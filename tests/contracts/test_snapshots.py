"""What a project knew at one moment: the same from Redis and from PostgreSQL, or none of it."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import redis
from checkpoint_case import link_to
from faults.proxy import proxy_for
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ledger_case import LedgerCase, emptied, plan_of
from live_case import ACME, BOSTON, JANE, JOHN_Q, SMITH, LiveCase
from registry_case import World, law, typed_payloads, worlds
from sqlalchemy import text
from store_case import StoreCase
from waiting import until

from pipeline import codec
from pipeline.assembly.showing import open_contexts, pinned_context, refresh_context
from pipeline.documents import Chunk, Chunks, StageName
from pipeline.errors import RedisAwayError, TemporaryError, UnavailableError
from pipeline.llm.around import completed
from pipeline.llm.context import Context, NamedThing
from pipeline.llm.known import read, words_of
from pipeline.llm.sketches import LENGTH
from pipeline.llm.snapshot import (
    NEAR,
    Bucket,
    Wanted,
    field_of_chunk,
    fields_of_buckets,
    told,
    wanted_of,
)
from pipeline.registry.decisions import DecisionKind
from pipeline.settings import Settings
from pipeline.stage import Plan, StageIdentity
from pipeline.stores import keys, postgres, snapshot_making
from pipeline.stores.content_sketches import ContentSketches
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.known_contexts import KnownContexts, KnownSnapshot
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.postgres import transaction
from pipeline.stores.protocols import Vector
from pipeline.stores.redis_snapshot import RedisSnapshot
from pipeline.stores.snapshot_making import Made, make_snapshot
from pipeline.stores.snapshot_rows import StoredSnapshot, forget_words, pinned

WORDS = (
    "paid", "sued", "met", "rain", "sun", "sea", "hill", "road", "court", "bank", "law", "deal",
    "ship", "train", "horse", "tree", "moon", "star", "king",
)  # fmt: skip


class Known:
    """A project with a registry, and what makes and tells its snapshots."""

    def __init__(self, case: StoreCase) -> None:
        self.case = case
        self.live = LiveCase(case)
        self.vectors = MemoryVectors()
        self.embedded = 0
        self.sketches = self.sketches_by(self.embed)

    def sketches_by(self, embed: Any, link: Any = "own") -> ContentSketches:
        own = self.case.link if link == "own" else link
        return ContentSketches(self.case.engine, own, self.vectors, "test", embed, 1000)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Stand for a model: texts with words in common are alike."""
        self.embedded += len(texts)
        return [_vector(text_) for text_ in texts]

    def publish(self, name: str, *sentences: str, written: Sequence[tuple[str, str]] = ()) -> None:
        """Bring a document with a chunk for each sentence."""
        whole = "\n\n".join(sentences)
        payloads = typed_payloads(whole, written)
        made, at = [], 0
        for sentence in sentences:
            start = whole.index(sentence, at)
            at = start + len(sentence)
            made.append(Chunk(start=start, end=at, page=1, text=sentence, sentences=((start, at),)))
        payloads[StageName.CHUNK] = Chunks(chunks=tuple(made), page_starts=(0,))
        self.case.publish(name, whole, payloads=payloads)

    def make(self, **how: Any) -> Made:
        self.live.catch_up()
        case = self.case
        return make_snapshot(case.engine, case.project, "test", self.sketches.of, **how)

    def fast(self, hash_: str, link: Any = None) -> RedisSnapshot:
        return RedisSnapshot(link or self.case.link, self.case.project, hash_)

    def sure(self, hash_: str) -> StoredSnapshot:
        return StoredSnapshot(self.case.engine, self.case.project, hash_)

    def fill(self, hash_: str) -> bool:
        return self.fast(hash_).fill(self.sure(hash_).entries())

    def tell(self, made: Made, words: str) -> Context:
        """Say what is known around a text, by both ways, which must agree."""
        [sketch] = self.sketches.make([words])
        sure = told(self.sure(made.hash), words, sketch)
        if self.fast(made.hash).look(Wanted([], [])) is None:
            assert self.fill(made.hash)
        assert told(self.fast(made.hash), words, sketch) == sure
        assert sure is not None
        return sure


def _vector(words: str) -> Vector:
    total = np.zeros(384, np.float32)
    for word in words_of(words):
        seed = int.from_bytes(hashlib.sha256(word.casefold().encode()).digest()[:4], "big")
        total += np.random.default_rng(seed).normal(size=384)
    return np.asarray(total, np.float32)


@pytest.fixture
def known(store_case: StoreCase) -> Known:
    return Known(store_case)


def things(*names: tuple[str, str]) -> tuple[NamedThing, ...]:
    return tuple(NamedThing(type=type_, name=name) for type_, name in names)


# What it says


def test_it_tells_names_in_a_chunk_of_its_like_and_of_the_project(known: Known) -> None:
    known.publish("a", "John Q. Smith of Acme Ltd met the king at sea.", "The moon was a star.",
                  written=[JOHN_Q, ACME])  # fmt: skip
    known.publish("b", "Jane Roe of Acme Ltd saw Boston.", written=[JANE, ACME, BOSTON])
    made = known.make()

    context = known.tell(made, "They of Acme Ltd met the king at sea. Jane\nRoe, too.")

    assert context.known == things(("ORG", "Acme Ltd"), JANE)
    assert context.similar == things(JOHN_Q, ACME)
    assert set(context.recent) == set(things(JOHN_Q, ACME, JANE, BOSTON))
    assert ("ORG", "Aa Aa") in {(x.type, x.pattern) for x in context.patterns}
    assert (made.names, made.chunks) == (4, 3)


def test_an_entity_is_found_by_each_of_its_names(known: Known) -> None:
    known.publish("a", "John Smith came. John Q. Smith left. John Smith.",
                  written=[SMITH, JOHN_Q, SMITH])  # fmt: skip
    known.live.decide(DecisionKind.MERGE, [SMITH], [JOHN_Q])
    made = known.make()
    assert known.tell(made, "JOHN Q. SMITH").known == things(SMITH)
    assert known.tell(made, "Of John Smith").known == things(SMITH)


def test_what_is_a_name_in_its_document_alone_is_not_looked_for(known: Known) -> None:
    known.publish("a", "Smith came.", written=[("PERSON", "Smith")])
    assert known.tell(known.make(), "Smith came too.").known == ()


def test_an_empty_project_has_a_snapshot_that_says_nothing(known: Known) -> None:
    assert known.tell(known.make(), "Acme Ltd") == Context()


def test_of_many_entities_the_most_mentioned_are_told(known: Known) -> None:
    known.publish("a", "Acme Ltd, Acme Ltd, Boston", written=[ACME, ACME, BOSTON])
    made = known.make(kept=1)
    assert known.tell(made, "Boston, Acme Ltd").known == things(ACME)


small_law = law.__class__(law, suppress_health_check=[HealthCheck.function_scoped_fixture],
                          max_examples=max(25, law.max_examples // 8))  # fmt: skip


@given(worlds(decisions=2, most=12), st.data())
@small_law
def test_redis_tells_what_postgresql_tells(
    store_case: StoreCase, valkey: redis.Redis, world: World, data: st.DataObject
) -> None:
    """For projects of a few documents with names and words that meet often, around chunks of the
    same kind; and the same snapshot has the same hash, however it is made.
    """
    emptied(store_case.engine)
    valkey.flushdb()
    store_case.project = store_case.ledger.open_project(store_case.name, store_case.plan).id
    known = Known(store_case)
    said = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
    names = st.lists(st.sampled_from(world.pool), max_size=3)
    for number in range(data.draw(st.integers(0, 4))):
        parts = data.draw(st.lists(st.tuples(names, said), min_size=1, max_size=4))
        sentences = [
            f"{at}. {', '.join(words for _, words in written)}; {rest}."
            for at, (written, rest) in enumerate(parts)
        ]
        every = [one for written, _ in parts for one in written]
        known.publish(f"d{number}", f"Document {number}.", *sentences, written=every)
    made = known.make()
    for _ in range(3):
        written, rest = data.draw(names), data.draw(said)
        known.tell(made, f"{', '.join(words for _, words in written)}; {rest}.")
    valkey.flushdb()
    again = known.make()
    assert again == made
    assert known.case.value("SELECT count(*) FROM context_snapshots") == 1


def test_values_are_the_same_bytes_for_a_long_text(known: Known) -> None:
    """More fields than a script takes at a time."""
    known.publish("a", "Acme Ltd met Boston.", written=[ACME, BOSTON])
    made = known.make()
    words = " ".join(f"W{n}" for n in range(3000)) + " Acme Ltd"
    [sketch] = known.sketches.make([words])
    wanted = wanted_of(read(words_of(words)), sketch)
    assert len(wanted.fields) > 5000
    assert known.fill(made.hash)
    found = known.fast(made.hash).look(wanted)
    assert found == known.sure(made.hash).look(wanted)
    assert found
    assert known.tell(made, words).known == things(ACME)


def test_of_many_alike_those_that_share_most_are_looked_at(known: Known) -> None:
    """By the same rule in both stores: then those of the first bucket, then the smaller number."""
    draw = random.Random(7)
    known.publish("a", *(" ".join(draw.choices(WORDS[:3], k=12)) + f" {n}." for n in range(90)))
    made = known.make()
    assert known.fill(made.hash)
    stored = dict(entry for some in known.sure(made.hash).entries() for entry in some)
    crowded = 0
    for _ in range(20):
        words = " ".join(draw.choices(WORDS[:5], k=6))
        [sketch] = known.sketches.make([words])
        wanted = Wanted(["p"], fields_of_buckets(sketch))
        shared: dict[int, int] = {}
        for bucket in wanted.buckets:
            for number in codec.decode(Bucket, stored[bucket]).chunks if bucket in stored else ():
                shared[number] = shared.get(number, 0) + 1
        crowded += len(shared) > NEAR
        near = sorted(shared, key=lambda number: -shared[number])[:NEAR]
        expected = {field: stored[field] for field in ("p", *map(field_of_chunk, near))}
        assert known.fast(made.hash).look(wanted) == expected
        assert known.sure(made.hash).look(wanted) == expected
    assert crowded > 5


# Which one is used


def test_a_snapshot_stays_as_it_is_until_another_is_made(known: Known) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    first = known.make()
    known.publish("b", "Boston.", written=[BOSTON])
    known.live.catch_up()
    found = pinned(known.case.engine, known.case.project)
    assert found is not None
    assert (found.hash, found.names, found.chunks) == first
    assert known.tell(first, "Boston").known == ()

    second = known.make()

    found = pinned(known.case.engine, known.case.project)
    assert found is not None
    assert found.hash == second.hash != first.hash
    assert known.tell(second, "Boston").known == things(BOSTON)


def hashes(known: Known) -> set[str | None]:
    return {row[0] for row in known.case.rows("SELECT hash FROM context_snapshots")}


def test_one_that_a_plan_names_is_kept_and_others_go(known: Known) -> None:
    case = known.case
    known.publish("a", "Acme Ltd.", written=[ACME])
    first = known.make()
    plan = Plan(
        identities=tuple(
            StageIdentity(stage=x.stage, version="1", configuration={"context": first.hash})
            for x in plan_of().identities
        )
    )
    named = {"id": case.project, "plan": plan.model_dump_json()}
    with case.engine.begin() as connection:
        connection.execute(
            text("UPDATE projects SET configuration = CAST(:plan AS jsonb) WHERE id = :id"), named
        )
    known.publish("b", "Boston.", written=[BOSTON])
    second = known.make()
    assert hashes(known) == {first.hash, second.hash}
    assert known.tell(first, "Boston").known == ()

    with case.engine.begin() as connection:
        connection.execute(text("UPDATE projects SET configuration = '{}'"))
    known.publish("c", "John Smith.", written=[SMITH])
    third = known.make()

    assert hashes(known) == {third.hash}
    assert case.value("SELECT count(DISTINCT snapshot_id) FROM context_entries") == 1


def test_nobody_sees_half_of_one(known: Known) -> None:
    """While one is made the one before is used; one that fails leaves nothing."""
    known.publish("a", "Acme Ltd.", written=[ACME])
    first = known.make()
    known.publish("b", "Boston.", written=[BOSTON])
    known.live.catch_up()
    seen: list[object] = []

    def fails(_: object) -> Any:
        found = pinned(known.case.engine, known.case.project)
        seen.append(found and found.hash)
        raise ValueError("no sketches")

    with pytest.raises(ValueError, match="no sketches"):
        make_snapshot(known.case.engine, known.case.project, "test", fails)
    assert seen == [first.hash]
    assert hashes(known) == {first.hash}
    assert known.case.value("SELECT count(DISTINCT snapshot_id) FROM context_entries") == 1


def test_what_somebody_made_who_died_goes(known: Known) -> None:
    with known.case.engine.begin() as connection:
        for age in ("2 days", "1 hour"):
            connection.execute(
                text(
                    "INSERT INTO context_snapshots (project_id, made_at) "
                    f"VALUES (:project, now() - interval '{age}')"
                ),
                {"project": known.case.project},
            )
    made = known.make()
    assert hashes(known) == {made.hash, None}
    assert known.case.value("SELECT count(*) FROM context_snapshots") == 2


def test_two_that_are_made_at_once_are_one(known: Known) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    known.live.catch_up()
    both = threading.Barrier(2)
    made: list[Made] = []

    def sketch(documents: Any) -> Any:
        both.wait(20)
        return known.sketches.of(documents)

    def make() -> None:
        made.append(make_snapshot(known.case.engine, known.case.project, "test", sketch))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    found = pinned(known.case.engine, known.case.project)
    assert found is not None
    assert found.hash == made[0].hash
    assert known.tell(known.make(), "Acme Ltd").known == things(ACME)
    assert known.case.value("SELECT count(*) FROM context_snapshots") == 1


def test_a_project_goes_with_its_snapshots(known: Known, valkey: redis.Redis) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    known.tell(known.make(), "Acme Ltd")
    known.case.delete()
    for table in ("context_snapshots", "context_entries", "context_contents", "content_sketches"):
        assert known.case.value(f"SELECT count(*) FROM {table}") == 0


# What is forgotten


def test_a_snapshot_with_words_of_a_forgotten_document_says_nothing(
    known: Known, valkey: redis.Redis
) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()
    known.tell(made, "Acme Ltd")
    known.publish("b", "Boston.", written=[BOSTON])
    known.live.forget("b")
    assert known.tell(made, "Acme Ltd").known == things(ACME)

    known.live.forget("a")

    assert known.fast(made.hash).look(Wanted([], [])) is None
    assert known.tell(made, "Acme Ltd") == Context()
    rows = known.case.rows("SELECT field FROM context_entries")
    assert rows == [("p",)]
    assert not any(key.endswith(b":sketches") for key in valkey.keys("*"))
    found = pinned(known.case.engine, known.case.project)
    assert found is not None
    assert (found.hash, found.names, found.chunks) == (made.hash, 0, 0)


def test_what_is_forgotten_while_one_is_made_is_not_in_it(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever forgets does not wait for who makes one, who has written some of it."""
    monkeypatch.setattr(snapshot_making, "CONTENTS_AT_ONCE", 1)
    known.publish("a", "Acme Ltd.", written=[ACME])
    known.publish("b", "Boston.", written=[BOSTON])
    known.live.catch_up()
    asked = []

    def sketch(documents: Any) -> Any:
        asked.append(documents)
        if len(asked) == 2:
            known.live.forget("a")
        return known.sketches.of(documents)

    with pytest.raises(TemporaryError):
        make_snapshot(known.case.engine, known.case.project, "test", sketch)

    assert len(asked) == 2
    assert hashes(known) == set()
    assert known.tell(known.make(), "Acme Ltd of Boston").known == things(BOSTON)


def test_what_is_forgotten_while_redis_is_filled_is_not_put_there(known: Known) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()

    def entries() -> Iterator[Sequence[tuple[str, bytes]]]:
        yield from known.sure(made.hash).entries()
        known.live.forget("a")

    assert not known.fast(made.hash).fill(entries())
    assert known.fast(made.hash).look(Wanted([], [])) is None


# Redis may be away, or lose anything


def test_redis_has_all_of_it_or_none(known: Known, valkey: redis.Redis) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()
    assert known.fast(made.hash).look(Wanted([], [])) is None
    assert known.fill(made.hash)
    place = keys.snapshot(known.case.project)
    assert 0 < valkey.ttl(place) <= 3600
    assert known.fast("another").look(Wanted([], [])) is None
    assert valkey.keys(f"project:{known.case.project}:filling:*") == []

    valkey.expire(place, 5)
    assert known.fast(made.hash).look(Wanted([], [])) == {}
    assert valkey.ttl(place) > 5  # who looks lets it live on
    valkey.delete(place)
    valkey.hset(place, "p", codec.PLAIN + b"{}")
    assert known.fast(made.hash).look(Wanted(["p"], [])) is None


def test_a_filling_that_lost_its_parts_is_given_up(known: Known, valkey: redis.Redis) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()

    def entries() -> Iterator[Sequence[tuple[str, bytes]]]:
        for some in known.sure(made.hash).entries():
            yield some[:1]
            valkey.delete(keys.filling(known.case.project, "snapshot"))
            yield some[1:]

    assert not known.fast(made.hash).fill(entries())
    assert known.fast(made.hash).look(Wanted([], [])) is None
    assert not known.fast(made.hash).fill([], lambda: True)
    assert valkey.keys(f"project:{known.case.project}:*napshot*") == []


def test_one_process_fills_at_a_time(known: Known) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()

    def entries() -> Iterator[Sequence[tuple[str, bytes]]]:
        assert not known.fill(made.hash)
        yield from known.sure(made.hash).entries()

    assert known.fast(made.hash).fill(entries())


def test_postgresql_serves_while_redis_is_away_and_redis_is_filled_again(
    known: Known, valkey_url: str, valkey: redis.Redis
) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()
    [sketch] = known.sketches.make(["Acme Ltd"])
    with proxy_for(valkey_url) as proxy:
        link = link_to(proxy.url(valkey_url), answer_seconds=0.5, probe_seconds=0.05)
        fast = known.fast(made.hash, link)
        snapshot = KnownSnapshot(fast, known.sure(made.hash), 0.05)

        def is_told() -> bool:
            return snapshot.tell("Acme Ltd", sketch).known == things(ACME)

        def is_whole() -> bool:
            assert is_told()
            return fast.look(Wanted([], [])) is not None

        until(is_whole)
        proxy.refuse()
        proxy.cut()
        assert is_told()
        assert is_told()
        proxy.heal()
        valkey.flushdb()
        until(is_whole)
        snapshot.close()
        link.client.close()


def test_what_a_project_knows_is_asked_for_in_one_round_trip(known: Known) -> None:
    known.publish("a", "Acme Ltd. met John Q. Smith.", "The moon was a star.", written=[ACME])
    made = known.make()
    assert known.fill(made.hash)
    [sketch] = known.sketches.make(["Acme Ltd"])
    snapshot = KnownSnapshot(known.fast(made.hash), known.sure("gone"))
    assert snapshot.tell("Acme Ltd", sketch).known == things(ACME)
    client, sent = known.case.link.client, []
    pool = client.connection_pool
    take = pool.get_connection

    def taken(*given: Any, **named: Any) -> Any:
        sent.append(1)
        return take(*given, **named)

    pool.get_connection = taken
    try:
        assert snapshot.tell("Acme Ltd", sketch).known == things(ACME)
    finally:
        del pool.get_connection
        snapshot.close()
    assert len(sent) == 1


def test_what_redis_has_and_cannot_be_read_is_read_from_postgresql(
    known: Known, valkey: redis.Redis
) -> None:
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()
    assert known.fill(made.hash)
    valkey.hset(keys.snapshot(known.case.project), "p", b"\x09 of another version")
    snapshot = KnownSnapshot(known.fast(made.hash), known.sure(made.hash))
    [sketch] = known.sketches.make(["Acme Ltd"])
    assert snapshot.tell("Acme Ltd", sketch).known == things(ACME)
    snapshot.close()


def test_a_snapshot_that_is_gone_is_told_so(known: Known) -> None:
    snapshot = KnownSnapshot(None, known.sure("gone"))
    with pytest.raises(UnavailableError, match="--refresh-context"):
        snapshot.tell("Acme", bytes(LENGTH))


# Sketches


def test_sketches_stay_as_they_were_first_made(known: Known, valkey: redis.Redis) -> None:
    known.publish("a", "Acme Ltd met the king.", written=[ACME])
    texts = ["Acme Ltd met the king.", "The moon."]
    content = known.case.value("SELECT id::text FROM contents")
    first = known.sketches.of([(content, texts)])

    other = known.sketches_by(lambda asked: [-x for x in known.embed(asked)])
    known.vectors = other_vectors = MemoryVectors()
    assert other_vectors.get("test", []) == {}
    assert other.of([(content, texts)]) == first  # from Redis
    valkey.flushdb()
    assert other.of([(content, texts)]) == first  # from PostgreSQL
    assert known.sketches_by(known.embed, None).of([(content, texts)]) == first
    assert [len(x) for x in first[0]] == [LENGTH, LENGTH]
    assert other.of([(content, ["Another text."])]) != [first[0][:1]]


def test_vectors_of_the_cache_are_used_and_others_put_there(known: Known) -> None:
    known.sketches.make(["one", "two"])
    assert known.embedded == 2
    known.sketches.make(["two", "three"])
    assert known.embedded == 3


def test_sketches_of_a_content_that_is_gone_are_not_kept(known: Known, valkey: redis.Redis) -> None:
    gone = "00000000-0000-5000-8000-00000000abcd"
    assert known.sketches.of([(gone, ["one"])]) == [known.sketches.make(["one"])]
    assert known.case.value("SELECT count(*) FROM content_sketches") == 0
    assert valkey.keys("doc:*:sketches") == []


def test_a_documents_context_is_the_same_by_both_ways(known: Known, valkey: redis.Redis) -> None:
    known.publish("a", "John Smith met the king.", "Sun.", "Jane Roe met the king.",
                  written=[SMITH, JANE])  # fmt: skip
    content = known.case.value("SELECT id::text FROM contents")
    chunks = [
        Chunk(start=at, end=at + 30, page=1, text=words, sentences=())
        for at, words in ((0, "John Smith met the king."), (40, "Sun."), (80, "He met the king."))
    ]
    found = [things(SMITH), things(BOSTON)]

    def context(contexts: KnownContexts, of: str | None) -> Context:
        return completed(contexts.around(of, chunks).prepare(2), found)

    expected = Context(
        head="John Smith met the king.\nSun.", before=things(BOSTON), similar=things(SMITH)
    )
    assert context(KnownContexts(known.sketches), content) == expected
    assert context(KnownContexts(known.sketches_by(known.embed, None)), content) == expected
    assert context(KnownContexts(known.sketches), None) == expected


def test_forgetting_empties_nothing_else(known: Known) -> None:
    """A document that changed is no reason, while its words are seen."""
    known.publish("a", "Acme Ltd.", written=[ACME])
    made = known.make()
    with transaction(known.case.engine) as connection:
        forget_words(connection, known.case.project)
    assert known.tell(made, "Acme Ltd").known == things(ACME)


def test_while_redis_is_away_nothing_is_filled(known: Known) -> None:
    link = link_to("redis://127.0.0.1:1/0", answer_seconds=0.2)
    fast = known.fast("any", link)
    assert fast.look(Wanted([], [])) is None
    with pytest.raises(RedisAwayError):
        fast.fill([])


def test_the_settings_stores_tell_the_same_with_and_without_redis(
    settings: Settings, migrated_url: str, valkey_url: str
) -> None:
    """With the model that embeds, as a command makes a snapshot and a stage reads it."""
    urls = ServiceUrls(database_url=migrated_url, redis_url=valkey_url)
    engine = postgres.connect(urls.database_url)
    case = LedgerCase(engine)
    project = case.project
    assert pinned_context(urls, project) is None
    text_ = "Acme Ltd paid the harbour fees. It rained."
    case.publish("a", text_, payloads=typed_payloads(text_, [ACME]))

    made = refresh_context(settings, urls, project)

    assert pinned_context(urls, project) == made.hash
    chunk = Chunk(start=0, end=9, page=1, text="Harbour fees were paid by Acme Ltd.", sentences=())
    off = settings.model_copy(update={"acceleration": "off"})
    found = []
    for those in (settings, off):
        with closing(open_contexts(those, urls, project, made.hash)) as contexts:
            found.append(contexts.around(None, [chunk]).prepare(0).context)
    assert found[0] == found[1]
    assert found[0].known == things(ACME)
    with closing(open_contexts(settings, urls, project, None)) as contexts:
        assert contexts.around(None, [chunk]).prepare(0).context == Context()
    engine.dispose()
