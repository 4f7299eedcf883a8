"""Settles the entities of a run's project while it goes on, in a process of its own.

It holds nothing that PostgreSQL does not have: it may die at any moment, and whoever is there next
goes on from the changes that are pending.
"""

from __future__ import annotations

import os
from typing import NoReturn

from actors.actor_log import begin_log
from actors.last_words import Whereabouts, whereabouts
from actors.memory import Growth
from actors.workplace import Workplace
from pipeline.documents import Value
from pipeline.errors import TemporaryError
from pipeline.registry.keeping import RegistryKeeper, Turn


class DiedError(TemporaryError):
    """Tell that the process died; it is there again."""


class Settled(Value):
    """What a turn did; `grown` is by how many bytes the process has since it was made."""

    turn: Turn
    grown: int = 0


class RegistryActor:
    """A `RegistryKeeper` that builds itself where it runs."""

    def __init__(self, place: Workplace) -> None:
        from pipeline import assembly

        place = place.opened()
        begin_log(place, "registry")
        self._keeper: RegistryKeeper | None = assembly.open_registry(
            place.settings, place.urls, place.project, place.rules(), fills=True
        )
        self._keeper.look_after_live_state()
        self._growth = Growth()

    def where(self) -> Whereabouts:
        """Say where this process is."""
        return whereabouts()

    def alive(self) -> None:
        """Answer, while another thread is at work."""

    def ready(self) -> str:
        """Say that it was built; PostgreSQL is asked when it is needed."""
        return "registry"

    def turn(self) -> Settled:
        """See `RegistryKeeper.turn`; at the end of a run there is nothing more to do."""
        turn = self._keeper.turn() if self._keeper is not None else Turn()
        return Settled(turn=turn, grown=self._growth.bytes)

    def leave(self) -> None:
        """Give the lease back at the end of a run. A call to `turn` that comes later does nothing:
        it would take the lease again.
        """
        if self._keeper is not None:
            self._keeper.leave()
            self._keeper = None

    def end(self) -> NoReturn:
        """End this process without an answer. The lease lapses."""
        os._exit(0)
