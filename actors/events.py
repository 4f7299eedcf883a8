"""What happens in a run, handled one after the other, and the tasks that tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from pipeline.errors import StoppedWaitingError

IDLE_SECONDS = 0.2


class Events:
    """The events of one run. A handler is never called beside another one.

    What raises StoppedWaitingError, be it a handler or something begun, ends alone: the run is to
    stop, and the rest of it goes on to its end.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: list[asyncio.Task[None]] = []

    @property
    def are_coming(self) -> bool:
        """Say whether something was begun that has not told yet how it ended."""
        return bool(self._tasks)

    async def put(self, handler: Callable[[], Awaitable[None]]) -> None:
        """Let something be handled in its turn."""
        await self._queue.put(handler)

    async def handle(self) -> None:
        """Handle what has happened, or what does within a moment."""
        try:
            handler = await asyncio.wait_for(self._queue.get(), IDLE_SECONDS)
        except TimeoutError:
            return
        with suppress(StoppedWaitingError):
            await handler()
        while not self._queue.empty():
            with suppress(StoppedWaitingError):
                await self._queue.get_nowait()()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something that ends with an event. One that raises instead ends the run: else
        what it was to tell would be waited for without end.
        """
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoppedWaitingError):
            self._watched.append(task)

    def watch(self, *works: Coroutine[Any, Any, None]) -> None:
        """Begin what goes on beside the events; what ends one of them ends the run."""
        self.watch_tasks(asyncio.create_task(work) for work in works)

    def watch_tasks(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Look after tasks that were begun elsewhere, too."""
        self._watched += tasks

    def check(self) -> None:
        """Raise what ended a task that is looked after."""
        for task in self._watched:
            if task.done():
                task.result()
        self._watched = [task for task in self._watched if not task.done()]

    def cancel(self) -> None:
        """End all tasks."""
        for task in [*self._watched, *self._tasks]:
            task.cancel()
