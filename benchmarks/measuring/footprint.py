"""How many bytes the stores hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.keys import WRITE_BEHIND
from pipeline.stores.redis_connection import connect

TABLES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Footprint:
    """Bytes at one moment. `tables` have their indexes and TOAST with them; `keys` are summed by
    what they hold.
    """

    database: int
    tables: Mapping[str, int]
    redis: int
    keys: Mapping[str, int]


def footprint(urls: ServiceUrls) -> Footprint:
    """Look at both stores; what an index or a server takes when empty is in it."""
    import psycopg2

    with closing(psycopg2.connect(urls.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        database = int(cursor.fetchone()[0])
        cursor.execute(TABLES)
        tables = {str(name): int(size) for name, size in cursor.fetchall()}
    with closing(connect(urls.redis_url)) as client:
        memory = cast(Mapping[str, Any], client.info("memory"))
        sizes: Counter[str] = Counter()
        for key in client.scan_iter(count=1_000):
            sizes[kind_of(key.decode())] += int(client.memory_usage(key, samples=0) or 0)
    return Footprint(database, tables, int(memory["used_memory_dataset"]), sizes)


def kind_of(key: str) -> str:
    """Name what a Redis key holds: a stage's checkpoints, embeddings, the queue, or the rest."""
    parts = key.split(":")
    if parts[0] == "doc":
        return parts[2]
    if key.startswith(WRITE_BEHIND):
        return WRITE_BEHIND
    return parts[0]


def growth(before: Footprint, after: Footprint, documents: int) -> dict[str, Any]:
    """Say what a document added, in bytes."""
    return {
        "postgres_bytes_per_document": round((after.database - before.database) / documents),
        "postgres_bytes_per_document_by_table": _per_document(
            before.tables, after.tables, documents
        ),
        "redis_bytes_per_document": round((after.redis - before.redis) / documents),
        "redis_bytes_per_document_by_key": _per_document(before.keys, after.keys, documents),
    }


def _per_document(
    before: Mapping[str, int], after: Mapping[str, int], documents: int
) -> dict[str, int]:
    """Give the differences that are not 0, largest first."""
    grown = Counter({name: size - before.get(name, 0) for name, size in after.items()})
    return {name: round(size / documents) for name, size in grown.most_common() if size}
