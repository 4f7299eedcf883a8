"""Stored results that nobody can read: in PostgreSQL, in Redis, and in what publishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from ledger_case import LedgerCase
from store_case import StoreCase

from pipeline.documents import DocumentFailure, StageName
from pipeline.stage import STAGES
from pipeline.stores import keys
from pipeline.stores.lost_results import remove_rows
from pipeline.stores.postgres_checkpoints import PostgresCheckpoints
from pipeline.stores.protocols import Checkpoint

LONG = "Jane Roe met John Smith. " * 40
LIMIT = 60


@pytest.fixture
def case(store_case: StoreCase, monkeypatch: pytest.MonkeyPatch) -> StoreCase:
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LIMIT)
    return store_case


def made(case: LedgerCase, salt: str = "") -> list[Checkpoint]:
    return case.checkpoints(LONG, None, "Jane Roe", "John Smith", salt=salt)


def lose(case: LedgerCase) -> list[str]:
    """Remove all objects, and name the stages whose results they were."""
    rows = case.rows("SELECT stage, payload_ref FROM stage_results WHERE payload_ref IS NOT NULL")
    case.blobs.delete([reference for _, reference in rows])
    return [stage for stage, _ in rows]


def harm(case: LedgerCase) -> list[str]:
    """Let nobody decode what is stored, and name the stages."""
    with case.engine.begin() as connection:
        harmed = connection.exec_driver_sql(
            "UPDATE stage_results SET payload = '\\x077b7d', payload_ref = NULL RETURNING stage"
        )
        return [stage for (stage,) in harmed]


LOSSES = pytest.mark.parametrize("losing", [lose, harm])


def durable(case: LedgerCase) -> PostgresCheckpoints:
    return PostgresCheckpoints(case.engine, lambda _: case.publisher(), case.blobs)


def kept_but_not_published(case: LedgerCase, checkpoints: Sequence[Checkpoint]) -> str:
    """Store results of a content whose document failed meanwhile; return the run."""
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LONG)
    document = case.document("a.txt")
    failure = DocumentFailure(stage=StageName.OCR, error="lost", message="it says so")
    case.ledger.failed(run, [(document, case.claim_of(document), failure)])
    case.publisher().persist(checkpoints)
    case.ledger.retry(case.project)
    case.claimed(run)
    return run


@LOSSES
def test_they_are_not_there_and_their_rows_go(
    case: StoreCase, losing: Callable[[LedgerCase], list[str]]
) -> None:
    checkpoints = made(case)
    kept_but_not_published(case, checkpoints)
    gone = losing(case)
    assert StageName.OCR in gone
    found = durable(case).reread([x.key for x in checkpoints])
    assert sorted(key.stage for key in found) == sorted(set(STAGES) - set(gone))
    chain = case.ledger.known_chains([case.content(LONG)], case.plan)[case.content(LONG)]
    assert chain.gap is StageName.OCR


def test_one_that_was_put_again_meanwhile_stays(case: StoreCase) -> None:
    checkpoints = made(case)
    kept_but_not_published(case, checkpoints)
    rows = case.rows("SELECT payload_ref FROM stage_results WHERE stage = 'ocr'")
    with case.engine.begin() as connection:
        assert remove_rows(connection, case.blobs, [checkpoints[0].key]) == []
    assert case.rows("SELECT payload_ref FROM stage_results WHERE stage = 'ocr'") == rows


@LOSSES
def test_identifying_finds_the_gap_and_blames_nobody(
    case: StoreCase, losing: Callable[[LedgerCase], list[str]]
) -> None:
    checkpoints = made(case)
    run = kept_but_not_published(case, checkpoints)
    losing(case)
    work = case.identify(run, a=LONG)[case.document("a.txt")]
    assert (work.chain.gap, work.published) == (StageName.OCR, False)
    case.publisher().persist(checkpoints)
    assert case.status("a.txt")[0] == "completed"


def test_what_is_made_again_with_another_digest_wins_over_what_nobody_can_read(
    case: StoreCase,
) -> None:
    kept_but_not_published(case, made(case))
    lose(case)
    again = made(case, "other")
    persisted = case.publisher().persist(again)
    assert (persisted.winners, persisted.published) == ((), (case.content(LONG),))
    found = durable(case).get([x.key for x in again])
    assert {key: x.payload for key, x in found.items()} == {x.key: x.payload for x in again}


@LOSSES
def test_publishing_finds_the_gap_and_the_rest_of_the_batch_goes_on(
    case: StoreCase, losing: Callable[[LedgerCase], list[str]]
) -> None:
    run = case.run()
    case.claimed(run, "a.txt", "b.txt")
    case.identify(run, a=LONG, b="Short.")
    *most, last = made(case)
    case.publisher().persist(most)
    losing(case)
    persisted = case.publisher().persist([last, *case.checkpoints("Short.")])
    assert (persisted.published, persisted.refused) == ((case.content("Short."),), ())
    assert case.status("a.txt")[0] == "running"
    assert case.publisher().persist(made(case)).published == (case.content(LONG),)


def test_a_copy_that_names_it_makes_room_for_what_is_made_again(case: StoreCase) -> None:
    [first, *_] = made(case)
    case.put([first])
    name = keys.checkpoint(*first.key)
    for persisted in (False, True):
        if persisted:
            case.queue.done(case.queue.read(10, 0))
            assert case.link.client.ttl(name) > 0
        case.blobs._objects.clear()
        assert case.fast.get([first.key]) == {}
        other = first.model_copy(update={"payload": first.payload + b" ", "digest": "other"})
        assert case.fast.put(case.project, [other]) == [other]
        assert case.fast.get([first.key]) == {first.key: other}
        assert case.link.client.ttl(name) == -1
        assert int(case.link.client.get(keys.UNPERSISTED_BYTES)) == case.link.client.strlen(name)
