"""How memory grows with the size of a document, and whether one that is read in ranges of pages is
joined rightly: `python benchmarks/large_scan.py --help`.
"""

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

from measuring.growth import compare
from measuring.ranges_seen import RangePeaks, faults, joined, parts_in, published
from measuring.report import MEBIBYTE, machine, write
from measuring.scans import CARD, PAPERS, QUALITY, Scan, write_scan
from measuring.whole import fresh_home, run_under
from rich.console import Console
from rich.table import Table

from pipeline import assembly
from pipeline.settings import load_settings

OUTPUT = Path(__file__).resolve().parent / "results" / "large_scan.json"
PAGES = 56
SMALL_PAGES = {"letter": 4, "card": 100}
"""Of the scan to compare with: 15 MB beside some 212; two ranges beside many."""
GROWTH_AT_MOST = 128 * MEBIBYTE


def main() -> None:
    """Run a small and a large scan in a fresh home each, print a table, and write JSON."""
    options = read_options()
    paper = PAPERS[options.paper]
    if options.write:
        scan = write_scan(options.write, options.pages, options.quality, paper)
        print(json.dumps(asdict(scan), default=str))
        return
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    output = options.output.resolve()
    # In an empty folder no casegraph.toml is found, by us or by the command.
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        sizes = {"small": min(SMALL_PAGES[options.paper], options.pages), "large": options.pages}
        runs = {
            which: measure(
                write_scan(Path(name) / f"{which}.pdf", pages, options.quality, paper),
                options.readers,
                numbered=paper is CARD,
            )
            for which, pages in sizes.items()
        }
    rows = compare(runs["small"].pop("peaks"), runs["large"].pop("peaks"))
    largest = max(row["growth_bytes"] for row in rows.values())
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "paper": options.paper,
        "runs": runs,
        "processes": rows,
        "largest_growth_bytes": largest,
        "target_growth_bytes_at_most": GROWTH_AT_MOST,
    }
    write(result, output)
    show(result)
    print(f"written to {output}")
    judge(rows)
    if paper is CARD and (wrong := faults(runs["large"])):
        raise SystemExit(f"not read in ranges and joined rightly: {'; '.join(wrong)}")


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
    parser.add_argument(
        "--paper",
        choices=PAPERS,
        default="letter",
        help="card: small pages of a few words, which say their number; default letter",
    )
    parser.add_argument(
        "--readers", type=int, metavar="N", help="how many read at once; default what a run takes"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def measure(scan: Scan, readers: int | None, *, numbered: bool) -> dict[str, Any]:
    """Run one scan. Raises SystemExit with what `casegraph` said if it fails."""
    print(f"measuring: {scan.pages} pages, {scan.bytes / 1e6:.0f} MB", file=sys.stderr, flush=True)
    more = {"CASEGRAPH_RUN__ACTORS": json.dumps({"ocr": readers})} if readers else {}
    with fresh_home() as home:
        settings = load_settings(home=home)
        urls = assembly.open_services(settings)
        report, peaks = run_under(settings, scan.path, RangePeaks, more)
        if report["documents"]["completed"] != 1:
            raise SystemExit(f"the scan was not completed: {report['documents']}")
        parts, said = parts_in(urls), published(urls)
    run = {
        "pages": scan.pages,
        "bytes": scan.bytes,
        "seconds": report["seconds"] - report["startup_seconds"],
        "entities": report["entities"],
        "samples": peaks.samples,
        "peaks": peaks.peaks,
        "readers": readers or 1,
        "seconds_of_readers": peaks.seconds_of_readers,
        "parts": parts,
    }
    return run | ({"joined": joined(*said, scan.pages)} if numbered else {})


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
    if found := runs["large"].get("joined"):
        readers = ", ".join(f"{x:.0f} s" for x in runs["large"]["seconds_of_readers"])
        console.print(
            f"{len(runs['large']['parts'])} ranges, each with a checkpoint; CPU of the readers: "
            f"{readers}; at their offsets {found['read']:,} of {found['pages']:,} pages have their "
            f"own number, {found['elsewhere']} another's; {found['out_of_place']} are out of place"
        )
    console.print(
        f"the large one: {runs['large']['pages']} pages in {runs['large']['seconds']:.0f} s; "
        f"largest growth {result['largest_growth_bytes'] / MEBIBYTE:.0f} MiB, "
        f"target at most {result['target_growth_bytes_at_most'] / MEBIBYTE:.0f}"
    )


if __name__ == "__main__":
    main()
