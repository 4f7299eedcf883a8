"""The live state of a project: who shows it to others, and who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.assembly.stores import open_link
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from pipeline.registry.live import LiveState
    from pipeline.stores.live_copying import LiveCopying
    from pipeline.stores.live_mirror import Bring, LiveMirror
    from pipeline.stores.redis_link import RedisLink


def open_mirror(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    *,
    engine: Engine | None = None,
    link: RedisLink | None = None,
    fills: bool = True,
) -> LiveMirror | None:
    """Make what shows others what the owner of a project's registry writes, by the project's id;
    None in database mode by choice. It connects when it is shown something.

    `fills` is for who keeps a registry while a run goes on. Without it copies that are there are
    brought up to date, or dropped. `engine` and `link` are such that are there already.
    """
    from pipeline.stores.live_copying import LiveCopying
    from pipeline.stores.live_mirror import LiveMirror
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.redis_registry import RedisRegistry

    to = link or open_link(settings, urls)
    if to is None:
        return None
    of = engine or engine_of(urls.database_url, pool_size=1)

    def make(stopping: Callable[[], bool]) -> Bring:
        copies = RedisRegistry(to, project)
        copying: LiveCopying = LiveCopying(of, project, copies, fills=fills, stopping=stopping)
        return copying.bring

    return LiveMirror(make)


def open_live(settings: Settings, urls: ServiceUrls, project: str) -> LiveState:
    """Open the live state of a project, by its id, for reading: from Redis, else PostgreSQL."""
    from pipeline.stores.live_rows import StoredLiveState
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.redis_live_state import FallingBackLiveState, RedisLiveState

    sure = StoredLiveState(engine_of(urls.database_url), project)
    link = open_link(settings, urls)
    return sure if link is None else FallingBackLiveState(RedisLiveState(link, project), sure)
