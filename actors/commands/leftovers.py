"""What commands that take documents out say of what is not gone yet."""

from __future__ import annotations

from actors.commands.common import say
from pipeline.counting import counted


def say_leftovers(objects: int, trouble: str) -> None:
    """Say how many objects stay and why, and why Redis was not asked, if it was not."""
    if objects and trouble:
        say(
            f"{counted(objects, 'stored object')} not removed yet, since copies in Redis may still "
            "name them: a `casegraph run` will, when those have expired"
        )
    elif objects:
        say(
            f"{counted(objects, 'stored object')} not removed yet, since a document on its way may "
            "hold the same, or the store is away: a later `casegraph run` will"
        )
    if trouble:
        say(f"Redis was not asked ({trouble}); what it has of them expires by itself")
