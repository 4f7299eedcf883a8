"""How much persistence holds at once follows from bytes, whatever the number of entries."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_case import StoreCase

from pipeline import identity
from pipeline.documents import StageName
from pipeline.stores import copying, payloads
from pipeline.stores.chunk_vectors import DIMENSIONS, CachedVectors
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.protocols import Checkpoint, Vector

LOADED, ANSWER, LARGE, LARGEST = 3_000, 1_000, 500, 700


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    return store_case


@pytest.mark.parametrize("size", [100, 450, LARGEST])
def test_what_is_loaded_from_the_queue(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("pipeline.stores.redis_write_behind.LOADED_BYTES", LOADED)
    monkeypatch.setattr("pipeline.stores.redis_write_behind.ANSWER_BYTES", ANSWER)
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LARGE)
    made = [
        Checkpoint(
            content=case.content(str(number)),
            stage=StageName.OCR,
            fingerprint="f",
            digest="d",
            payload=bytes([number]) * (size - number % 3),
        )
        for number in range(60)
    ]
    case.put(made)
    answers: list[int] = []
    fetched: list[int] = []
    ask, fetch = case.link.client.mget, case.blobs.fetch

    def asked(names: Sequence[str]) -> list[bytes | None]:
        values = ask(names)
        answers.append(sum(len(value) for value in values))
        return values  # type: ignore[no-any-return]

    def fetching(sha256: str, target: Path) -> None:
        fetch(sha256, target)
        fetched.append(target.stat().st_size)

    monkeypatch.setattr(case.link.client, "mget", asked)
    monkeypatch.setattr(case.blobs, "fetch", fetching)
    loaded: list[Checkpoint | None] = []
    while entries := case.queue.read(100, 0):
        fetched.clear()
        found = case.queue.load(entries)
        held = [x for x in found.values() if x]
        assert sum(len(x.payload) for x in held) < LOADED + LARGEST
        assert sum(fetched) < LOADED + LARGEST
        loaded += held
        case.queue.done([entry for entry in entries if entry.id in found])
    assert max(answers) <= ANSWER
    assert loaded == made


def published_with(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch, *, as_objects: bool
) -> tuple[list[int], list[int]]:
    """Publish many contents whose last results come together; say what was read at once of stored
    payloads, and of how many contents.
    """
    if as_objects:
        monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", 10)
    texts = [f"Ann Lee met Bob Moss on day {number}. " * 9 for number in range(12)]
    run = case.run()
    names = {f"n{number}": words for number, words in enumerate(texts)}
    case.claimed(run, *(f"{name}.txt" for name in names))
    case.identify(run, **names)
    chains = [case.checkpoints(words, None, "Ann Lee", "Bob Moss") for words in texts]
    case.publisher().persist([x for chain in chains for x in chain[:-1]])
    assert all(len(x.payload) < LARGEST for chain in chains for x in chain)
    read, objects = [], [0]
    contents: list[int] = []
    ask, fetch = payloads.read_results, case.blobs.fetch

    def asked(connection: Any, wanted: Any, most: int | None = None) -> Any:
        contents.append(len({key.content for key in wanted}))
        objects.append(0)
        rows = ask(connection, wanted, most)
        read.append(sum(len(row.payload or b"") for row in rows))
        return rows

    def fetching(sha256: str, target: Path) -> None:
        fetch(sha256, target)
        objects[-1] += target.stat().st_size

    monkeypatch.setattr(payloads, "read_results", asked)
    monkeypatch.setattr(case.blobs, "fetch", fetching)
    persisted = case.publisher().persist([chain[-1] for chain in chains])
    assert sorted(persisted.published) == sorted(map(case.content, texts))
    assert case.value("SELECT count(*) FROM documents WHERE status = 'completed'") == 12
    return (objects if as_objects else read), contents


@pytest.mark.parametrize("as_objects", [False, True])
def test_what_is_read_back_to_publish(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch, as_objects: bool
) -> None:
    monkeypatch.setattr(payloads, "LOADED_BYTES", LOADED)
    read, contents = published_with(case, monkeypatch, as_objects=as_objects)
    assert 0 < max(read) < LOADED + LARGEST
    assert any(1 < number < 12 for number in contents), "it is halved, not taken one by one"


def test_one_content_is_published_however_large(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "LOADED_BYTES", 10)
    _, contents = published_with(case, monkeypatch, as_objects=False)
    assert contents.count(1) == 12


def test_identifying_reads_no_more_at_once(
    case: StoreCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "LOADED_BYTES", 10)
    run = case.run()
    words = {f"n{number}": f"Ann Lee met Bob Moss on day {number}." for number in range(5)}
    case.claimed(run, *(f"{name}.txt" for name in words))
    case.identify(run, **words)
    case.ledger.release(run)
    with case.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE documents SET status = 'failed'")
    made = [x for text in words.values() for x in case.checkpoints(text, None, "Ann Lee")]
    case.publisher().persist(made)
    assert case.ledger.retry(case.project) == 5
    case.claimed(run)
    works = case.identify(run, **words)
    assert [work.published for work in works.values()] == [True] * 5


def test_what_the_cache_of_vectors_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stores.chunk_vectors.ASKED_AT_ONCE", 10)
    asked: list[int] = []

    class Counting(MemoryVectors):
        def get(self, model: str, text_hashes: Sequence[str]) -> dict[str, Vector]:
            asked.append(len(text_hashes))
            return dict(super().get(model, text_hashes))

    cache = Counting()
    texts = [str(number % 30) for number in range(95)]
    for text in texts[:29]:
        cache.put("m", {identity.text_key(text): np.full(DIMENSIONS, int(text), np.float32)})
    columns = list(CachedVectors(cache, "m").of(iter(texts)))
    assert [model for _, model in columns] == [None if x == "29" else "m" for x in texts]
    assert all(
        vector is None or vector.startswith(f"[{text}.0,")
        for text, (vector, _) in zip(texts, columns, strict=True)
    )
    assert max(asked) == 10


def test_what_copy_writes_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "BLOCK_CHARACTERS", 1_000)
    rows: list[copying.Row] = [("x" * 150, bytes(number), None, number) for number in range(60)]
    whole = "".join(copying.copy_text([row]) for row in rows)
    left = iter(rows)
    blocks = list(itertools.takewhile(bool, (copying.copy_text(left) for _ in range(100))))
    assert "".join(blocks) == whole
    assert max(map(len, blocks)) < 1_000 + 2 * max(len(copying.copy_text([row])) for row in rows)
    assert len(blocks) > 5
