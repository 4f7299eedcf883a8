"""When something last moved in a run, and whether its stores answer."""

from __future__ import annotations

import logging
import time

from pipeline.errors import TemporaryError
from pipeline.patience import Stopping, left_of, lost_patience, never

RETRY_SECONDS = 0.5
NODES = "nodes"
"""Gives no answer where no node is left."""

logger = logging.getLogger(__name__)


class Pulse:
    """What a run knows of its own progress, and how long each of those who ask has had no answer:
    patience begins with the first failure, not with what happened before it, since one call may
    take longer than all patience.
    """

    def __init__(self, patience_seconds: float, stopping: Stopping = never) -> None:
        self._patience = patience_seconds
        self._stopping = stopping
        self._moved = time.monotonic()
        self._silent: dict[str, tuple[float, str]] = {}

    @property
    def trouble(self) -> str:
        """Say what is waited for; empty for nothing."""
        return next((why for _, why in reversed(self._silent.values())), "")

    @property
    def still_seconds(self) -> float:
        """Say for how long nothing has moved."""
        return time.monotonic() - self._moved

    def moved(self) -> None:
        """Take down that something moved."""
        self._moved = time.monotonic()

    def heard(self) -> None:
        """Take down that something moved, and that the stores answer. Of the nodes that says
        nothing: what was under way when the last one left may come to its end.
        """
        self._moved = time.monotonic()
        self._silent = {who: since for who, since in self._silent.items() if who == NODES}

    def answered(self, who: str) -> None:
        """Take down that one of them waits no longer, though nothing has moved."""
        self._silent.pop(who, None)

    def no_answer(self, error: TemporaryError, who: str = "stores") -> None:
        """Bear that PostgreSQL, or the object store, is away; raises `lost_patience` when it has
        been for too long.
        """
        now = time.monotonic()
        since, said = self._silent.pop(who, (now, ""))
        self._silent[who] = since, str(error)
        if now - since > left_of(self._patience, self._stopping):
            raise lost_patience(error, now - since, self._stopping) from error
        if said != str(error):
            logger.warning("waiting: %s", error)
