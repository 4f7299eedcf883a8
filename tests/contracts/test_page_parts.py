"""Checkpoints of page ranges, and documents of which a page is missing, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ledger_case import LedgerCase, emptied, payloads_of, plan_of
from sqlalchemy import Engine
from store_case import StoreCase

from pipeline.documents import Page, Pages, PageSource, StageName
from pipeline.stores import payloads as payloads_module
from pipeline.stores.protocols import Checkpoint

LETTER = "Jane Roe met John Smith."
LOST = payloads_of(LETTER, ["Jane Roe", "John Smith"]) | {
    StageName.OCR: Pages(
        text=LETTER,
        pages=(
            Page(number=1, start=0, end=len(LETTER)),
            Page(number=2, start=len(LETTER), end=len(LETTER), source=PageSource.UNREAD),
        ),
        warnings=("page 2 could not be read: it crashes the process that reads it",),
    )
}


def flags(case: LedgerCase) -> list[tuple[object, ...]]:
    return sorted(case.rows("SELECT source, status, partial FROM documents"))


def test_a_document_of_which_a_page_is_missing_is_partial(case: LedgerCase) -> None:
    case.publish("a", LETTER, payloads=LOST)
    case.publish("b", "Ann Lee slept.", "Ann Lee")
    assert flags(case) == [
        ("corpus/a.txt", "completed", True), ("corpus/b.txt", "completed", False)
    ]  # fmt: skip
    # A copy of what readers see already is as partial.
    run = case.run()
    case.claimed(run, "copy.txt")
    case.identify(run, copy=LETTER)
    case.publisher().publish([case.content(LETTER)])
    assert ("corpus/copy.txt", "completed", True) in flags(case)
    # And one whose bytes are others by now is not.
    case.ledger.record_documents(case.project, [case.found("a.txt", stamp="2")])
    run = case.run()
    case.ledger.claim(run, 10)
    case.identify(run, a="Eve Moss slept.")
    case.publisher().persist(case.checkpoints("Eve Moss slept.", None, "Eve Moss"))
    assert flags(case)[0] == ("corpus/a.txt", "completed", False)


def parts_of(whole: Checkpoint, names: Sequence[str] = ("1-2", "3-4")) -> list[Checkpoint]:
    """Make parts of a result."""
    return [
        whole.model_copy(update={"part": name, "digest": f"digest of {name}"}) for name in names
    ]


def stored_parts(case: LedgerCase) -> list[str]:
    return [row[0] for row in case.rows("SELECT part FROM stage_results ORDER BY part") if row[0]]


def waiting(case: LedgerCase) -> list[Checkpoint]:
    """Let a document wait for its content, and make all that it waits for."""
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LETTER)
    return case.checkpoints(LETTER, None, "Jane Roe", "John Smith")


def test_parts_are_stored_and_fill_no_gap(case: LedgerCase) -> None:
    checkpoints = waiting(case)
    parts = parts_of(checkpoints[0])
    persisted = case.publisher().persist([*parts, *checkpoints[1:]])
    assert persisted.published == ()
    assert stored_parts(case) == ["1-2", "3-4"]
    chain = case.ledger.known_chains([case.content(LETTER)], case.plan)[case.content(LETTER)]
    assert chain.gap is StageName.OCR


def test_parts_go_with_the_whole_in_one_transaction_or_before(case: LedgerCase) -> None:
    checkpoints = waiting(case)
    parts = parts_of(checkpoints[0])
    case.publisher().persist(parts[:1])
    # One is stored, one comes with the whole, one after it.
    case.publisher().persist([parts[1], checkpoints[0]])
    assert stored_parts(case) == []
    case.publisher().persist(parts_of(checkpoints[0], ["5-6"]))
    assert stored_parts(case) == []
    assert case.publisher().persist(checkpoints[1:]).published == (case.content(LETTER),)


def test_what_is_published_leaves_no_part_of_another_configuration(case: LedgerCase) -> None:
    other = case.checkpoints(LETTER, None, "Jane Roe", plan=plan_of(ocr="2"))
    checkpoints = waiting(case)
    case.publisher().persist(parts_of(other[0]))
    case.publisher().persist(checkpoints[:4])
    assert stored_parts(case) == ["1-2", "3-4"], "that one may be gone back to"
    case.publisher().persist([*parts_of(other[0], ["5-6"]), checkpoints[4]])
    assert stored_parts(case) == []


def test_the_object_of_a_large_part_is_loose_when_the_part_goes(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = waiting(case)
    large, late = (
        part.model_copy(update={"payload": part.payload + bytes(20_000) + part.part.encode()})
        for part in parts_of(checkpoints[0])
    )
    monkeypatch.setattr(payloads_module, "VALUE_LIMIT", 10_000)
    case.publisher().persist([large])
    [reference] = case.rows("SELECT payload_ref FROM stage_results")
    case.publisher().persist([checkpoints[0]])
    case.publisher().persist([late])
    loose = {row[0] for row in case.rows("SELECT sha256 FROM loose_objects")}
    assert loose == {reference[0], payloads_module.hash_of(late.payload)}


def test_forgetting_takes_parts_along_in_both_stores(database: Engine, valkey_url: str) -> None:
    case = StoreCase(emptied(database), url=valkey_url)
    parts = parts_of(waiting(case)[0])
    case.put(parts)
    case.drain()
    case.put(parts_of(parts[0], ["5-6"]))
    assert stored_parts(case) == ["1-2", "3-4"]
    client = case.link.client
    assert len(list(client.scan_iter("doc:*:ocr:*"))) == 3
    case.forgetting.forget(["corpus/a.txt"])
    assert stored_parts(case) == []
    assert list(client.scan_iter("doc:*:ocr:*")) == []
    case.close()


def test_parts_of_a_whole_that_is_there_expire_in_redis(database: Engine, valkey_url: str) -> None:
    case = StoreCase(emptied(database), url=valkey_url)
    checkpoints = waiting(case)
    case.put([*parts_of(checkpoints[0]), *checkpoints])
    case.drain()
    assert case.status("a.txt")[0] == "completed"
    assert stored_parts(case) == []
    client = case.link.client
    assert all(client.ttl(name) > 0 for name in client.scan_iter("doc:*:ocr:*"))
    assert case.queue.backlog().bytes == 0
    case.close()
