"""Looks at something again and again while a block of code goes on."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self


class Looking:
    """A thread that calls `look` every `interval_seconds` until the block ends."""

    interval_seconds = 0.5

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._stop.wait(self.interval_seconds):
            self.look()

    def look(self) -> None:
        """Look once."""
        raise NotImplementedError
