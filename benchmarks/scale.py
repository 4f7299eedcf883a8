"""What more cores, nodes and documents cost: `python benchmarks/scale.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from measuring import report
from measuring.ceiling import measure_ceiling
from measuring.fused import burning, measure_fused, small_flow
from measuring.model import in_place, model
from measuring.scale_report import show, verdicts
from measuring.small_case import EVERYWHERE, Place, held_to, measure_idle, measure_run, services
from measuring.small_texts import write_small
from measuring.story import layer
from measuring.texts import Corpus, make_corpus

from pipeline.settings import load_settings
from pipeline.stage import STAGES

OUTPUT = Path(__file__).resolve().parent / "results" / "scale.json"
PARTS = ("cases", "text", "idle", "length", "window")
BURNS: Mapping[str, float] = {"light": 0.001, "heavy": 0.1}
"""CPU seconds of an input, in each stage."""
NODES = (1, 3)
FUSED: Mapping[str, int] = {"light": 500, "heavy": 30}
"""How many documents go through the stages in one process, at most."""
CORES = min(2, len(EVERYWHERE))
STANDING = 64
WINDOWS = (20, 128)
IN_A_WINDOW, CHARACTERS, WINDOW_BURNS = 600, 20_000, 0.005


def main() -> None:
    """Measure, print tables, and write JSON; or print the model that follows from results."""
    options = read_options()
    if options.model is not None:
        say_model(options.output.parent, options.model)
        return
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    output = options.output.resolve()
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        measured = measure(Path(name), options)
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "burns_seconds": dict(BURNS),
        **measured,
        "verdicts": verdicts(measured),
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def say_model(results: Path, where: str) -> None:
    """Print what follows from the results of a folder, or put it into a document."""
    text = model(results)
    if where == "-":
        print(text)
    else:
        in_place(Path(where), text)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skip", action="append", choices=PARTS, default=[], help="leave out")
    parser.add_argument("--cores", type=int, action="append", metavar="N", help="default 1 and 2")
    parser.add_argument(
        "--raylets", type=int, action="append", metavar="N", help=f"default {NODES}"
    )
    parser.add_argument("--kind", choices=BURNS, action="append", help="default both")
    parser.add_argument(
        "--documents", type=int, default=1_000, metavar="N", help="light ones, default 1,000"
    )
    parser.add_argument(
        "--heavy", type=int, default=100, metavar="N", help="heavy ones, default 100"
    )
    parser.add_argument(
        "--texts", type=int, default=400, metavar="N", help="of 1,000 words, default 400"
    )
    parser.add_argument(
        "--many", type=int, default=20_000, metavar="N", help="light ones, default 20,000"
    )
    parser.add_argument(
        "--model", nargs="?", const="-", metavar="FILE",
        help="print what follows from the results that are there, or put it into a document",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all that is not left out."""
    measured: dict[str, Any] = {}
    if "cases" not in options.skip:
        counts = {"light": options.documents, "heavy": options.heavy}
        measured["cases"] = [
            case
            for kind in options.kind or BURNS
            for corpus in [write_small(folder / kind / "documents", counts[kind])]
            for cores in options.cores or sorted({1, CORES})
            for case in cases(kind, corpus, cores, options.raylets or NODES)
        ]
    if "text" not in options.skip:
        corpus = make_corpus(folder / "texts" / "documents", options.texts, None)
        measured["text"] = text(corpus)
    if "idle" not in options.skip:
        measured["idle"] = idle(write_small(folder / "idle" / "documents", STANDING))
    if "length" not in options.skip:
        measured["length"] = [
            light(write_small(folder / f"{count}" / "documents", count))
            for count in (options.documents, options.many)
        ]
    if "window" not in options.skip:
        count = min(IN_A_WINDOW, options.documents)
        corpus = write_small(folder / "window" / "documents", count, CHARACTERS)
        measured["window"] = [windowed(corpus, window) for window in WINDOWS]
    return measured


def cases(
    kind: str, corpus: Corpus, cores: int, nodes: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Run documents of one kind on so many cores, with each number of nodes, between two
    measurements of the ceiling, since other work comes and goes.
    """
    burning(BURNS[kind])
    what = f"{kind} documents on {cores} core(s)"
    with held_to(cores):
        settings = load_settings()
        say(f"{what}: the ceiling")
        ceilings = [measure_ceiling(settings, corpus, small_flow)["seconds"]]
        found = []
        for count in nodes:
            say(f"{what}: {count} raylet(s)")
            with services() as (own, urls):
                fused = measure_fused(own, urls, corpus, BURNS[kind], FUSED[kind])
                run = measure_run(own, urls, corpus, Place(cores, count))
            found.append((count, fused, run))
        say(f"{what}: the ceiling, again")
        ceilings.append(measure_ceiling(settings, corpus, small_flow)["seconds"])
    ceiling, work = statistics.fmean(ceilings), BURNS[kind] * len(STAGES)
    for count, fused, run in found:
        costs = run["cpu_seconds_per_document_by_role"]
        yield {
            "kind": kind,
            "cores": cores,
            "raylets": count,
            "work_seconds_per_document": work,
            "ceiling_seconds": ceilings,
            "efficiency": ceiling / run["seconds"],
            "fused": fused,
            "ray_layer": layer(costs, fused["seconds_per_document"], work),
            "run": run,
        }


def text(corpus: Corpus) -> dict[str, Any]:
    """Run texts through the real stages, between two measurements of the ceiling."""
    count = f"{len(corpus.paths)} texts"
    with held_to(CORES):
        settings = load_settings()
        say(f"{count}: the ceiling")
        ceilings = [measure_ceiling(settings, corpus)["seconds"]]
        say(count)
        with services() as (own, urls):
            run = measure_run(own, urls, corpus, Place(CORES), real=True)
        say(f"{count}: the ceiling, again")
        ceilings.append(measure_ceiling(settings, corpus)["seconds"])
    return {
        "cores": CORES,
        "corpus": corpus.as_json(),
        "ceiling_seconds": ceilings,
        "efficiency": statistics.fmean(ceilings) / run["seconds"],
        "run": run,
    }


def idle(corpus: Corpus) -> dict[str, float]:
    """Let a run stand still."""
    say("a run that stands still")
    with held_to(CORES), services() as (settings, urls):
        return measure_idle(settings, urls, corpus, Place(CORES))


def light(corpus: Corpus) -> dict[str, Any]:
    """Run light documents."""
    burning(BURNS["light"])
    say(f"{len(corpus.paths):,} light documents")
    with held_to(CORES), services() as (settings, urls):
        return measure_run(settings, urls, corpus, Place(CORES))


def windowed(corpus: Corpus, window: int) -> dict[str, Any]:
    """Run larger documents, so many in flight."""
    burning(WINDOW_BURNS)
    say(f"{window} documents in flight")
    with held_to(CORES), services() as (settings, urls):
        run = measure_run(settings, urls, corpus, Place(CORES, window=window))
    return {"window": window, **run}


def say(what: str) -> None:
    """Tell the person what goes on."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
