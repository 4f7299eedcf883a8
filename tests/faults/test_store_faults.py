"""Whatever happens to a call that writes: it raises TemporaryError, nothing of it is there or all
of it, and the same call made again ends in the state of one undisturbed call.

Whole tables are compared. The servers are real, and so are the faults.
"""

from __future__ import annotations

import pytest
from ledger_case import emptied
from sqlalchemy import Engine

from faults.harmed_call import fails, through, undisturbed
from faults.proxy import Proxy
from faults.servers import OwnPostgres
from faults.store_calls import CALLS, Call
from faults.store_dump import Dump, dump
from pipeline.errors import TemporaryError


@pytest.fixture(params=list(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


def same(call: Call, found: Dump, expected: Dump) -> bool:
    """Compare tables. The results of a content that is refused may be there or not: none of its
    documents waits any more when they come for a second time.
    """
    free = set() if call.atomic else {"stage_results"}
    return {name: rows for name, rows in found.items() if name not in free} == {
        name: rows for name, rows in expected.items() if name not in free
    }


# Its halves are many transactions with many queries.
LONG = {"persist_refused": pytest.mark.long}
WALKED = [pytest.param(name, marks=LONG.get(name, ())) for name in CALLS]


@pytest.mark.parametrize("call", WALKED, indirect=True)
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unheard"])
def test_any_query_of_a_call_may_be_lost(
    call: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine, answered: bool
) -> None:
    before, after = undisturbed(call, straight)
    errors, skip = 0, 0
    with through(line, postgres_server) as engine:
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
    call: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    for answered in (True, False):
        world = call.world(emptied(straight))
        with through(line, postgres_server) as engine:
            line.lose("COMMIT", answered=answered)
            fails(call, world, engine)
            if call.atomic:
                assert dump(straight) == (after if answered else before)
            call.do(world, world.through(engine))
        assert same(call, dump(straight), after)


def test_refused_connections_are_waited_for(
    call: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    world = call.world(emptied(straight))
    with through(line, postgres_server) as engine:
        line.refuse()
        line.cut()
        for _ in range(3):
            assert "refused" in str(fails(call, world, engine))
        assert dump(straight) == before
        line.heal()
        call.do(world, world.through(engine))
    assert dump(straight) == after


def test_read_only_for_a_while(
    call: Call, postgres_server: OwnPostgres, line: Proxy, straight: Engine
) -> None:
    before, after = undisturbed(call, straight)
    world = call.world(emptied(straight))
    postgres_server.set("default_transaction_read_only", "on")
    try:
        with through(line, postgres_server) as engine:
            assert "read-only" in str(fails(call, world, engine))
            assert dump(straight) == before
    finally:
        postgres_server.set("default_transaction_read_only", "off")
    with through(line, postgres_server) as engine:
        call.do(world, world.through(engine))
    assert dump(straight) == after
