"""Where the actors of a run write down what happens: each on its standard error, which Ray keeps
in its folder, or all in the file of `log.file`.
"""

from __future__ import annotations

import sys

from actors.workplace import Workplace
from pipeline import logs


def begin_log(place: Workplace, what: str) -> None:
    """Let this process write JSON lines, if it is an actor's on Ray: one that hosts an actor in a
    thread of its own, as tests do, says itself what it writes.
    """
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized() and ray.get_runtime_context().get_actor_id():
        logs.begin(place.settings, run=place.run, stage=what)
