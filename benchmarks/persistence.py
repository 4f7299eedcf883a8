"""How fast persistence is beside plain COPY: `python benchmarks/persistence.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from measuring import plain_copy, report
from measuring.databases import own_database
from measuring.loading import admit, enqueue, reader_of_queue
from measuring.payloads import Made, make_payloads
from measuring.pieces import open_quarry
from measuring.spent import Meter, Spent
from measuring.whole import fresh_home
from rich.console import Console
from rich.table import Table

from actors.persistence_actor import PersistenceWorker
from pipeline import assembly
from pipeline.settings import Settings, load_settings
from pipeline.stage import Plan
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.redis_connection import connect

RESULTS = Path(__file__).resolve().parent / "results"
TARGET = 0.5
PROJECT = "benchmark"


def main() -> None:
    """Measure, print a table, and write JSON."""
    options = read_options()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    quarry = open_quarry(options.gold)
    texts = list(quarry.pieces(options.documents))
    output, kept = options.output.resolve(), RESULTS
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        plan = assembly.plan(load_settings())
        made = make_payloads(load_settings(), plan, texts, kept)
        with fresh_home() as home:
            settings = load_settings(home=home)
            if options.batch:
                run = settings.run.model_copy(update={"persist_batch": options.batch})
                settings = settings.model_copy(update={"run": run})
            urls = assembly.open_services(settings)
            rounds = [measure(settings, urls, plan, made) for _ in range(options.repeat)]
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "corpus": {
            "source": quarry.source,
            "documents": len(texts),
            "characters": sum(map(len, texts)),
        },
        "batch": settings.run.persist_batch,
        "rounds": rounds,
        "share_of_copy": statistics.median(round_["share_of_copy"] for round_ in rounds),
        "target": TARGET,
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300, metavar="N", help="default 300")
    parser.add_argument("--batch", type=int, metavar="N", help="entries a batch, as a run has")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds, default 3")
    parser.add_argument("--gold", type=Path, metavar="DIR", help="default ../shared/gold")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "persistence.json", metavar="FILE", help="the JSON"
    )
    return parser.parse_args()


def measure(
    settings: Settings, urls: ServiceUrls, plan: Plan, made: Sequence[Made]
) -> dict[str, Any]:
    """Persist everything once, then copy the same rows, each into a new database."""
    meter = Meter(settings)
    with own_database(urls) as own:
        worker = queued(settings, own, plan, made)
        # What this process holds to measure with is not the worker's to look through for garbage.
        gc.collect()
        gc.freeze()
        spent = meter.measure(partial(drain, worker))
        gc.unfreeze()
        rows = plain_copy.dump(own.database_url)
    counted = rows.rows
    if counted["contents"] != len(made):
        raise SystemExit(f"only {counted['contents']} of {len(made)} contents were published")
    with own_database(urls) as own:
        copied = plain_copy.copy_again(own.database_url, rows, meter)
    total = sum(counted.values())
    return {
        "rows": counted,
        "batches": len(rows.batches),
        "persistence": _figures(spent, total),
        "copy": _figures(copied, total),
        "share_of_copy": copied.wall / spent.wall,
        "share_of_copy_cpu": copied.cpu / spent.cpu,
    }


def _figures(spent: Spent, rows: int) -> dict[str, float]:
    """Write what work on so many rows took."""
    return {
        "seconds": spent.wall,
        "own_cpu_seconds": spent.own_cpu,
        "postgres_cpu_seconds": spent.postgres_cpu,
        "rows_per_second": rows / spent.wall,
    }


def queued(
    settings: Settings, urls: ServiceUrls, plan: Plan, made: Sequence[Made]
) -> PersistenceWorker:
    """Put all checkpoints and vectors into an empty Redis, as the stages do; give their reader."""
    with closing(connect(urls.redis_url)) as client:
        client.flushall()
    admitted = admit(assembly.open_ledger(settings, urls), PROJECT, plan, made)
    worker = reader_of_queue(settings, urls, admitted.project)
    filling = worker.filling_of(admitted.project)
    for one in made:
        if filling:
            filling.vectors.put(filling.model, one.vectors)
    enqueue(worker, [one.checkpoints(admitted.project, plan) for one in made])
    return worker


def drain(worker: PersistenceWorker) -> None:
    """Persist until the queue is empty and every chunk has its vector."""
    while worker.drain(0).entries:
        pass
    filling = worker.filling_of(worker.project)
    if filling and not filling.from_cache():
        raise SystemExit("chunks are left without a vector")


def show(result: dict[str, Any]) -> None:
    """Print the rounds as a table."""
    console = Console(highlight=False)
    first = result["rounds"][0]
    console.print(
        f"{result['corpus']['documents']} documents in {first['batches']} transactions, "
        f"{sum(first['rows'].values()):,} rows: {result['corpus']['source']}"
    )
    table = Table(title="Rows a second", title_justify="left")
    for name in ("round", "persistence", "plain COPY", "share", "CPU s", "CPU s", "share"):
        table.add_column(name, justify="right")
    for number, round_ in enumerate(result["rounds"], start=1):
        table.add_row(
            str(number),
            f"{round_['persistence']['rows_per_second']:,.0f}",
            f"{round_['copy']['rows_per_second']:,.0f}",
            f"{round_['share_of_copy']:.3f}",
            _cpu(round_["persistence"]),
            _cpu(round_["copy"]),
            f"{round_['share_of_copy_cpu']:.3f}",
        )
    console.print(table)
    share = result["share_of_copy"]
    reached = "reached" if share >= TARGET else "missed"
    console.print(f"share of plain COPY, median: {share:.3f}, at least {TARGET}: {reached}")


def _cpu(figures: dict[str, float]) -> str:
    """Write CPU seconds: the process's own and PostgreSQL's."""
    return f"{figures['own_cpu_seconds']:.2f} + {figures['postgres_cpu_seconds']:.2f}"


if __name__ == "__main__":
    main()
