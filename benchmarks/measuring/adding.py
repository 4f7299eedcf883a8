"""What one more document costs the registry of a large project, in PostgreSQL."""

from __future__ import annotations

import statistics
import time
import uuid
from random import Random
from typing import Any

from made_names import make_names
from sqlalchemy import Engine, text

from measuring.databases import own_database
from measuring.rebuilding import PROJECT, live_names
from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.registry.blocks import LiveName
from pipeline.registry.comparing import Comparing
from pipeline.registry.owner import Binding, RegistryOwner
from pipeline.resolution.normal import NormalForms
from pipeline.stores import postgres
from pipeline.stores.content_rows import hold_names
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.registry_store import PostgresRegistry
from pipeline.stores.removal import append_changes

DOCUMENTS, NEW, KNOWN = 100, 12, 18
AT_ONCE = 10_000
HOLDER = str(uuid.UUID(int=1))


def add(urls: ServiceUrls, size: int, seed: int) -> dict[str, Any]:
    """Fill a project with so many names, then add documents one by one: each brings 12 names that
    are new, drawn from the same recipe, and 18 that are known. The milliseconds are those from a
    published document to the written epoch.
    """
    books = NameBooks()
    names = list(live_names(make_names(size + DOCUMENTS * NEW, seed), books))
    chance = Random(seed)
    chance.shuffle(names)
    with own_database(urls) as own:
        engine = postgres.engine_of(own.database_url)
        try:
            return _measured(engine, books, names[:size], names[size:], chance)
        finally:
            engine.dispose()


def _measured(
    engine: Engine, books: NameBooks, known: list[LiveName], new: list[LiveName], chance: Random
) -> dict[str, Any]:
    """Fill the project, and add to it."""
    forms = NormalForms(books)
    store = PostgresRegistry(engine, PROJECT)
    bind = Binding(PROJECT, lambda type_, words: forms(MentionType(type_), words))
    owner = RegistryOwner(store, bind, Comparing(books), "benchmark")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO projects (id, name, configuration, configuration_digest)"
                " VALUES (:id, 'benchmark', '{}', '')"
            ),
            {"id": PROJECT},
        )
        connection.execute(
            text("INSERT INTO registries (project_id) VALUES (:id)"), {"id": PROJECT}
        )
    for start in range(0, len(known), AT_ONCE):
        _publish(engine, known[start : start + AT_ONCE])
    store.hold(HOLDER, 3600)
    began = time.perf_counter()
    owner.catch_up(HOLDER)
    rebuilt = time.perf_counter() - began
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    took, settled, compared = [], 0, 0
    for start in range(0, len(new), NEW):
        _publish(engine, [*new[start : start + NEW], *chance.sample(known, KNOWN)])
        began = time.perf_counter()
        update = owner.catch_up(HOLDER)
        took.append(1000 * (time.perf_counter() - began))
        if update is not None:
            settled, compared = settled + len(update.nodes), compared + update.compared
    took.sort()
    return {
        "names": len(known),
        "documents": len(took),
        "rebuild_and_write_seconds": rebuilt,
        "median_milliseconds": statistics.median(took),
        "p95_milliseconds": took[int(0.95 * len(took))],
        "settled_a_document": settled / len(took),
        "compared_a_document": compared / len(took),
        "as_rebuilt": _is_as_rebuilt(engine, store, owner),
    }


def _publish(engine: Engine, names: list[LiveName]) -> None:
    """Bring names as publishing a content does."""
    rows = [(one.id, PROJECT, one.type, one.normal, None, one.keys) for one in names]
    with engine.begin() as connection:
        hold_names(connection, rows)
        append_changes(connection, PROJECT, "published", [str(uuid.uuid4())], {})


def _is_as_rebuilt(engine: Engine, store: PostgresRegistry, owner: RegistryOwner) -> bool:
    """Say whether what is stored is what a rebuild gives."""
    with store.moment() as moment:
        wanted = {node.name: node.entity for node in owner.rebuilt(moment).nodes}
    with engine.connect() as connection:
        stored = connection.execute(
            text(
                "SELECT n.id::text, coalesce(e.entity_id, n.id)::text FROM names n"
                " LEFT JOIN name_entities e ON e.name_id = n.id AND e.sense = 0"
            )
        )
        return wanted == {row[0]: row[1] for row in stored}
