"""What a folder of a million files costs before they are read: `python benchmarks/enumerate.py`.

The entries are generated as the walk goes; only the first are files that are there. The run, on Ray
with the small stages of the tests, works on them beside the walk, and is stopped when this is over
and a document is completed. A folder of a few entries is run before it, to compare with.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from measuring import report
from measuring.growth import Peak, ProcessPeaks
from measuring.looking import Looking
from measuring.whole import PROJECT, fresh_home
from rich.console import Console
from rich.table import Table

from actors import driver
from actors.progress import LOOKING, Snapshot
from actors.request import Request
from actors.stop import Stop
from pipeline import assembly
from pipeline.settings import Settings, load_settings
from pipeline.walking import FoundFile, Selection, Walk

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from faults import small_stages

MEBIBYTE = 1 << 20
ROOT = Path(__file__).resolve().parents[1]
OUTPUT = Path(__file__).resolve().parent / "results" / "enumerate.json"
A_FOLDER = FEW = 1_000
FIRST = "to the first completed"
COORDINATOR = "ray::RunCoordinator"


@dataclass
class Generated(Walk):
    """A walk over `count` entries of which the first `files` are small texts."""

    folder: Path = Path()
    count: int = 0
    files_there: int = 0
    seconds: float = 0.0

    def check(self, sources: Sequence[str]) -> None:
        """Take the sources as they are: there is nothing to look at."""

    def files(self, sources: Sequence[str]) -> Iterator[FoundFile]:
        """Yield the entries, and take down how long it took until the last was asked for."""
        began = time.monotonic()
        root = self.folder.as_uri()
        for number in range(self.count):
            name = f"{number // A_FOLDER:04}/{number:07}.txt"
            if number < self.files_there:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"Ann Lee met Bob Moss on day {number}.")
            yield FoundFile(uri=f"{root}/{name}", source=name, size=40, stamp="1")
        self.seconds = time.monotonic() - began


@dataclass
class Seen:
    """What the run shows: when it began to work, and when it had done the first."""

    stop: Stop
    began: float = dataclasses.field(default_factory=time.monotonic)
    at: dict[str, float] = dataclasses.field(default_factory=dict)

    def show(self, snapshot: Snapshot) -> None:
        """Take down when things come to be so, and stop when the walk is over."""
        self._note("to the first entries", snapshot.total > 0)
        self._note("to running", snapshot.state == "running")
        self._note(FIRST, snapshot.completed > 0)
        over = not snapshot.more and snapshot.state in {"running", LOOKING}
        self._note("to the end of the walk", over)
        self.stop.asked |= over and snapshot.completed > 0

    def _note(self, what: str, holds: bool) -> None:
        if holds:
            self.at.setdefault(what, time.monotonic() - self.began)


class OwnPeak(Looking):
    """Looks at the memory of this process, in a thread, until the block ends. `before` and
    `highest` are without pages that it shares, in bytes.
    """

    interval_seconds = 0.2

    def __init__(self) -> None:
        super().__init__()
        self._process = psutil.Process()
        self.before = self.highest = self._own()

    def look(self) -> None:
        """Look once."""
        self.highest = max(self.highest, self._own())

    def _own(self) -> int:
        memory = self._process.memory_info()
        return int(memory.rss - memory.shared)


def main() -> None:
    """Measure, print, and write JSON."""
    options = read_options()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    output = options.output.resolve()
    # The processes of Ray find the small stages by it.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        # The few first: what a process takes once only is in no figure of the many.
        "few": measure(min(FEW, options.entries), options.files),
        "many": measure(options.entries, options.files),
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--entries", type=int, default=1_000_000, metavar="N", help="default 1,000,000"
    )
    parser.add_argument(
        "--files",
        type=int,
        default=2_000,
        metavar="N",
        help="that are there, default 2,000",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def measure(entries: int, files: int) -> dict[str, Any]:
    """Run in a fresh home until all entries are taken down."""
    with fresh_home() as home:
        settings = load_settings(home=home)
        assembly.open_services(settings)
        return {
            "entries": entries,
            "files": files,
            **run(settings, home / "documents", entries, files),
        }


def run(settings: Settings, folder: Path, entries: int, files: int) -> dict[str, Any]:
    """Run, and tell it as figures."""
    stop, me = Stop(), psutil.Process()
    walk = Generated(Selection(), folder=folder, count=entries, files_there=files)
    seen, began = Seen(stop), time.monotonic()
    with ProcessPeaks(lambda: [me]) as looking, OwnPeak() as own:
        done = driver.run(
            settings,
            Request([str(folder)], PROJECT, walk),
            seen.show,
            stop,
            plan_of=small_stages.plan,
            host=small_stages.host,
            rules=small_stages.SmallRules,
        )
    return {
        "walk_seconds": walk.seconds,
        "entries_per_second": entries / walk.seconds,
        "seconds": {**seen.at, "in all": time.monotonic() - began},
        "documents": dict(done.documents),
        "completed": done.completed,
        "driver_growth_bytes": own.highest - own.before,
        "coordinator_own_bytes": looking.peaks.get(COORDINATOR, Peak()).own,
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures of the few and of the many."""
    few, many = result["few"], result["many"]
    table = Table(title="a folder of", title_justify="left")
    table.add_column("")
    for run_ in (few, many):
        table.add_column(f"{run_['entries']:,}", justify="right")
    rows: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("entries a second", lambda x: f"{x['entries_per_second']:,.0f}"),
        *((f"seconds {at}", partial(_seconds, at)) for at in many["seconds"]),
        ("completed beside the walk", lambda x: f"{x['completed']:,}"),
        ("the command grew by, MiB", lambda x: f"{x['driver_growth_bytes'] / MEBIBYTE:.0f}"),
        ("coordinator, MiB", lambda x: f"{x['coordinator_own_bytes'] / MEBIBYTE:.0f}"),
    ]
    for name, of in rows:
        table.add_row(name, of(few), of(many))
    Console(highlight=False).print(table)


def _seconds(at: str, run_: dict[str, Any]) -> str:
    return f"{run_['seconds'].get(at, 0.0):.1f}"


if __name__ == "__main__":
    main()
