"""Whatever happens to a call that writes: it raises TemporaryError, nothing of it is there or all
of it, and the same call made again ends in the state of one undisturbed call.

Whole tables are compared. The servers are real, and so are the faults.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from ledger_case import emptied
from sqlalchemy import Engine, text

from faults.proxy import Proxy, proxy_for
from faults.servers import OwnPostgres, own_postgres
from faults.store_calls import CALLS, Call, World
from faults.store_dump import Dump, dump
from pipeline.errors import TemporaryError
from pipeline.stores import postgres

PATIENT = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        postgres.migrate(server.url)
        yield server


@pytest.fixture(scope="module")
def line(server: OwnPostgres) -> Iterator[Proxy]:
    with proxy_for(server.url) as line:
        yield line


@pytest.fixture(scope="module")
def straight(server: OwnPostgres) -> Iterator[Engine]:
    """Give an engine past the line, for what the test itself does and looks at."""
    engine = postgres.connect(server.url, pool_size=10)
    yield engine
    engine.dispose()


@pytest.fixture(params=list(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


@pytest.fixture
def persist() -> Call:
    return CALLS["persist"]


@contextmanager
def through(line: Proxy, server: OwnPostgres, options: str = "") -> Iterator[Engine]:
    """Open the caller's own pool of one connection through the line."""
    words = f"?options={options}" if options else ""
    engine = postgres.engine_of(line.url(server.url) + words, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


def undisturbed(call: Call, straight: Engine) -> tuple[Dump, Dump]:
    """Give the tables before and after the call."""
    world = call.world(emptied(straight))
    before = dump(straight)
    call.do(world, world.through(straight))
    after = dump(straight)
    assert before != after
    return before, after


def same(call: Call, found: Dump, expected: Dump) -> bool:
    """Compare tables. The results of a content that is refused may be there or not: none of its
    documents waits any more when they come for a second time.
    """
    free = set() if call.atomic else {"stage_results"}
    return {name: rows for name, rows in found.items() if name not in free} == {
        name: rows for name, rows in expected.items() if name not in free
    }


def fails(call: Call, world: World, engine: Engine) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught:
        call.do(world, world.through(engine))
    return caught.value


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


# Its halves are many transactions with many queries.
LONG = {"persist_refused": pytest.mark.long}
WALKED = [pytest.param(name, marks=LONG.get(name, ())) for name in CALLS]


@pytest.mark.parametrize("call", WALKED, indirect=True)
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unheard"])
def test_any_query_of_a_call_may_be_lost(
    call: Call, server: OwnPostgres, line: Proxy, straight: Engine, answered: bool
) -> None:
    before, after = undisturbed(call, straight)
    errors, skip = 0, 0
    with through(line, server) as engine:
        while True:
            world = call.world(emptied(straight))
            with engine.connect():
                pass  # a connection is there, as in a process that is at work
            line.lose("", skip=skip, answered=answered)
            try:
                call.do(world, world.through(engine))
            except TemporaryError:
                errors += 1
            if not line.lost:
                line.heal()
                break
            if call.atomic:
                assert dump(straight) in (before, after), f"half a call at query {skip}"
            call.do(world, world.through(engine))
            assert same(call, dump(straight), after), f"after query {skip} was lost"
            skip += 1
    assert errors >= 3


def test_a_lost_commit_that_was_heard_has_happened(
    call: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    for answered in (True, False):
        world = call.world(emptied(straight))
        with through(line, server) as engine:
            line.lose("COMMIT", answered=answered)
            fails(call, world, engine)
            if call.atomic:
                assert dump(straight) == (after if answered else before)
            call.do(world, world.through(engine))
        assert same(call, dump(straight), after)


def test_refused_connections_are_waited_for(
    call: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    world = call.world(emptied(straight))
    with through(line, server) as engine:
        line.refuse()
        line.cut()
        for _ in range(3):
            assert "refused" in str(fails(call, world, engine))
        assert dump(straight) == before
        line.heal()
        call.do(world, world.through(engine))
    assert dump(straight) == after


def test_read_only_for_a_while(
    call: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    world = call.world(emptied(straight))
    server.set("default_transaction_read_only", "on")
    try:
        with through(line, server) as engine:
            assert "read-only" in str(fails(call, world, engine))
            assert dump(straight) == before
    finally:
        server.set("default_transaction_read_only", "off")
    with through(line, server) as engine:
        call.do(world, world.through(engine))
    assert dump(straight) == after


def test_killed_in_the_middle(
    persist: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    holding = straight.connect()
    holding.execute(text("SELECT 1 FROM contents FOR UPDATE"))
    with through(line, server) as engine:
        with in_the_middle(persist, world, engine, straight) as raised:
            server.kill()
        assert [type(error) for error in raised] == [TemporaryError]
        fails(persist, world, engine)
        holding.invalidate()
        holding.close()
        server.start()
        straight.dispose()
        assert dump(straight) == before
        persist.do(world, world.through(engine))
    assert dump(straight) == after


def test_paused_in_the_middle(
    persist: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    _, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    with through(line, server) as engine, straight.connect() as holding:
        holding.execute(text("SELECT 1 FROM contents FOR UPDATE"))
        with in_the_middle(persist, world, engine, straight) as raised:
            server.pause()
            assert raised == []
            server.resume()
            holding.rollback()
        assert raised == []
    assert dump(straight) == after


def test_a_deadlock(persist: Call, server: OwnPostgres, line: Proxy, straight: Engine) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    with through(line, server, "-cdeadlock_timeout%3D2s") as engine, straight.connect() as other:
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


def test_a_serialization_failure(
    persist: Call, server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(persist, straight)
    world = persist.world(emptied(straight))
    strict = "-cdefault_transaction_isolation%3Dserializable"
    with through(line, server, strict) as engine:
        with straight.connect() as other:
            other.execute(text("UPDATE contents SET size = size"))
            with in_the_middle(persist, world, engine, straight) as raised:
                other.commit()
        [error] = raised
        assert isinstance(error, TemporaryError)
        assert "could not serialize" in str(error)
        assert dump(straight) == before
        persist.do(world, world.through(engine))
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
    server: OwnPostgres,
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
    with through(line, server) as engine:
        with instead(server.file_of(relation), link):
            assert says in str(fails(persist, world, engine))
            engine.dispose()
        with straight.begin() as connection:
            connection.execute(text(f"INSERT INTO {relation} SELECT * FROM kept"))
            connection.execute(text("DROP TABLE kept"))
        assert dump(straight) == before
        persist.do(world, world.through(engine))
    assert dump(straight) == after
