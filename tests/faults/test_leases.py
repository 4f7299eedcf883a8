"""Who holds a document decides about it, and nobody else: leases and fences on real servers."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from ledger_case import LedgerCase
from sqlalchemy import Engine, text
from waiting import until

from actors.bounds import FEWEST
from faults import history
from faults.holder import FAILURE as LATE
from faults.holder import holder
from faults.invariants import broken
from faults.small_run import SmallRun, write_documents
from faults.small_stages import SECONDS
from pipeline.errors import TemporaryError
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import Checkpoint

PROCESSES = multiprocessing.get_context("forkserver")
PATIENT = 90.0
P, T = ParamSpec("P"), TypeVar("T")
OLD, NEW = "Jane Roe wrote.", "Jane Roe wrote again."


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = postgres.connect(migrated_url, pool_size=16)
    yield engine
    engine.dispose()


@pytest.fixture
def case(engine: Engine) -> LedgerCase:
    return LedgerCase(engine)


# A claim that stops after it has taken its snapshot and before it has come to a row.
SLOW_RUNS = """
CREATE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_setting('test.slow', true) = 'on' THEN
        PERFORM pg_advisory_xact_lock_shared(7);
    END IF;
    RETURN true;
END $$;
ALTER TABLE runs RENAME TO real_runs;
CREATE VIEW runs AS SELECT * FROM real_runs WHERE slowly();
"""


def test_a_claim_that_began_before_another_run_did_takes_nothing_of_it(
    case: LedgerCase, engine: Engine, migrated_url: str
) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt")])
    slow_run = case.run()
    with engine.begin() as connection:
        connection.exec_driver_sql(SLOW_RUNS)
    slow = postgres.connect(f"{migrated_url}&options=-ctest.slow%3Don")
    got: list[object] = []
    with engine.connect() as holding:
        holding.execute(text("SELECT pg_advisory_lock(7)"))
        thread = threading.Thread(target=lambda: got.append(Ledger(slow).claim(slow_run, 10)))
        thread.start()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")
        until(lambda: holding.scalar(waiting), PATIENT)

        late_run = case.run()
        assert len(case.ledger.claim(late_run, 10)) == 1

        holding.execute(text("SELECT pg_advisory_unlock(7)"))
        thread.join(PATIENT)
    slow.dispose()

    assert got == [[]]
    assert case.rows("SELECT claimed_by::text, attempts FROM documents") == [(late_run, 1)]


def test_a_holder_that_was_paused_changes_nothing_of_its_successor(
    case: LedgerCase, engine: Engine, migrated_url: str
) -> None:
    history.remember(engine)
    case.ledger.record_documents(case.project, [case.found("a.txt")])
    document = case.document("a.txt")
    with holder(migrated_url) as late:
        assert late.documents == [document]
        late.order("identify", "a", OLD)
        assert late.answer() == 1
        old = case.value("SELECT claim FROM documents")
        late.pause()
        orders = [
            ("fail", document, old), ("fail", document, old + 1), ("again", document),
            ("identify", "a", OLD), ("give_back", document), ("persist", OLD, "Jane Roe", ""),
            ("claim",),
        ]  # fmt: skip
        for order in orders:
            late.order(*order)
        successor = case.run()
        until(lambda: case.ledger.claim(successor, 10), PATIENT)
        case.identify(successor, a=NEW)
        before = case.rows("SELECT * FROM documents")
        late.resume()
        answers = [late.answer() for _ in orders]

        assert answers == [[], [], {}, 0, 0, (), 0]
        assert case.rows("SELECT * FROM documents") == before
        assert case.failures() == []
        assert case.value("SELECT count(*) FROM mentions") == 0

        done = case.publisher().persist(case.checkpoints(NEW, None, "Jane Roe"))
        assert done.completed == (document,)
        shown = case.rows("SELECT * FROM mentions"), case.rows("SELECT * FROM documents")
        # What it made of the same bytes is another result, and too late.
        late.order("persist", NEW, "Jane Roe", "other")
        late.order("fail", document, old + 1)
        assert [late.answer(), late.answer()] == [(), []]

    assert shown == (case.rows("SELECT * FROM mentions"), case.rows("SELECT * FROM documents"))
    assert case.failures() == []
    assert history.takeovers(engine) == (1, 0)


def test_a_holder_that_was_stopped_inside_a_transaction_does_not_keep_its_locks(
    case: LedgerCase, migrated_url: str
) -> None:
    case.ledger.record_documents(case.project, [case.found("a.txt")])
    document = case.document("a.txt")
    successor = case.run()
    with holder(migrated_url, idle=2.0) as late:
        late.order("identify", "a", OLD)
        assert late.answer() == 1
        late.order("persist_and_stop", "persist.before-commit", OLD, "Jane Roe")
        until(lambda: late.paused, PATIENT)
        until(lambda: case.ledger.pending_count(case.project), PATIENT)  # its lease is over
        assert case.ledger.claim(successor, 10) == []  # and it has the document's row all the same

        until(lambda: case.ledger.claim(successor, 10), PATIENT)
        case.identify(successor, a=OLD)
        done = case.publisher().persist(case.checkpoints(OLD, None, "Jane Roe"))
        assert done.completed == (document,)
        shown = case.rows("SELECT * FROM mentions"), case.rows("SELECT * FROM documents")
        late.resume()
        answer = late.answer()

    assert answer == "PostgreSQL: server closed the connection unexpectedly"
    assert shown == (case.rows("SELECT * FROM mentions"), case.rows("SELECT * FROM documents"))


def until_done(run: SmallRun, seconds: str) -> None:
    os.environ[SECONDS] = seconds
    run.until_done()


@pytest.mark.parametrize(
    ("acceleration", "window", "count"),
    [("on", 8, 160), ("off", 8, 160), ("on", FEWEST, FEWEST - 3)],
)
def test_runs_at_the_same_time_share_the_work(
    acceleration: str,
    window: int,
    count: int,
    settings: Settings,
    engine: Engine,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, count)
    quick = RunSettings(window=window, persist_seconds=0.02)
    run = SmallRun(settings.model_copy(update={"acceleration": acceleration, "run": quick}), folder)
    history.remember(engine)

    # Where one run could hold all, none is at its end before the others have begun.
    seconds = "0" if count > 2 * window else "0.1"
    processes = [PROCESSES.Process(target=until_done, args=(run, seconds)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENT)
        assert process.exitcode == 0

    with engine.connect() as connection:
        workers = connection.scalar(
            text("SELECT count(DISTINCT claimed_by) FROM documents WHERE depth = 0")
        )
    assert workers is not None
    assert workers > 1, "one run did all"
    assert run.left() == 0
    assert history.written(engine) > 5 * count / 2
    assert history.written_twice(engine) == []
    assert history.takeovers(engine) == (0, 0)
    if acceleration == "on":
        assert broken(run) == []


def test_many_who_write_about_the_same_documents_lose_nothing(
    case: LedgerCase, engine: Engine
) -> None:
    """Claiming, counting, identifying, failing and publishing, all on the same rows."""
    texts = {f"d{number}": f"Jane Roe wrote letter {number % 6}." for number in range(24)}
    names = [f"{name}.txt" for name in texts]
    case.ledger.record_documents(case.project, [case.found(name) for name in names])
    runs = [case.run() for _ in range(6)]
    history.remember(engine)
    counted, completed, failed = [], [], []
    start = threading.Barrier(len(runs))
    stem = {case.document(f"{name}.txt"): name for name in texts}
    errors: list[BaseException] = []

    def work(number: int, run: str) -> None:
        try:
            start.wait()
            while claimed := again(case.ledger.claim, run, 3):
                ids = [x.document_id for x in claimed]
                numbers = again(case.ledger.again, run, ids)
                counted.append(len(numbers))
                data = {stem[x]: texts[stem[x]] for x in ids}
                again(case.identify, run, None, **data)
                if number == 0:
                    rows = [(id_, numbers[id_], LATE) for id_ in ids]
                    failed.extend(again(case.ledger.failed, run, rows))
                else:
                    batch = [x for words in set(data.values()) for x in checkpoints(words)]
                    completed.extend(again(case.publisher().persist, batch).completed)
        except BaseException as error:
            errors.append(error)
            raise

    def checkpoints(words: str) -> list[Checkpoint]:
        return case.checkpoints(words, None, "Jane Roe")

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT)

    assert errors == []
    statuses = dict(case.rows("SELECT status, count(*) FROM documents GROUP BY status"))
    assert statuses.get("failed", 0) == len(failed) == len(set(failed))
    assert len(case.failures()) == len(failed)
    assert statuses["completed"] == 24 - len(failed)
    # Each was claimed once and counted once more.
    assert sum(counted) == 24
    assert case.rows("SELECT DISTINCT attempts FROM documents") == [(2,)]
    assert len(completed) == len(set(completed))
    assert history.written_twice(engine) == []
    assert history.takeovers(engine) == (0, 0)


def again(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call until it is not a matter of time."""
    while True:
        try:
            return call(*arguments, **named)
        except TemporaryError:
            time.sleep(0.01)
