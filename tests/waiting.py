"""Waiting for what another process or thread is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Poll until something holds."""
    late = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < late, "it does not come to hold"
        time.sleep(0.01)
