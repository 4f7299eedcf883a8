"""What commands that change names do at their end: bring the entities up to date."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from actors.commands.common import say
from pipeline.counting import counted

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.settings import Settings

OTHERS_SECONDS = 10.0
"""For how long a run that holds the registry is waited for. It takes a turn about every second."""


def settle(settings: Settings, engine: Engine, redis_url: str, project: str, name: str) -> int:
    """Apply what is pending, or wait a while for who is at it; say, and return, how many changes
    are left to that one. What was changed is kept, also where PostgreSQL goes away now.
    """
    from pipeline.assembly import open_registry
    from pipeline.errors import TemporaryError, UnavailableError
    from pipeline.stores.embedded import ServiceUrls

    urls = ServiceUrls(
        database_url=engine.url.render_as_string(hide_password=False), redis_url=redis_url
    )
    keeper = open_registry(settings, urls, project, engine=engine)
    try:
        turn = keeper.finish(OTHERS_SECONDS)
    except (TemporaryError, UnavailableError) as error:
        say(f"entities do not show it yet ({error}); the next `casegraph run` sees to it")
        return 1
    finally:
        keeper.leave()
    if not turn.held:
        say(
            f"entities do not show it yet: {counted(turn.pending, 'change')} left to the run of "
            f"{shlex.quote(name)} that is at work"
        )
        return turn.pending
    return 0
