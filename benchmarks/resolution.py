"""What telling things apart costs and keeps, by the size of a project: `python
benchmarks/resolution.py --help`.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from made_names import NOBODY, SEED, MadeNames, make_names
from measuring import report
from measuring.adding import add
from measuring.blocking import BOUND, Numbers, are_in, code, compared, members
from measuring.rebuilding import rebuild
from measuring.whole import fresh_home
from rich.console import Console
from rich.table import Table

from pipeline import assembly
from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.registry.growing import uncollected
from pipeline.resolution.keys import blocking_keys
from pipeline.settings import load_settings

OUTPUT = Path(__file__).resolve().parent / "results" / "resolution.json"
SIZES = (10_000, 100_000, 1_000_000)
SMALL = 20_000
REPEATED = 5
KEPT_AT_LEAST = 0.98
MOST_SHOWN = 12
LARGEST_GROWTH = 2.0
DOCUMENT_MILLISECONDS = 50.0
ROWS = (
    ("keys: CPU us a name", "keys_cpu_microseconds_a_name", "{:.1f}"),
    ("names a CPU second", "names_a_cpu_second", "{:,.0f}"),
    ("keys a name", "keys_a_name", "{:.2f}"),
    ("most keys", "most_keys", "{:.0f}"),
    ("candidates a name", "candidates_a_name", "{:.2f}"),
    ("  of these in refined blocks", "of_these_refined", "{:.2f}"),
    ("true pairs", "true_pairs", "{:,.0f}"),
    (f"kept (at least {KEPT_AT_LEAST})", "kept", "{:.4f}"),
    ("  of these in refined blocks", "kept_in_refined_blocks_only", "{:.4f}"),
    ("joined, other types too", "joined", "{:.4f}"),
    ("names of two things", "names_of_two_things", "{:,.0f}"),
    ("blocks over the bound", "large_blocks", "{:,.0f}"),
    ("memory of counting, MiB", "bytes_at_highest", "{:,.0f}"),
)
REGISTRY_ROWS = (
    ("CPU us a name", "cpu_microseconds_a_name", "{:.1f}"),
    ("names a CPU second", "names_a_cpu_second", "{:,.0f}"),
    ("pairs compared a name", "compared_a_name", "{:.2f}"),
    ("near misses a name", "near_misses_a_name", "{:.2f}"),
    ("true pairs in one entity", "pair_recall", "{:.4f}"),
    ("pairs of an entity that are true", "pair_precision", "{:.4f}"),
    ("entities", "entities", "{:,.0f}"),
    ("parts of crowds dropped", "dropped_parts", "{:,.0f}"),
    ("large components", "large_components", "{:,.0f}"),
    ("memory, MiB", "bytes_at_highest", "{:,.0f}"),
    ("  of these names and tables", "bytes_of_names_at_highest", "{:,.0f}"),
)


def main() -> None:
    """Measure each size in a process of its own, print a table, and write JSON."""
    options = read_options()
    sizes = options.names or list(SIZES)
    rounds, registries = [], []
    for size in sizes:
        print(f"measuring: {size:,} names", file=sys.stderr, flush=True)
        rounds.append(_typical("keys_cpu_microseconds_a_name", measure, size, options.seed))
        registries.append(_typical("cpu_microseconds_a_name", rebuild, size, options.seed))
    added = None
    if options.document:
        print("measuring: one document more", file=sys.stderr, flush=True)
        with fresh_home() as home:
            urls = assembly.open_services(load_settings(home=home))
            added = _apart(add, urls, options.document, options.seed)
    cost = [
        keys["keys_cpu_microseconds_a_name"] + registry["cpu_microseconds_a_name"]
        for keys, registry in zip(rounds, registries, strict=True)
    ]
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "seed": options.seed,
        "bound": BOUND,
        "sizes": rounds,
        "registries": registries,
        "cost_of_a_name_microseconds": cost,
        "cost_of_a_name_grows": cost[-1] / cost[0],
        "one_document_more": added,
        "targets": {
            "kept_at_least": KEPT_AT_LEAST,
            "cost_of_a_name_grows_at_most": LARGEST_GROWTH,
            "document_milliseconds": DOCUMENT_MILLISECONDS,
        },
    }
    report.write(result, options.output)
    show("Blocking", ROWS, sizes, rounds)
    show("The registry, rebuilt in memory", REGISTRY_ROWS, sizes, registries)
    first, last = cost[0], cost[-1]
    print(
        f"keys and registry: {first:.1f} us a name of {sizes[0]:,}, {last:.1f} of {sizes[-1]:,}:"
        f" {last / first:.2f} times (at most {LARGEST_GROWTH:.0f})"
    )
    if added:
        print(
            f"one document more in {added['names']:,} names: median"
            f" {added['median_milliseconds']:.1f} ms (under {DOCUMENT_MILLISECONDS:.0f}),"
            f" 95 of 100 under {added['p95_milliseconds']:.1f} ms;"
            f" {'as rebuilt' if added['as_rebuilt'] else 'NOT as rebuilt'}"
        )
    print(f"written to {options.output}")


def _typical(
    cost: str, work: Callable[[int, int], dict[str, Any]], size: int, seed: int
) -> dict[str, Any]:
    """Do a piece of work, of a small size several times, and give the one of median cost: a second
    of work says little on a machine whose cores are not one's own.
    """
    done = [_apart(work, size, seed) for _ in range(REPEATED if size <= SMALL else 1)]
    return sorted(done, key=itemgetter(cost))[len(done) // 2]


def _apart(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """Do a piece of work in a fresh process: its memory at its highest is of that only."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, action="append", metavar="N", help="sizes")
    parser.add_argument(
        "--document", type=int, default=100_000, metavar="N",
        help="add documents to a project of N names; 0 leaves that out",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=SEED, help="of the made-up names")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def measure(size: int, seed: int) -> dict[str, Any]:
    """Make names and their keys, and count what these let compare."""
    books = NameBooks()
    # What is read at first use is no cost of a name.
    blocking_keys(MentionType.PERSON, "john smith", books)
    blocking_keys(MentionType.ORG, "acme holdings ltd", books)
    started = time.perf_counter()
    made = make_names(size, seed)
    making = time.perf_counter() - started
    memory_of_names = _memory()
    types = [MentionType(type_) for type_ in made.types]
    started = time.process_time()
    with uncollected():  # a project makes a document's keys at a time
        keys = [blocking_keys(*name, books) for name in zip(types, made.normals, strict=True)]
    spent = time.process_time() - started
    counts = [len(row) for row in keys]
    started = time.process_time()
    blocked = compared(members(keys))
    return {
        "names": size,
        "made_in_seconds": making,
        "keys_cpu_microseconds_a_name": 1e6 * spent / size,
        "names_a_cpu_second": size / spent,
        "blocking_cpu_microseconds_a_name": 1e6 * (time.process_time() - started) / size,
        "keys_a_name": sum(counts) / size,
        "most_keys": max(counts),
        "characters_of_keys_a_name": sum(len(key) for row in keys for key in row) / size,
        "candidates_a_name": 2 * (len(blocked.pairs) + len(blocked.refined)) / size,
        "of_these_refined": 2 * len(blocked.refined) / size,
        "shared_blocks_a_name": 2 * blocked.visits / size,
        "large_blocks": blocked.large_blocks,
        "share_of_keys_in_large_blocks": blocked.share_in_large,
        "bytes_of_names_at_highest": memory_of_names,
        "bytes_at_highest": _memory(),
        **_kept(made, blocked.pairs, blocked.refined),
    }


def _kept(made: MadeNames, pairs: Numbers, refined: Numbers) -> dict[str, Any]:
    """Count the true pairs that are compared.

    Names of two types are only ever compared for being the same letters, so of these no others
    count; `joined` counts them too, and asks whether other pairs of the thing link the two.
    """
    true = list(made.true_pairs())
    seen = np.array([pair for pair in true if _is_visible(made, *pair)], np.int64).reshape(-1, 2)
    whole, part = are_in(code(seen), pairs), are_in(code(seen), refined)
    group = list(range(len(made.normals)))
    for one, other in seen[whole | part].tolist():
        group[_root(group, other)] = _root(group, one)
    lost = Counter(_kind(made, *pair) for pair in seen[~(whole | part)].tolist())
    of = Counter(_kind(made, *pair) for pair in seen.tolist())
    return {
        "names_of_two_things": sum(thing == NOBODY for thing in made.things),
        "true_pairs": len(seen),
        "true_pairs_of_two_types_and_spellings": len(true) - len(seen),
        "kept": float((whole | part).mean()),
        "kept_in_refined_blocks_only": float(part.mean()),
        "joined": sum(_root(group, one) == _root(group, other) for one, other in true) / len(true),
        "lost": {kind: [count, of[kind]] for kind, count in lost.most_common(MOST_SHOWN)},
    }


def _is_visible(made: MadeNames, one: int, other: int) -> bool:
    """Say whether a comparison of two names can say anything: their types, or letters, agree."""
    if made.types[one] == made.types[other]:
        return True
    return _letters(made.normals[one]) == _letters(made.normals[other])


def _letters(name: str) -> str:
    return name.replace(" ", "").replace("-", "")


def _kind(made: MadeNames, one: int, other: int) -> str:
    """Name the two ways in which a pair was made."""
    kinds = sorted({made.kinds[one], made.kinds[other]})
    return f"{made.types[other]}: {' / '.join(kinds)}"


def _root(group: list[int], name: int) -> int:
    """Find the first of the names that are joined with a name."""
    while group[name] != name:
        group[name] = group[group[name]]
        name = group[name]
    return name


def _memory() -> int:
    """Give this process's memory at its highest, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def show(
    title: str,
    rows: Sequence[tuple[str, str, str]],
    sizes: Sequence[int],
    rounds: Sequence[Mapping[str, Any]],
) -> None:
    """Print what was measured, a column for each size."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for size in sizes:
        table.add_column(f"{size:,} names", justify="right")
    for label, name, form in rows:
        scale = report.MEBIBYTE if name.startswith("bytes") else 1
        table.add_row(label, *(form.format(round_[name] / scale) for round_ in rounds))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
