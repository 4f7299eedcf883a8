"""When something last moved in a run, and whether its stores answer."""

from __future__ import annotations

import logging
import time

from pipeline.errors import TemporaryError
from pipeline.patience import lost_patience

RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Pulse:
    """What a run knows of its own progress. `trouble` says what it waits for; empty for nothing."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._moved = self._answered = time.monotonic()
        self.trouble = ""

    @property
    def still_seconds(self) -> float:
        """Say for how long nothing has moved."""
        return time.monotonic() - self._moved

    def moved(self) -> None:
        """Take down that something moved."""
        self._moved = time.monotonic()

    def heard(self) -> None:
        """Take down that something moved, and that the stores answer."""
        self._answered = self._moved = time.monotonic()
        self.trouble = ""

    def no_answer(self, error: TemporaryError) -> None:
        """Bear that PostgreSQL, or the object store, is away; raises UnavailableError when it has
        been for too long.
        """
        if time.monotonic() - self._answered > self._patience:
            raise lost_patience(error, self._patience) from error
        self.trouble = str(error)
        logger.warning("waiting: %s", error)
