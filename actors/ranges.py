"""The contents that are read in ranges of pages: which are still to be read. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from actors.calls import Task
from pipeline.documents import PageRange
from pipeline.page_ranges import ranges_of


@dataclass
class _Open:
    """One content. `out` are the tasks that were handed out and whose part is not there, by key."""

    task: Task
    ranges: tuple[PageRange, ...]
    waiting: deque[PageRange]
    out: dict[str, Task] = field(default_factory=dict)


@dataclass
class Ranges:
    """Long documents in ranges of `at_once` pages. A few of each are handed out at a time, so that
    other documents have their turn between them.
    """

    at_once: int = 1
    _open: dict[str, _Open] = field(default_factory=dict)

    def begin(self, task: Task, count: int) -> None:
        """Begin with a content of so many pages."""
        ranges = ranges_of(count, self.at_once)
        self._open[task.content_id] = _Open(task, ranges, deque(ranges))

    def more(self, content_id: str, most: int) -> list[Task]:
        """Hand out what is to be read next, so that `most` ranges are out; when all were read, the
        task that joins them.
        """
        of = self._open[content_id]
        more: list[Task] = []
        while of.waiting and len(of.out) < max(most, 1):
            task = of.task.model_copy(update={"pages": of.waiting.popleft()})
            of.out[task.key] = task
            more.append(task)
        if of.out:
            return more
        del self._open[content_id]
        return [of.task.model_copy(update={"joins": of.ranges})]

    def read(self, task: Task) -> None:
        """Hear that a range's part is there."""
        del self._open[task.content_id].out[task.key]

    def drop(self, content_id: str) -> list[str]:
        """Let go of a content; give the keys of what was handed out."""
        of = self._open.pop(content_id, None)
        return list(of.out) if of else []
