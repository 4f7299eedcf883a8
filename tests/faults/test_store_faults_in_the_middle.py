"""What happens to a transaction in its middle: it raises TemporaryError and nothing of it is there,
or it goes on, and the same call made again ends in the state of one undisturbed call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import pytest
from ledger_case import emptied
from sqlalchemy import Engine, text

from faults.harmed_call import fails, through, undisturbed
from faults.proxy import Proxy
from faults.servers import OwnPostgres
from faults.store_calls import CALLS, TEXTS, Call, World, batch
from faults.store_dump import dump
from pipeline.errors import TemporaryError
from pipeline.stores.protocols import Checkpoint

PATIENT = 60.0
STORED = text("""
INSERT INTO stage_results (content_id, stage, fingerprint, part, digest, payload, seconds, members)
VALUES (:content, :stage, :fingerprint, :part, :digest, :payload, :seconds,
        CASE WHEN :stage = 'ocr' THEN CAST('{}' AS text[]) END)
""")


@pytest.fixture
def persist() -> Call:
    return CALLS["persist"]


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENT
    while not true():
        assert monotonic() < deadline
        sleep(0.005)


def waiting(straight: Engine) -> bool:
    """Say whether a session waits for a lock."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with straight.connect() as connection:
        return bool(connection.scalar(text(question)))


@contextmanager
def in_the_middle(
    call: Call, world: World, engine: Engine, straight: Engine
) -> Iterator[list[BaseException]]:
    """Make the call in a thread that hangs in the middle of its transaction during the block: its
    content is locked. What it raises is in the list after the block.
    """
    raised: list[BaseException] = []

    def work() -> None:
        try:
            call.do(world, world.through(engine))
        except BaseException as error:  # noqa: BLE001 - the thread's border
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: waiting(straight))
        yield raised
    finally:
        thread.join(PATIENT)
    assert not thread.is_alive()


def test_killed_in_the_middle(
    persist: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    holding = straight.connect()
    holding.execute(text("SELECT 1 FROM contents FOR UPDATE"))
    with through(line, postgres_server) as engine:
        with in_the_middle(persist, world, engine, straight) as raised:
            postgres_server.kill()
        assert [type(error) for error in raised] == [TemporaryError]
        fails(persist, world, engine)
        holding.invalidate()
        holding.close()
        postgres_server.start()
        straight.dispose()
        assert dump(straight) == before
        persist.do(world, world.through(engine))
    assert dump(straight) == after


def test_paused_in_the_middle(
    persist: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    _, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    with through(line, postgres_server) as engine, straight.connect() as holding:
        holding.execute(text("SELECT 1 FROM contents FOR UPDATE"))
        with in_the_middle(persist, world, engine, straight) as raised:
            postgres_server.pause()
            assert raised == []
            postgres_server.resume()
            holding.rollback()
        assert raised == []
    assert dump(straight) == after


def test_a_deadlock(
    persist: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    with (
        through(line, postgres_server, "-cdeadlock_timeout%3D2s") as engine,
        straight.connect() as other,
    ):
        other.execute(text("SET deadlock_timeout = '1h'"))  # the other one is not the victim
        other.commit()
        other.execute(text("SELECT 1 FROM contents FOR UPDATE"))
        with in_the_middle(persist, world, engine, straight) as raised:
            other.execute(text("SELECT 1 FROM projects FOR UPDATE"))
        other.rollback()
        [error] = raised
        assert isinstance(error, TemporaryError)
        assert "deadlock" in str(error)
        assert dump(straight) == before
        persist.do(world, world.through(engine))
    assert dump(straight) == after


@pytest.mark.parametrize("level", ["serializable", "repeatable\\ read"])
def test_what_was_committed_before_the_lock_was_had_is_seen_whatever_the_server_says(
    persist: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine, level: str
) -> None:
    def made(world: World) -> list[Checkpoint]:
        content = world.case.content(TEXTS["c"])
        return [checkpoint for checkpoint in batch(world.case) if checkpoint.content == content]

    # One content alone: a batch that is refused is tried again, content by content.
    persist = replace(persist, do=lambda world, through: through.publisher.persist(made(world)))
    _, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    strict = quote(f"-cdefault_transaction_isolation={level}")
    with through(line, postgres_server, strict) as engine:
        with straight.connect() as other:
            other.execute(text("SELECT 1 FROM contents FOR NO KEY UPDATE"))
            with in_the_middle(persist, world, engine, straight) as raised:
                for made in batch(world.case):
                    if made.content == world.case.content(TEXTS["c"]):
                        other.execute(STORED, made.model_dump())
                other.commit()
        assert raised == []
        assert dump(straight) == after


@contextmanager
def instead(file: Path, link: Path | None) -> Iterator[None]:
    """Put a link, or nothing, into the place of a relation's file."""
    aside = file.with_name(f"{file.name}.aside")
    file.rename(aside)
    try:
        if link:
            file.symlink_to(link)
        yield
    finally:
        file.unlink(missing_ok=True)
        aside.rename(file)


@pytest.mark.parametrize(
    ("link", "says"),
    [(Path("/dev/full"), "No space left on device"), (None, "No such file")],
    ids=["full", "gone"],
)
@pytest.mark.parametrize("relation", ["stage_results", "mentions"])
def test_a_disk_that_is_full_or_fails(
    persist: Call,
    postgres_server: OwnPostgres,
    line: Proxy,
    straight: Engine,
    link: Path | None,
    says: str,
    relation: str,
) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    with straight.connect() as connection:
        # An empty file: nothing of it is in the server's memory, and all that comes is written.
        kept = connection.execute(text(f"SELECT count(*) FROM {relation}")).scalar()
    assert kept
    with straight.begin() as connection:
        connection.execute(text(f"CREATE TABLE kept AS SELECT * FROM {relation}"))
        connection.execute(text(f"TRUNCATE {relation}"))
    straight.dispose()
    with through(line, postgres_server) as engine:
        with instead(postgres_server.file_of(relation), link):
            assert says in str(fails(persist, world, engine))
            engine.dispose()
        with straight.begin() as connection:
            connection.execute(text(f"INSERT INTO {relation} SELECT * FROM kept"))
            connection.execute(text("DROP TABLE kept"))
        assert dump(straight) == before
        persist.do(world, world.through(engine))
    assert dump(straight) == after
