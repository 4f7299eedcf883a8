"""Shows others, in Redis, what the owner of a registry writes: in a thread of its own, so that the
owner never waits for it, and never hears of a Redis that is away.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pipeline.errors import TemporaryError
from pipeline.registry.live import Touch, touch_of
from pipeline.registry.updates import Update
from pipeline.stores.live_copying import TOUCHED_BOUND, Brought

LOOK_SECONDS = 5.0
"""So often it looks whether the copies are still there, and lets them live on."""

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
SHARE = 0.1
"""Of the time, for what updates touch: updates that come faster are shown together."""

AWAY_SECONDS, FAULT_SECONDS = 1.0, 60.0
CLOSE_SECONDS = 5.0

logger = logging.getLogger(__name__)

Bring = Callable[[list[Touch]], Brought]


class _Thread(threading.Thread):
    """The thread of a mirror. `over` ends it, also within what takes long."""

    over: bool = False

    def __init__(self, run: Callable[[Callable[[], bool]], None]) -> None:
        super().__init__(target=run, args=(lambda: self.over,), name="live state", daemon=True)


class LiveMirror:
    """Shows updates as they are written. `make` gives what brings the copies about (see
    `LiveCopying`); it is handed what says that it is to stop.
    """

    def __init__(
        self, make: Callable[[Callable[[], bool]], Bring], look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._make = make
        self._look_seconds = look_seconds
        self._changed = threading.Condition()
        self._touches: list[Touch] = []
        self._held = self._late = 0
        self._hurried = False
        self._thread: _Thread | None = None

    def begin(self) -> None:
        """Look after the copies from now on, also before there is anything new to show: for who
        keeps the registry while a run goes on.
        """
        with self._changed:
            if self._thread is None:
                self._thread = _Thread(self._run)
                self._thread.start()

    def show(self, update: Update) -> None:
        """Show what was written, soon. Never raises, and never waits."""
        touch = touch_of(update)
        with self._changed:
            self._held += 1 + len(touch.nodes) + len(touch.contents)
            if self._held > TOUCHED_BOUND:
                # What is not known of each epoch is read anew.
                self._touches.clear()
                self._held = 0
            self._touches.append(touch)
            self._changed.notify_all()
        self.begin()

    def settle(self, seconds: float) -> bool:
        """Wait until all is shown that `show` was told; say whether it is."""
        with self._changed:
            return self._changed.wait_for(self._is_settled, seconds)

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Show what is left, for so long at most, and rest: copies stay until they expire, and no
        thread stays. Say whether all is shown. Whatever is shown later begins anew.
        """
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
        shown = self.settle(seconds)
        with self._changed:
            thread, self._thread = self._thread, None
            if thread is not None:
                thread.over = True
            self._changed.notify_all()
        if thread is not None:
            thread.join(CLOSE_SECONDS)
        return shown

    def _is_settled(self) -> bool:
        return not self._touches and not self._late

    def _run(self, over: Callable[[], bool]) -> None:
        """Show updates until it is over, and look after the copies meanwhile."""
        bring = self._make(over)
        while not over():
            pause, look = self._turn(bring)
            with self._changed:
                self._changed.wait_for(lambda: over() or self._hurried, pause)
                self._hurried = False
                self._changed.wait_for(lambda: over() or self._touches, look)

    def _turn(self, bring: Bring) -> tuple[float, float]:
        """Show what there is; give the seconds to pause, and those after which to look again."""
        with self._changed:
            touches = list(self._touches)
        began = time.monotonic()
        try:
            brought = bring(touches)
        except TemporaryError as error:
            logger.debug("the live state is not shown: %s", error)
            return AWAY_SECONDS, 0
        except Exception:
            logger.exception("the live state is not shown")
            return FAULT_SECONDS, 0
        if brought.stamp is None:
            return AWAY_SECONDS, 0
        with self._changed:
            shown = brought.stamp.epoch
            self._touches = [touch for touch in self._touches if touch.epoch > shown]
            self._held = sum(1 + len(x.nodes) + len(x.contents) for x in self._touches)
            self._late = brought.late
            self._changed.notify_all()
        took = 0.0 if brought.anew else time.monotonic() - began
        pause = min(max(PAUSE_SECONDS, took / SHARE), LONGEST_PAUSE_SECONDS)
        return pause, 0 if brought.late else max(self._look_seconds - pause, 0)
