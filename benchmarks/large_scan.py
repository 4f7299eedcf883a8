"""How memory grows with the size of a document: `python benchmarks/large_scan.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring.growth import ProcessPeaks, compare
from measuring.report import MEBIBYTE, machine, write
from measuring.scans import QUALITY, Scan, write_scan
from measuring.whole import fresh_home, run_under
from rich.console import Console
from rich.table import Table

from pipeline import assembly
from pipeline.settings import load_settings

OUTPUT = Path(__file__).resolve().parent / "results" / "large_scan.json"
PAGES, SMALL_PAGES = 56, 4  # some 212 MB, and 15
GROWTH_AT_MOST = 128 * MEBIBYTE


def main() -> None:
    """Run a small and a large scan in a fresh home each, print a table, and write JSON."""
    options = read_options()
    if options.write:
        scan = write_scan(options.write, options.pages, options.quality)
        print(json.dumps(asdict(scan), default=str))
        return
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    output = options.output.resolve()
    # In an empty folder no casegraph.toml is found, by us or by the command.
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        runs = {
            which: measure(write_scan(Path(name) / f"{which}.pdf", pages, options.quality))
            for which, pages in (("small", SMALL_PAGES), ("large", options.pages))
        }
    rows = compare(runs["small"].pop("peaks"), runs["large"].pop("peaks"))
    largest = max(row["growth_bytes"] for row in rows.values())
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "runs": runs,
        "processes": rows,
        "largest_growth_bytes": largest,
        "target_growth_bytes_at_most": GROWTH_AT_MOST,
    }
    write(result, output)
    show(result)
    print(f"written to {output}")
    judge(rows)


def judge(rows: Mapping[str, Mapping[str, int]]) -> None:
    """Raise SystemExit with the processes that grew by more than they may, if any did."""
    grown = ", ".join(
        f"{role} grew by {row['growth_bytes'] / MEBIBYTE:.0f} MiB"
        for role, row in rows.items()
        if row["growth_bytes"] > GROWTH_AT_MOST
    )
    if grown:
        raise SystemExit(f"over the target of {GROWTH_AT_MOST / MEBIBYTE:.0f} MiB: {grown}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, metavar="N", help=f"default {PAGES}")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="only write the scan; say what is in it"
    )
    parser.add_argument(
        "--quality",
        type=int,
        default=QUALITY,
        metavar="Q",
        help=f"of the pages' JPEGs, default {QUALITY}; 20 makes a page of some 0.5 MB",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def measure(scan: Scan) -> dict[str, Any]:
    """Run one scan. Raises SystemExit with what `casegraph` said if it fails."""
    print(f"measuring: {scan.pages} pages, {scan.bytes / 1e6:.0f} MB", file=sys.stderr, flush=True)
    with fresh_home() as home:
        settings = load_settings(home=home)
        assembly.open_services(settings)
        report, peaks = run_under(settings, scan.path, ProcessPeaks)
    if report["documents"]["completed"] != 1:
        raise SystemExit(f"the scan was not completed: {report['documents']}")
    return {
        "pages": scan.pages,
        "bytes": scan.bytes,
        "seconds": report["seconds"] - report["startup_seconds"],
        "entities": report["entities"],
        "samples": peaks.samples,
        "peaks": peaks.peaks,
    }


def show(result: Mapping[str, Any]) -> None:
    """Print what each process took."""
    runs = result["runs"]
    table = Table(title="peak memory of each process, MiB", title_justify="left")
    table.add_column("process")
    sizes = [f"{runs[which]['bytes'] / 1e6:.0f} MB" for which in ("small", "large")]
    for head in (*(f"resident, {size}" for size in sizes), *(f"own, {size}" for size in sizes)):
        table.add_column(head, justify="right")
    table.add_column("growth", justify="right")
    for role, row in result["processes"].items():
        table.add_row(role, *(f"{value / MEBIBYTE:.0f}" for value in row.values()))
    console = Console(highlight=False, width=max(100, int(os.environ.get("COLUMNS", "100"))))
    console.print(table)
    console.print(
        f"the large one: {runs['large']['pages']} pages in {runs['large']['seconds']:.0f} s; "
        f"largest growth {result['largest_growth_bytes'] / MEBIBYTE:.0f} MiB, "
        f"target at most {result['target_growth_bytes_at_most'] / MEBIBYTE:.0f}"
    )


if __name__ == "__main__":
    main()
