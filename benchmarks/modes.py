"""What a distant PostgreSQL costs in both modes: `python benchmarks/modes.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import report
from measuring.distance import checkpoint_reads, run_at_a_distance
from measuring.pieces import Quarry, open_quarry
from measuring.whole import fresh_home
from rich.console import Console
from rich.table import Table

from pipeline import assembly
from pipeline.settings import load_settings

OUTPUT = Path(__file__).resolve().parent / "results" / "modes.json"
DELAYS_MS = (0, 5, 25, 50, 100)
WINDOWS = (10, 20, 100)
MODES = {"accelerated": "on", "database": "off"}
WAIT_AT_MOST_MS, KEPT_AT_LEAST = 10.0, 0.95


def main() -> None:
    """Measure, print tables, and write JSON."""
    options = read_options()
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    quarry = open_quarry(options.gold)
    output = options.output.resolve()
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        counts = few_of(options.window or WINDOWS, options.few, options.documents)
        folders = Folders(
            write(quarry, Path(name) / "all", options.documents),
            {
                window: write(quarry, Path(name) / f"few-{window}", count)
                for window, count in counts.items()
            },
        )
        rows = list(measure(folders, options))
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "corpus": {"source": quarry.source, "documents": options.documents},
        "runs": rows,
        "verdicts": verdicts(rows),
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=800, metavar="N", help="default 800")
    parser.add_argument(
        "--few", type=int, default=60, metavar="N",
        help="how many of them database mode runs with a delay, default 60; twice the documents in "
        "flight at least",
    )  # fmt: skip
    parser.add_argument(
        "--delay", type=int, action="append", metavar="MS", help=f"default {DELAYS_MS}"
    )
    parser.add_argument(
        "--window", type=int, action="append", metavar="N", help=f"in flight, default {WINDOWS}"
    )
    parser.add_argument("--mode", choices=MODES, action="append", help="default both")
    parser.add_argument("--gold", type=Path, metavar="DIR", help="default ../shared/gold")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


@dataclass(frozen=True)
class Folders:
    """The documents, and the first few of them for each number in flight."""

    all: Path
    few: Mapping[int, Path]

    def of(self, mode: str, delay_ms: int, window: int) -> Path:
        """Choose what is run: database mode waits for each round trip, so at a distance it takes
        the few, and a rate is what is compared.
        """
        return self.few[window] if mode == "database" and delay_ms else self.all


def few_of(windows: Iterable[int], few: int, documents: int) -> dict[int, int]:
    """Count the few for each number in flight: with less than twice as many as that, most of a run
    would be its beginning and its end, and so many would hardly ever be in flight.
    """
    return {window: min(max(few, 2 * window), documents) for window in windows}


def write(quarry: Quarry, folder: Path, count: int) -> Path:
    """Write the first documents into a folder."""
    folder.mkdir()
    for number, text in enumerate(quarry.pieces(count), start=1):
        (folder / f"{number:05}.txt").write_text(text, "utf-8")
    return folder


def measure(folders: Folders, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run the same documents once for each delay, window and mode, each into a new database."""
    with fresh_home() as home:
        settings = load_settings(home=home)
        urls = assembly.open_services(settings)
        for window in options.window or WINDOWS:
            for delay in options.delay or DELAYS_MS:
                for mode in options.mode or MODES:
                    what = {"mode": mode, "delay_ms": delay, "window": window}
                    environment = {
                        "CASEGRAPH_ACCELERATION": MODES[mode],
                        "CASEGRAPH_RUN__WINDOW": str(window),
                    }
                    say(what)
                    with run_at_a_distance(
                        settings, urls, folders.of(mode, delay, window), delay / 1000, environment
                    ) as run:
                        row = {**what, **run.figures}
                        if mode == "accelerated":
                            row |= checkpoint_reads(settings, run.urls)
                        print(row, file=sys.stderr)
                        yield row


def say(what: Mapping[str, Any]) -> None:
    """Tell the person what goes on."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def verdicts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Set what has a target against it: the longest wait, and the smallest share of throughput
    that is kept at the greatest delay, both accelerated; and how the modes compare.
    """
    speed = {(x["mode"], x["window"], x["delay_ms"]): x["documents_per_second"] for x in rows}
    fast = [x for x in rows if x["mode"] == "accelerated"]
    longest = max(x["delay_ms"] for x in rows)
    kept = {
        window: speed[mode, window, longest] / speed[mode, window, 0]
        for mode, window, delay in speed
        if mode == "accelerated" and delay == longest and (mode, window, 0) in speed
    }
    counts = {(x["mode"], x["window"], x["delay_ms"]): x["documents"] for x in rows}
    ratios = {
        f"{window} in flight, {delay} ms (the rate over {counts['accelerated', window, delay]}"
        f" documents to that over {counts['database', window, delay]})": fast_rate / slow
        for (mode, window, delay), slow in speed.items()
        if mode == "database" and (fast_rate := speed.get(("accelerated", window, delay)))
    }
    return {
        "wait_median_ms_at_most": max((x["wait_median_ms"] for x in fast), default=None),
        "wait_p95_ms_at_most": max((x["wait_p95_ms"] for x in fast), default=None),
        "throughput_kept": kept,
        "accelerated_to_database": ratios,
        "targets": {"wait_ms_at_most": WAIT_AT_MOST_MS, "throughput_kept_at_least": KEPT_AT_LEAST},
    }


def show(result: dict[str, Any]) -> None:
    """Print a row for each run, and the verdicts."""
    console = Console(highlight=False, width=140)
    console.print(f"{result['corpus']['documents']} documents: {result['corpus']['source']}")
    table = Table()
    for name in (
        "in flight", "delay ms", "mode", "documents", "docs/s", "wait ms", "p95", "latency s",
        "p95", "tx", "trips", "Redis ms", "PG ms",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for row in result["runs"]:
        table.add_row(
            str(row["window"]),
            str(row["delay_ms"]),
            row["mode"],
            str(row["documents"]),
            f"{row['documents_per_second']:.2f}",
            f"{row['wait_median_ms']:.1f}",
            f"{row['wait_p95_ms']:.1f}",
            f"{row['latency_median_s']:.2f}",
            f"{row['latency_p95_s']:.2f}",
            f"{row['transactions_per_document']:.2f}",
            f"{row['round_trips_per_document']:.2f}",
            f"{row['redis_read_ms']:.2f}" if "redis_read_ms" in row else "",
            f"{row['postgres_read_ms']:.2f}" if "postgres_read_ms" in row else "",
        )
    console.print(table)
    found = result["verdicts"]
    if found["wait_median_ms_at_most"] is not None:
        console.print(
            f"accelerated, a document waits on stores at most {found['wait_median_ms_at_most']:.1f}"
            f" ms (median of a run), {found['wait_p95_ms_at_most']:.1f} ms (95th percentile);"
            f" target {WAIT_AT_MOST_MS:g} ms"
        )
    for window, share in found["throughput_kept"].items():
        console.print(
            f"accelerated, {window} in flight: at the greatest delay {share:.3f} of the throughput"
            f" without; target {KEPT_AT_LEAST}"
        )
    for where, ratio in found["accelerated_to_database"].items():
        console.print(f"accelerated / database mode, {where}: {ratio:.2f}")


if __name__ == "__main__":
    main()
