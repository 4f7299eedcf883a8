"""What a project of 20,000 documents costs: `python benchmarks/volume.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from measuring import report
from measuring.footprint import Footprint, footprint, growth
from measuring.loading import admit, enqueue, reader_of_queue
from measuring.memory import PeakMemory
from measuring.pieces import open_quarry
from measuring.reading import measure_reading
from measuring.sketched import sketched
from measuring.whole import PROJECT, fresh_home, run_under
from rich.console import Console
from rich.table import Table

from pipeline import assembly, identity
from pipeline.settings import Settings, load_settings
from pipeline.stores.embedded import ServiceUrls

OUTPUT = Path(__file__).resolve().parent / "results" / "volume.json"
LOADED_AT_ONCE = 1_000
MEBIBYTE = 1 << 20


def main() -> None:
    """Measure, print tables, and write JSON."""
    options = read_options()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    quarry = open_quarry(options.gold)
    output = options.output.resolve()
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        texts, folder = quarry.pieces(options.documents), Path(name) / "documents"
        steps = measure(texts, options.documents, None if options.loaded else folder)
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "corpus": {"source": quarry.source, "documents": options.documents},
        "way": "loaded: names by capitals, no models" if options.loaded else "casegraph run",
        "steps": steps,
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000, metavar="N", help="default 20000")
    parser.add_argument(
        "--loaded",
        action="store_true",
        help="load made payloads through persistence instead of `casegraph run`",
    )
    parser.add_argument("--gold", type=Path, metavar="DIR", help="default ../shared/gold")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def say(what: str) -> None:
    """Tell the person what goes on."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def measure(texts: Iterator[str], count: int, folder: Path | None) -> list[dict[str, Any]]:
    """Fill a project in a fresh home, and measure it at a tenth of its size and when it is whole.

    Texts are written to `folder` and run; without one they are loaded.
    """
    steps: list[dict[str, Any]] = []
    with fresh_home() as home:
        settings = load_settings(home=home)
        urls = assembly.open_services(settings)
        before, done = footprint(urls), 0
        for until in sorted({max(count // 10, 1), count}):
            say(f"{until:,} documents")
            step = islice(texts, until - done)
            made = (
                load(settings, urls, step, done)
                if folder is None
                else run(settings, step, folder, done)
            )
            done = until
            steps.append(
                {"documents": done, "made": made, **measured(settings, urls, before, done)}
            )
    return steps


def run(settings: Settings, texts: Iterator[str], folder: Path, done: int) -> dict[str, Any]:
    """Write texts into the folder and run the project once more. Raises SystemExit if it fails."""
    folder.mkdir(exist_ok=True)
    count = 0
    for count, text in enumerate(texts, start=1):
        (folder / f"{done + count:06}.txt").write_text(text, "utf-8")
    began = time.monotonic()
    told, memory = run_under(settings, folder, PeakMemory)
    return {
        "seconds": time.monotonic() - began,
        "startup_seconds": told["startup_seconds"],
        "documents_per_second": count / (told["seconds"] - told["startup_seconds"]),
        **memory.as_json(),
    }


def load(settings: Settings, urls: ServiceUrls, texts: Iterator[str], done: int) -> dict[str, Any]:
    """Bring made payloads into the project through the queue and the persistence worker."""
    plan, ledger = assembly.plan(settings), assembly.open_ledger(settings, urls)
    worker = reader_of_queue(settings, urls, identity.project_id(PROJECT))
    spent, count = 0.0, 0
    while batch := [sketched(text) for text in islice(texts, LOADED_AT_ONCE)]:
        admitted = admit(ledger, PROJECT, plan, batch, first=done + count)
        enqueue(worker, [one.checkpoints(admitted.project, plan) for one in batch])
        began = time.monotonic()
        while worker.drain(0).entries:
            pass
        spent += time.monotonic() - began
        count += len(batch)
        ledger.end_run(admitted.run, "finished", {})
        ledger.take_statistics()
        say(f"{done + count:,} loaded, {spent:.0f} s of persistence")
    return {"seconds": spent, "documents_per_second": count / spent}


def measured(
    settings: Settings, urls: ServiceUrls, before: Footprint, documents: int
) -> dict[str, Any]:
    """Measure what the stores hold and what reading takes."""
    return {
        **growth(before, footprint(urls), documents),
        "reading": measure_reading(settings, urls, identity.project_id(PROJECT)),
    }


def show(result: dict[str, Any]) -> None:
    """Print what each command took in the small and the whole project, and what the stores hold."""
    console = Console(highlight=False)
    steps: Sequence[dict[str, Any]] = result["steps"]
    console.print(f"{result['corpus']['source']}; made by {result['way']}")
    table = Table(title="Seconds, and peak memory of the process", title_justify="left")
    table.add_column("documents")
    for step in steps:
        table.add_column(f"{step['documents']:,}", justify="right")
        table.add_column("MiB", justify="right")
    table.add_row("made", *[cell for step in steps for cell in _cells(step["made"])])
    for name in steps[0]["reading"]:
        table.add_row(name, *[cell for step in steps for cell in _cells(step["reading"][name])])
    console.print(table)
    stores = Table(title="Bytes a document", title_justify="left")
    stores.add_column("")
    for step in steps:
        stores.add_column(f"{step['documents']:,}", justify="right")
    for store, by in (("postgres", "table"), ("redis", "key")):
        key = f"{store}_bytes_per_document"
        stores.add_row(store, *[f"{step[key]:,}" for step in steps])
        for part in steps[-1][f"{key}_by_{by}"]:
            sizes = [step[f"{key}_by_{by}"].get(part, 0) for step in steps]
            stores.add_row(f"  {part}", *[f"{size:,}" for size in sizes])
    console.print(stores)


def _cells(of: dict[str, Any]) -> tuple[str, str]:
    """Write seconds and memory."""
    peak = of.get("peak_bytes")
    return f"{of['seconds']:.1f}", f"{peak / MEBIBYTE:,.0f}" if peak else ""


if __name__ == "__main__":
    main()
