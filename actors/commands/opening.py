"""What reading commands need: a connection to the services, and one project's graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.stores.embedded import ServiceUrls
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.redis_link import RedisLink


@contextmanager
def opened_services() -> Iterator[tuple[Settings, Engine, str]]:
    """Read the settings and connect to PostgreSQL, starting the embedded services where no URLs
    are set; give the settings, the engine and Redis's URL.
    """
    from pipeline.stores import migrating, postgres
    from pipeline.stores.embedded import ensure_services

    settings = load_settings()
    urls = ensure_services(settings)
    migrating.migrate(urls.database_url)
    engine = postgres.connect(urls.database_url)
    try:
        yield settings, engine, urls.redis_url
    finally:
        engine.dispose()


def urls_of(engine: Engine, redis_url: str) -> ServiceUrls:
    """Write down where the services are that a command has opened."""
    from pipeline.stores.embedded import ServiceUrls

    database_url = engine.url.render_as_string(hide_password=False)
    return ServiceUrls(database_url=database_url, redis_url=redis_url)


@contextmanager
def opened_reader(project: str) -> Iterator[GraphReader]:
    """Open a project's graph. Raises UsageError if there is no such project."""
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.project_reader import find_project

    with opened_services() as (_, engine, _):
        yield GraphReader(engine, find_project(engine, project))


@contextmanager
def opened_link(settings: Settings, url: str) -> Iterator[RedisLink]:
    """Give a way to Redis for one command; it is closed at the end."""
    from pipeline.stores.redis_link import RedisLink

    link = RedisLink(url, answer_seconds=settings.services.redis_answer_seconds)
    try:
        yield link
    finally:
        link.client.close()
