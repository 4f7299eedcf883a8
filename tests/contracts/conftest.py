"""A database of each module's own, emptied for each test, with the cases that tests bring about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import Databases
from ledger_case import LedgerCase, emptied, own_engine
from sqlalchemy import Engine
from store_case import StoreCase


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Engine]:
    with own_engine(databases) as engine:
        yield engine


@pytest.fixture
def engine(database: Engine) -> Engine:
    return emptied(database)


@pytest.fixture
def case(engine: Engine) -> LedgerCase:
    """Give a project in PostgreSQL alone; a module whose tests need Redis gives `store_case`."""
    return LedgerCase(engine)


@pytest.fixture
def store_case(engine: Engine, valkey_url: str) -> Iterator[StoreCase]:
    case = StoreCase(engine, url=valkey_url)
    yield case
    case.close()
