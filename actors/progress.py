"""What a run says about itself while it goes on: a frozen snapshot, and how to show it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actors.mode import ACCELERATED
from actors.tally import AtWork
from pipeline.counting import counted
from pipeline.documents import StageName, Value
from pipeline.llm.charging import dollars
from pipeline.llm.spending import NOTHING_SPENT, Spent
from pipeline.stage import STAGES
from pipeline.stores.protocols import CacheUse

LINE_SECONDS, PUBLISHED_SECONDS = 5.0, 2.0
LOOKING, RESOLVING, PERSISTENCE = "looking for documents", "resolving", "persistence"
STARTING, EMBEDDING, REGISTRY = "starting", "embedding", "registry"
AT_THE_END = {EMBEDDING: EMBEDDING, RESOLVING: REGISTRY}
"""Where a run is stuck that is in such a state: no stage has anything left."""
IDLE = AtWork()


class Snapshot(Value):
    """Where a run is. Counts of documents, but `done` and `queued`, which count contents a stage,
    and `changes`, of names, that entities do not show yet. `more` says that the sources are still
    walked over, and `total` grows.

    `seconds` runs from the first call to a stage, so that starting up is not in the rate. `stalled`
    names the stage, or what stands beside the stages, at which nothing has moved for `still`
    seconds; empty while all goes on. `spent` is what language models cost so far.
    """

    total: int = 0
    more: bool = False
    processed: int = 0
    completed: int = 0
    failed: int = 0
    queue: int = 0
    changes: int = 0
    seconds: float = 0.0
    done: Mapping[StageName, int] = {}
    queued: Mapping[StageName, int] = {}
    mode: str = ACCELERATED
    reason: str = ""
    state: str = "starting"
    note: str = ""
    at_work: Mapping[StageName, AtWork] = {}
    stalled: str = ""
    still: float = 0.0
    caches: Mapping[str, CacheUse] = {}
    spent: Spent = NOTHING_SPENT

    @property
    def finished(self) -> int:
        """Count the documents that have nothing before them any more."""
        return self.completed + self.failed

    @property
    def documents_per_second(self) -> float:
        """Say how many documents are persisted a second."""
        return self.completed / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate the time that is left from the rate so far; None while there is none."""
        rate = self.finished / self.seconds if self.seconds > 0 else 0.0
        return (self.total - self.finished) / rate if rate > 0 and not self.more else None

    @property
    def of_all(self) -> str:
        """Write how many documents there are, as far as that is known."""
        return f"{self.total:,} found so far" if self.more else f"{self.total} documents"


def note(trouble: str, shortage: str) -> str:
    """Say what a run waits for: a store's `trouble`, or why it takes nothing in; else nothing."""
    if trouble:
        return f"waiting: {trouble}"
    return f"taking nothing in: {shortage}" if shortage else ""


def stuck(
    at_work: Mapping[StageName, AtWork], queued: Mapping[StageName, int], backlog: int
) -> str:
    """Name where a run is stuck in which nothing moves: the stage whose call has been under way for
    longest, however few wait for it, since those behind it wait for its end; without any call the
    stage that most wait for, or persistence where none waits for one and `backlog` results do.
    """
    longest = max(at_work, key=lambda stage: at_work[stage].oldest, default=None)
    if longest is not None and at_work[longest].calls:
        return longest.value
    busiest = max(queued, key=lambda stage: queued[stage])
    return PERSISTENCE if backlog and not queued[busiest] else busiest.value


def stalled(
    where: str,
    still: float,
    at_work: Mapping[StageName, AtWork],
    queued: Mapping[StageName, int],
    backlog: int,
) -> str:
    """Say in words where nothing has moved for so many seconds; see `stuck`."""
    since = f"nothing has moved for {round(still)}s"
    if where == PERSISTENCE:
        return f"{since}; persistence has {backlog:,} results to write"
    if where == EMBEDDING:
        return f"{since}; vectors are computed, and that does not come to its end"
    if where == REGISTRY:
        return f"{since}; entities are settled, and that does not come to its end"
    stage = StageName(where)
    wait = f"{counted(queued[stage], 'content')} waiting"
    if not (mine := at_work.get(stage, IDLE)).calls:
        return f"{since}; {stage} works on nothing, and {wait}"
    calls = counted(mine.calls, "call")
    oldest = clock(mine.oldest)
    return f"{since}; {stage} has {calls} under way, the oldest for {oldest}, and {wait}"


async def again_and_again(publish: Callable[[], Awaitable[None]]) -> None:
    """Publish for ever where a run is."""
    while True:
        await publish()
        await asyncio.sleep(PUBLISHED_SECONDS)


def clock(seconds: float | None) -> str:
    """Write a duration as a person would: 42s, 3:05, 1:02:07."""
    if seconds is None:
        return "…"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def line(snapshot: Snapshot) -> str:
    """Write a snapshot as one plain line; before the first call there is nothing to count."""
    if not snapshot.seconds and not snapshot.finished and snapshot.state != "running":
        of = f": {snapshot.of_all}" if snapshot.total else ""
        return f"{snapshot.state}{of}"
    stages = " ".join(f"{stage} {snapshot.done.get(stage, 0)}" for stage in STAGES)
    mode = f" | {snapshot.mode} mode: {snapshot.reason}" if snapshot.reason else ""
    note = f" | {snapshot.note}" if snapshot.note else ""
    changes = f" | {snapshot.changes} changes left" if snapshot.state == RESOLVING else ""
    return (
        f"{snapshot.state}: {snapshot.finished}/{snapshot.of_all}"
        f" (processed {snapshot.processed}, persisted {snapshot.completed},"
        f" failed {snapshot.failed}) | {stages} | {snapshot.documents_per_second:.1f} docs/s,"
        f" {clock(snapshot.seconds_left)} left{changes}{mode}{note}"
    )


def published(snapshot: Snapshot) -> str:
    """Write a snapshot in JSON, with its line and its time, for who looks from elsewhere."""
    told = {"at": time.time(), "line": line(snapshot), **snapshot.model_dump(mode="json")}
    return json.dumps(told, ensure_ascii=False)


def panel(snapshot: Snapshot) -> Group:
    """Draw a snapshot for a terminal."""
    stages = Table.grid(padding=(0, 2))
    for _ in range(4):
        stages.add_column()
    for stage in STAGES:
        waiting, busy = snapshot.queued.get(stage, 0), snapshot.at_work.get(stage, IDLE)
        stages.add_row(
            f"  {stage}",
            Text(str(snapshot.done.get(stage, 0)), style="bold", justify="right"),
            Text(f"{waiting} waiting" if waiting else "", style="dim"),
            Text(
                f"{busy.calls} of {busy.slots} calls" if busy.calls else "",
                style="bold red" if stage == snapshot.stalled else "dim",
            ),
        )
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(snapshot.total, 1), completed=snapshot.finished, width=40),
        f"{snapshot.finished}/{snapshot.of_all}",
        Text(f"{snapshot.documents_per_second:.1f}/s", style="cyan"),
        Text(f"{clock(snapshot.seconds_left)} left", style="dim"),
    )
    counts = Text.assemble(
        ("  processed ", "dim"), f"{snapshot.processed}",
        ("   persisted ", "dim"), (f"{snapshot.completed}", "green"),
        ("   failed ", "dim"), (f"{snapshot.failed}", "red" if snapshot.failed else ""),
        ("   queue ", "dim"), f"{snapshot.queue}",
        ("   changes ", "dim"), f"{snapshot.changes}",
    )  # fmt: skip
    if snapshot.spent.calls:
        counts.append("   models ", style="dim").append(dollars(snapshot.spent.cost))
    state = Text(f"{snapshot.state}  {snapshot.note}".rstrip(), style="bold")
    if snapshot.reason:
        state.append(f"  {snapshot.mode} mode: {snapshot.reason}", style="yellow")
    return Group(state, bar, stages, counts)


class ProgressDisplay:
    """Shows snapshots on standard error: live on a terminal, else a line now and then."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)
        self._live = (
            Live(console=self._console, refresh_per_second=4, transient=True)
            if self._console.is_terminal
            else None
        )
        self._said = ("", 0.0)
        self._last: Snapshot | None = None
        self._mode = ACCELERATED

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()
        elif self._last is not None and line(self._last) != self._said[0]:
            self._console.print(line(self._last), highlight=False, soft_wrap=True)

    def show(self, snapshot: Snapshot) -> None:
        """Show where the run is; a plain line only when something moved and time has passed."""
        self._last = snapshot
        if snapshot.mode != self._mode:
            self._mode = snapshot.mode
            why = f": {snapshot.reason}" if snapshot.reason else " again"
            self._console.print(f"{snapshot.mode} mode{why}", highlight=False, soft_wrap=True)
        if self._live:
            self._live.update(panel(snapshot))
            return
        text, now = line(snapshot), time.monotonic()
        said, at = self._said
        state_changed = not said.startswith(snapshot.state)
        if text != said and (state_changed or now - at >= LINE_SECONDS):
            self._console.print(text, highlight=False, soft_wrap=True)
            self._said = (text, now)
