"""Servers to be harmed, and what an undisturbed run makes of the documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Databases
from sqlalchemy import Engine

from faults.harmed import DOCUMENTS
from faults.proxy import Proxy, proxy_for
from faults.servers import OwnPostgres, OwnValkey, own_postgres, own_valkey
from faults.small_run import Outcome, undisturbed, write_documents
from pipeline.stores import migrating, postgres


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        migrating.migrate(server.url)
        yield server


@pytest.fixture(scope="module")
def valkey_server() -> Iterator[OwnValkey]:
    with own_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the documents of a run that is harmed."""
    folder = tmp_path_factory.mktemp("faults") / "documents"
    write_documents(folder, DOCUMENTS)
    return folder


@pytest.fixture(scope="session")
def quiet(
    databases: Databases,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """Give the digest and the counts of the documents as database mode makes them, undisturbed."""
    with databases.fresh() as url:
        return undisturbed(folder, url, tmp_path_factory.mktemp("quiet"))


@pytest.fixture(scope="module")
def line(postgres_server: OwnPostgres) -> Iterator[Proxy]:
    with proxy_for(postgres_server.url) as line:
        yield line


@pytest.fixture(scope="module")
def straight(postgres_server: OwnPostgres) -> Iterator[Engine]:
    """Give an engine past the line, for what the test itself does and looks at."""
    engine = postgres.connect(postgres_server.url, pool_size=10)
    yield engine
    engine.dispose()
