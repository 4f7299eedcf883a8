"""Another object store than the one that has this database's objects: nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_case import StoreCase

from pipeline.errors import TemporaryError, UnavailableError
from pipeline.stores import loose_objects, store_mark
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.postgres_checkpoints import PostgresCheckpoints
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.publisher import Publisher

LONG = "Jane Roe met John Smith. " * 40
LIMIT = 60
WRONG = "is not the one that the objects of this database are in"


class Away:
    """A store that does not answer."""

    def establish(self) -> None:
        raise TemporaryError("away")

    def put_file(self, path: Path, sha256: str) -> None:
        raise TemporaryError("away")

    def fetch(self, sha256: str, target: Path) -> None:
        raise TemporaryError("away")


@pytest.fixture
def case(store_case: StoreCase, monkeypatch: pytest.MonkeyPatch) -> StoreCase:
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LIMIT)
    with store_case.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM object_store")
    store_mark.bind(store_case.engine, store_case.blobs)
    return store_case


@pytest.fixture
def other(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "other")


def stored(case: StoreCase) -> list[Checkpoint]:
    """Publish a content whose results are objects."""
    checkpoints = case.checkpoints(LONG, None, "Jane Roe", "John Smith")
    case.publish("a", LONG, "Jane Roe", "John Smith")
    assert rows(case) == (5, 5)
    return checkpoints


def rows(case: StoreCase) -> tuple[int, int]:
    """Count the stored results, and those that are objects."""
    [(results, objects)] = case.rows("SELECT count(*), count(payload_ref) FROM stage_results")
    return results, objects


def test_while_nothing_names_an_object_another_store_is_taken(
    case: StoreCase, other: FolderBlobs
) -> None:
    store_mark.bind(case.engine, other)
    with case.engine.begin() as connection:
        store_mark.check(connection, other)
        with pytest.raises(TemporaryError, match=WRONG):
            store_mark.check(connection, case.blobs)


def test_from_then_on_it_is_refused_unless_the_objects_were_copied(
    case: StoreCase, other: FolderBlobs, tmp_path: Path
) -> None:
    stored(case)
    with pytest.raises(UnavailableError, match=WRONG):
        store_mark.bind(case.engine, other)
    store_mark.bind(case.engine, case.blobs)
    for sha256 in case.blobs.names():
        case.blobs.fetch(sha256, tmp_path / "object")
        other.establish()
        other.put_file(tmp_path / "object", sha256)
    store_mark.bind(case.engine, other)
    store_mark.bind(case.engine, case.blobs)


OF_MEMBERS = """
UPDATE stage_results SET members = ARRAY[payload_ref], payload_ref = NULL, payload = ''
"""
OF_DOCUMENTS = """
UPDATE documents SET blob = (SELECT min(payload_ref) FROM stage_results);
UPDATE stage_results SET payload_ref = NULL, payload = ''
"""


@pytest.mark.parametrize(
    "named", ["", OF_MEMBERS, OF_DOCUMENTS], ids=["payloads", "members", "documents"]
)
def test_without_a_mark_the_right_one_is_known_by_an_object_that_is_named(
    case: StoreCase, other: FolderBlobs, named: str
) -> None:
    """A database that named objects before stores were marked."""
    stored(case)
    kept = case.value("SELECT min(payload_ref) FROM stage_results")
    unmark(case, named)
    other.establish()
    with pytest.raises(UnavailableError, match=f"{WRONG}.*none"):
        store_mark.bind(case.engine, other)
    assert case.value("SELECT count(*) FROM object_store") == 0
    # The others are lost: one is enough.
    case.blobs.delete([x for x in case.blobs.names() if x != kept])
    store_mark.bind(case.engine, case.blobs)
    with case.engine.begin() as connection:
        store_mark.check(connection, case.blobs)
        with pytest.raises(TemporaryError, match=WRONG):
            store_mark.check(connection, other)


def unmark(case: StoreCase, more: str = "") -> None:
    with case.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM object_store; {more}")


@pytest.mark.parametrize("marked", [True, False])
def test_one_that_is_away_is_not_judged(case: StoreCase, marked: bool) -> None:
    stored(case)
    if not marked:
        unmark(case)
    store_mark.bind(case.engine, Away())  # type: ignore[arg-type]
    assert case.value("SELECT count(*) FROM object_store") == marked
    store_mark.bind(case.engine, case.blobs)
    with case.engine.begin() as connection, pytest.raises(TemporaryError, match="away"):
        store_mark.check(connection, Away())  # type: ignore[arg-type]


def test_what_another_store_lacks_is_not_gone(case: StoreCase, other: FolderBlobs) -> None:
    checkpoints = stored(case)
    before = rows(case)
    elsewhere = Publisher(case.engine, case.project, case.plan, other, case.publishing)
    durable = PostgresCheckpoints(case.engine, lambda _: elsewhere, other)
    with pytest.raises(TemporaryError, match=WRONG):
        durable.get([x.key for x in checkpoints])
    assert rows(case) == before


def test_rows_do_not_name_what_was_put_into_another_store(
    case: StoreCase, other: FolderBlobs
) -> None:
    run = case.run()
    case.claimed(run, "a.txt")
    case.identify(run, a=LONG)
    elsewhere = Publisher(case.engine, case.project, case.plan, other, case.publishing)
    with pytest.raises(TemporaryError, match=WRONG):
        elsewhere.persist(case.checkpoints(LONG, None, "Jane Roe", "John Smith"))
    assert rows(case) == (0, 0)


def test_objects_are_removed_from_the_right_store_only(
    case: StoreCase, other: FolderBlobs, tmp_path: Path
) -> None:
    stored(case)
    names = [x for (x,) in case.rows("SELECT payload_ref FROM stage_results")]
    with case.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM stage_results")
    with pytest.raises(TemporaryError, match=WRONG):
        loose_objects.sweep(case.engine, other, 0)
    for name in names:
        case.blobs.fetch(name, tmp_path / name)
    assert loose_objects.sweep(case.engine, case.blobs, 0) == len(set(names))
