"""One call that writes, made on a line that may be harmed, and the tables before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ledger_case import emptied
from sqlalchemy import Engine

from faults.proxy import Proxy
from faults.servers import OwnPostgres
from faults.store_calls import Call, World
from faults.store_dump import Dump, dump
from pipeline.errors import TemporaryError
from pipeline.stores import postgres


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


def fails(call: Call, world: World, engine: Engine) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught:
        call.do(world, world.through(engine))
    return caught.value
