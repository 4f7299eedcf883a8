"""What it takes to know what is around a chunk: `python benchmarks/context.py --help`."""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import report
from measuring.context_tokens import count_tokens
from measuring.databases import own_database
from measuring.distance import proxy_for
from measuring.known_project import Asked, KnownProject, embed
from measuring.whole import fresh_home
from rich.console import Console
from rich.table import Table

from pipeline import assembly
from pipeline.llm.around import completed
from pipeline.llm.context import NamedThing
from pipeline.llm.sketches import sketch_of
from pipeline.settings import load_settings
from pipeline.stores.content_sketches import ContentSketches
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.known_contexts import KnownContexts, KnownSnapshot
from pipeline.stores.memory import NoVectors
from pipeline.stores.postgres import engine_of
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_snapshot import RedisSnapshot
from pipeline.stores.snapshot_making import make_snapshot
from pipeline.stores.snapshot_rows import StoredSnapshot

OUTPUT = Path(__file__).resolve().parent / "results" / "context.json"
MEDIAN_MILLISECONDS = 3.0
TTL = 86_400
FOUND = [NamedThing(name=f"Name {n}", type="PERSON") for n in range(8)]


def main() -> None:
    """Measure, print tables, and write JSON."""
    options = read_options()
    with fresh_home() as home:
        settings = load_settings(home=home)
        with own_database(assembly.open_services(settings)) as urls:
            times = measure_times(options, urls)
    result: dict[str, Any] = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "note": options.note,
        **times,
        "targets": {"redis_median_milliseconds": MEDIAN_MILLISECONDS},
    }
    if not options.skip_tokens:
        print("counting tokens", file=sys.stderr, flush=True)
        result["tokens_of_context"] = count_tokens()
    report.write(result, options.output)
    show(result)
    print(f"written to {options.output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=100, help="of 10 chunks, asked about")
    parser.add_argument("--far", type=int, default=10, help="documents, with 50 ms to PostgreSQL")
    parser.add_argument("--skip-tokens", action="store_true")
    parser.add_argument("--note", default="", help="what else went on on the machine")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


def measure_times(options: argparse.Namespace, urls: ServiceUrls) -> dict[str, Any]:
    """Make a large project and its snapshot, and bring together what is around many chunks."""
    engine = engine_of(urls.database_url)
    known = KnownProject(options.names, options.chunks)
    settings = load_settings()
    print("loading the project", file=sys.stderr, flush=True)
    ledger = assembly.open_ledger(settings, urls)
    known.load(engine, ledger, assembly.plan(settings))
    asked = known.asked(engine, options.documents)
    link = RedisLink(urls.redis_url)
    sketches = ContentSketches(engine, link, NoVectors(), "made", embed, TTL)
    print("making the snapshot", file=sys.stderr, flush=True)
    before, began = _peak(), time.perf_counter()
    made = make_snapshot(engine, known.project, "made", sketches.of)
    making = time.perf_counter() - began
    sure = StoredSnapshot(engine, known.project, made.hash)
    fast = RedisSnapshot(link, known.project, made.hash)
    used, began = _redis_bytes(link), time.perf_counter()
    if not fast.fill(sure.entries()):
        raise SystemExit("Redis was not filled")
    filling = time.perf_counter() - began
    result: dict[str, Any] = {
        "names": options.names,
        "chunks": options.chunks,
        "snapshot": {
            "names": made.names,
            "chunks": made.chunks,
            "seconds_of_making": making,
            "memory_of_making_bytes": _peak() - before,
            "postgres_bytes": _table_bytes(engine),
            "seconds_of_filling_redis": filling,
            "redis_bytes": _redis_bytes(link) - used,
        },
        "first_sketches_of_a_document": _sketching(sketches, asked),
    }
    print("asking", file=sys.stderr, flush=True)
    link.client.config_resetstat()
    with closing(KnownContexts(sketches, KnownSnapshot(fast, sure))) as contexts:
        result["redis"], same = _times(contexts, asked)
    script = link.client.info("commandstats")["cmdstat_evalsha"]
    result["redis"]["milliseconds_of_the_script"] = script["usec_per_call"] / 1000
    alone = ContentSketches(engine, None, NoVectors(), "made", embed, TTL)
    with closing(KnownContexts(alone, KnownSnapshot(None, sure))) as contexts:
        result["postgres"], other = _times(contexts, asked)
    result["same_from_both"] = same == other
    with proxy_for(urls.database_url) as proxy:
        far = engine_of(proxy.url(urls.database_url))
        proxy.delay(0.05)
        distant = ContentSketches(far, None, NoVectors(), "made", embed, TTL)
        snapshot = KnownSnapshot(None, StoredSnapshot(far, known.project, made.hash))
        with closing(KnownContexts(distant, snapshot)) as contexts:
            result["postgres_50_ms_away"], _ = _times(contexts, asked[: options.far])
        far.dispose()
    link.client.close()
    engine.dispose()
    return result


def _times(contexts: KnownContexts, asked: Sequence[Asked]) -> tuple[dict[str, float], list[Any]]:
    """Bring together what is around each chunk, one after the other. What a document needs once is
    in the time of its first chunk.
    """
    first, all_of_them, own, told = [], [], [], []
    contexts.around(asked[0].content, asked[0].chunks).prepare(0)  # opens connections
    for document in asked:
        around = contexts.around(document.content, document.chunks)
        found: list[list[NamedThing]] = []
        for at in range(len(document.chunks)):
            began, cpu = time.perf_counter(), time.thread_time()
            context = completed(around.prepare(at), found)
            all_of_them.append((time.perf_counter() - began) * 1000)
            own.append((time.thread_time() - cpu) * 1000)
            if not at:
                first.append(all_of_them[-1])
            found.append(FOUND)
            told.append(context)
    cut = statistics.quantiles(all_of_them, n=100)
    return {
        "contexts": len(all_of_them),
        "median_milliseconds": statistics.median(all_of_them),
        "p99_milliseconds": cut[98],
        "fastest_tenth_milliseconds": cut[9],
        "median_own_cpu_milliseconds": statistics.median(own),
        "median_of_first_milliseconds": statistics.median(first),
        "known_names": statistics.fmean(len(x.known) for x in told),
        "names_of_similar_chunks": statistics.fmean(len(x.similar) for x in told),
    }, told


def _sketching(sketches: ContentSketches, asked: Sequence[Asked]) -> dict[str, float]:
    """Time the first sketches of documents, without the model that embeds, and that of one."""
    vectors = embed([asked[0].chunks[0].text])
    began = time.perf_counter()
    for _ in range(100):
        sketch_of(vectors[0])
    each = (time.perf_counter() - began) * 10
    took = []
    for document in asked:
        texts = [chunk.text for chunk in document.chunks]
        embed(texts)
        began = time.perf_counter()
        sketches.of([(document.content, texts)])
        took.append((time.perf_counter() - began) * 1000)
    return {
        "milliseconds_of_a_sketch": each,
        "median_milliseconds_of_a_document_with_made_vectors": statistics.median(took),
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _redis_bytes(link: RedisLink) -> int:
    return int(link.client.info("memory")["used_memory"])


def _table_bytes(engine: Any) -> int:
    with engine.connect() as connection:
        return int(
            connection.exec_driver_sql("SELECT pg_total_relation_size('context_entries')").scalar()
        )


def show(result: Mapping[str, Any]) -> None:
    """Print the figures."""
    console = Console(highlight=False)
    snapshot = result["snapshot"]
    console.print(
        f"{result['names']:,} names, {result['chunks']:,} chunks: a snapshot of"
        f" {snapshot['names']:,} forms in {snapshot['seconds_of_making']:.0f} s"
        f" (+{snapshot['memory_of_making_bytes'] / report.MEBIBYTE:.0f} MiB),"
        f" {snapshot['postgres_bytes'] / report.MEBIBYTE:.0f} MiB in PostgreSQL,"
        f" {snapshot['redis_bytes'] / report.MEBIBYTE:.0f} MiB in Redis, filled in"
        f" {snapshot['seconds_of_filling_redis']:.0f} s"
    )
    table = Table(
        "a context from", "median ms", "10 of 100", "99 of 100", "first of a document", "own CPU",
        "contexts",
    )  # fmt: skip
    for where in ("redis", "postgres", "postgres_50_ms_away"):
        row = result[where]
        table.add_row(
            where.replace("_", " "),
            f"{row['median_milliseconds']:.2f}",
            f"{row['fastest_tenth_milliseconds']:.2f}",
            f"{row['p99_milliseconds']:.2f}",
            f"{row['median_of_first_milliseconds']:.2f}",
            f"{row['median_own_cpu_milliseconds']:.2f}",
            f"{row['contexts']:,}",
        )
    console.print(table)
    console.print(
        f"target from Redis: under {MEDIAN_MILLISECONDS:g} ms; the same from both:"
        f" {'yes' if result['same_from_both'] else 'NO'}"
    )
    if "tokens_of_context" in result:
        for kind, tokens in result["tokens_of_context"]["tokens"].items():
            console.print(
                f"--context {kind}: {tokens['context']:.0f} tokens a chunk"
                f" ({tokens['without_head']:.0f} without the head), its neighbours whole"
                f" {tokens['neighbours_whole']:.0f}"
            )


if __name__ == "__main__":
    main()
