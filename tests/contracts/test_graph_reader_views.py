"""The views are made anew when they differ from this version's, and else left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from published_case import the_case
from sqlalchemy import Engine

from pipeline.stores import migrating, postgres
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.views import DROP_VIEWS, VECTOR_VIEW, VIEWS

OIDS = "SELECT relname, oid FROM pg_class WHERE relkind = 'v' AND relname = ANY(%s)"


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = postgres.connect(migrated_url)
    yield engine
    engine.dispose()


def oids(engine: Engine) -> dict[str, int]:
    names = [VECTOR_VIEW, *(name for name, _ in VIEWS)]
    with engine.connect() as connection:
        return dict(map(tuple, connection.exec_driver_sql(OIDS, (names,))))


def test_migrating_again_waits_for_no_reader(engine: Engine, migrated_url: str) -> None:
    case = the_case(engine)
    before = oids(engine)

    with GraphReader(engine, case.project).snapshot() as reading:
        rows = reading.export_mentions()
        next(rows)
        migrating.migrate(migrated_url)
        assert list(rows)

    assert oids(engine) == before
    assert len(before) == len(VIEWS) + 1


def test_views_of_another_version_are_replaced(engine: Engine, migrated_url: str) -> None:
    case = the_case(engine)
    digest = GraphReader(engine, case.project).digest()
    with engine.begin() as connection:
        for statement in DROP_VIEWS:
            connection.exec_driver_sql(statement)
        # An older version's view: other columns under the same name.
        connection.exec_driver_sql("CREATE VIEW published_degrees AS SELECT 1 AS one")
        connection.exec_driver_sql("COMMENT ON VIEW published_degrees IS 'older'")

    migrating.migrate(migrated_url)

    assert GraphReader(engine, case.project).digest() == digest
    assert len(oids(engine)) == len(VIEWS) + 1
