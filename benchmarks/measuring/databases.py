"""Databases of their own on a server that is there."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg2

from pipeline.stores import migrating
from pipeline.stores.embedded import ServiceUrls


@contextlib.contextmanager
def own_database(urls: ServiceUrls) -> Iterator[ServiceUrls]:
    """Give a new, migrated database of the same server, after a checkpoint."""
    name = f"benchmark_{uuid.uuid4().hex}"
    own = urls.model_copy(
        update={"database_url": urls.database_url.replace("/casegraph?", f"/{name}?")}
    )
    with closing(psycopg2.connect(urls.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            try:
                migrating.migrate(own.database_url)
                cursor.execute("CHECKPOINT")
                yield own
            finally:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
