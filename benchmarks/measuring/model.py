"""What 10, 100 and 1,000 cores give, reckoned from the results of the benchmarks: pure functions,
but for reading those and writing what they come to.

A document is a text of a thousand words, as `scale.py` measures it. The cores are those of nodes
that run stages; PostgreSQL, Redis and the head have machines of their own. Whatever one process, or
one thread, does for all documents has an end where that is busy all the time. What a process takes
of a core also while nothing moves does not grow with the documents, and is taken off first.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring.watched import COORDINATOR, PERSISTENCE, POSTGRES, RAY, STAGES, VALKEY

ONE = {
    COORDINATOR: "the coordinator of a run",
    PERSISTENCE: "the persistence actor of a run",
    VALKEY: "Valkey",
}
"""What there is one process of, or one thread that does the work."""
CORES = (10, 100, 1_000)
NETWORK = 1.25e9
"""Bytes a second of a link of 10 Gbit/s."""
TRIPS = 4
"""How often a checkpoint goes over the line to Redis: put, read by about two stages, persisted."""
BEGIN, END = "<!-- made by benchmarks/scale.py --model -->", "<!-- until here -->"
NEEDED = ("scale", "persistence", "volume", "resolution", "large_scan")


@dataclass(frozen=True)
class Limit:
    """Something there is one of: what a document takes of it, and how many a second it does."""

    what: str
    takes: str
    rate: float

    def cores(self, seconds: float) -> float:
        """Say how many cores fill it, of which a document takes so many seconds."""
        return self.rate * seconds


@dataclass(frozen=True)
class Model:
    """What a document, and a page of a scan, takes of the cores, what a document takes of those of
    PostgreSQL, in seconds; and the limits.
    """

    seconds: float
    seconds_a_page: float
    seconds_of_postgres: float
    limits: Sequence[Limit]

    def rate(self, cores: int) -> float:
        """Say how many documents a second so many cores make while nothing is full."""
        return cores / self.seconds

    @property
    def first(self) -> Limit:
        """Give what is full first."""
        return min(self.limits, key=lambda limit: limit.rate)


def reckon(results: Mapping[str, Any]) -> Model:
    """Reckon what a document takes, from the results of the benchmarks by their names."""
    text, idle = results["scale"]["text"], results["scale"].get("idle", {})
    told, rate = (
        text["run"]["cpu_seconds_per_document_by_role"],
        text["run"]["documents_per_second"],
    )
    costs = {role: max(seconds - idle.get(role, 0.0) / rate, 0.0) for role, seconds in told.items()}
    kept = results["persistence"]
    corpus = text["corpus"]
    # The texts of the other benchmarks are shorter, and what is stored follows the length.
    longer = (corpus["characters"] / corpus["documents"]) / (
        kept["corpus"]["characters"] / kept["corpus"]["documents"]
    )
    rows = sum(kept["rounds"][0]["rows"].values()) / kept["corpus"]["documents"] * longer
    copied = statistics.median(one["persistence"]["rows_per_second"] for one in kept["rounds"])
    plain = statistics.median(one["copy"]["rows_per_second"] for one in kept["rounds"])
    stored = results["volume"]["steps"][-1]["redis_bytes_per_document"] * longer * TRIPS
    names = results["resolution"]["one_document_more"]["settled_a_document"]
    name = results["resolution"]["cost_of_a_name_microseconds"][-1] / 1e6
    limits = [
        *(_busy(what, costs[role], idle.get(role, 0.0)) for role, what in ONE.items()),
        Limit(
            "the registry of a project",
            f"{names:.0f} names of {name * 1e6:.0f} µs of a core",
            1 / (names * name),
        ),
        Limit("rows through one persistence actor", f"{rows:.0f} rows", copied / rows),
        Limit("rows by plain COPY, one connection", f"{rows:.0f} rows", plain / rows),
        Limit("the line to Redis, 10 Gbit/s", f"{stored / 1024:.0f} KiB", NETWORK / stored),
    ]
    return Model(
        seconds=costs[STAGES] + costs[RAY],
        seconds_of_postgres=costs[POSTGRES],
        seconds_a_page=_seconds_a_page(results["large_scan"]),
        limits=sorted(limits, key=lambda limit: limit.rate),
    )


def _busy(what: str, seconds: float, idle: float) -> Limit:
    """Make the limit of a process that takes so many seconds of a core for a document, and a share
    of it in any case.
    """
    takes = f"{seconds * 1000:.2f} ms of a core"
    # One that takes next to nothing is no limit.
    rate = (1 - idle) / max(seconds, 1e-6)
    return Limit(what, f"{takes}, and {idle:.1%} always" if idle else takes, rate)


def _seconds_a_page(scan: Mapping[str, Any]) -> float:
    """Say how many seconds of a core a page takes: between the small scan and the large one, so
    that what a run takes at its ends is in neither.
    """
    small, large = scan["runs"]["small"], scan["runs"]["large"]
    seconds: float = large["seconds"] - small["seconds"]
    pages: int = large["pages"] - small["pages"]
    return seconds / pages * int(scan["machine"]["cores"])


def written(made: Model) -> str:
    """Write a model as Markdown."""
    seconds, page = made.seconds, made.seconds_a_page
    known = (
        f"A text of 1,000 words takes {seconds:.2f} s of a core in the stages, a scanned page "
        f"{page:.1f} s. What there is one of, in the order in which it is full:"
    )
    limits = [
        f"| {x.what} | {x.takes} | {x.rate:,.0f} | {x.cores(seconds):,.0f} |" for x in made.limits
    ]
    heads = (
        "cores", "texts a second", "texts a day", "scanned pages a second", "cores of PostgreSQL",
        made.first.what,
    )  # fmt: skip
    rows = []
    for cores in CORES:
        rate = made.rate(cores)
        share = rate / made.first.rate
        busy = f"{share:.0%} busy" if share <= 1 else f"the limit: {made.first.rate:,.0f} a second"
        kept = rate * made.seconds_of_postgres
        rows.append(
            f"| {cores:,} | {rate:,.0f} | {rate * 86_400:,.0f} | {cores / page:,.0f} | {kept:,.1f} "
            f"| {busy} |"
        )
    return "\n".join(
        [
            known,
            "",
            "| | a document takes | documents a second, at most | full at so many cores |",
            "|---|---|---|---|",
            *limits,
            "",
            f"| {' | '.join(heads)} |",
            "|---" * len(heads) + "|",
            *rows,
        ]
    )


def model(folder: Path) -> str:
    """Read the results of a folder and write what follows. Raises SystemExit for one that is not
    there.
    """
    lacking = [name for name in NEEDED if not (folder / f"{name}.json").exists()]
    if lacking:
        raise SystemExit(f"measure first what is not in {folder}: {', '.join(lacking)}")
    results = {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in NEEDED}
    return written(reckon(results))


def in_place(document: Path, text: str) -> None:
    """Put a text between the two marks of a document. Raises SystemExit where they are not."""
    words = document.read_text("utf-8")
    before, mark, rest = words.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise SystemExit(f"{document} has no place for it, between {BEGIN} and {END}")
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
