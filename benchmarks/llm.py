"""How well a run keeps a language model busy that takes long: `python benchmarks/llm.py --help`.

The model is the tests' scripted server, which answers after a fixed time: so many questions at
once, each of so many seconds, are the ideal. What is counted is counted there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import report
from measuring.databases import own_database
from measuring.whole import PROJECT, environment, fresh_home
from rich.console import Console

from pipeline import assembly
from pipeline.settings import load_settings
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.redis_connection import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from faults.asking_stages import MODEL, naming
from faults.small_cli import ASKS, ON_RAY
from scripted_llm import Asked, Exchange, ScriptedLlm, always, slowly

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = Path(__file__).resolve().parent / "results" / "llm.json"
SHARE_AT_LEAST, CALLS_AGAIN_AT_MOST = 0.9, 0
STAGES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "small": ("faults.small_cli", {ASKS: "1", ON_RAY: "1"}),
    "real": ("actors.cli", {"CASEGRAPH_EXTRACT__EXTRACTOR": "llm"}),
}
"""The command whose stages ask: those of the tests, which compute next to nothing, or the real."""
LINE = "Ann Lee met Bob Ray in the hall on day {day} of year {year}, and they said nothing."


def main() -> None:
    """Measure, print, and write JSON."""
    options = read_options()
    # An end by a signal has to stop servers and remove folders as any other end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    output = options.output.resolve()
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name, contextlib.chdir(name):
        folder = write(Path(name) / "documents", options.documents, options.chunks)
        figures = measure(folder, options)
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "stages": options.stages,
        "corpus": {"documents": options.documents, "chunks": options.chunks},
        "model": {"concurrency": options.concurrency, "seconds": options.seconds},
        **figures,
        "targets": {
            "share_at_least": SHARE_AT_LEAST,
            "calls_of_a_second_run_at_most": CALLS_AGAIN_AT_MOST,
        },
    }
    report.write(result, output)
    show(result)
    print(f"written to {output}")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=320, metavar="N", help="default 320")
    parser.add_argument(
        "--chunks", type=int, default=4, metavar="N", help="questions a document, default 4"
    )
    parser.add_argument("--concurrency", type=int, default=16, metavar="N", help="default 16")
    parser.add_argument(
        "--seconds", type=float, default=0.5, metavar="S", help="of an answer, default 0.5"
    )
    parser.add_argument("--stages", choices=STAGES, default="small", help="default small")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="the JSON")
    return parser.parse_args()


def write(folder: Path, documents: int, chunks: int) -> Path:
    """Write documents of which no two chunks are the same."""
    folder.mkdir()
    for number in range(documents):
        lines = [LINE.format(day=number, year=line) for line in range(chunks)]
        (folder / f"{number:05}.txt").write_text("\n".join(lines))
    return folder


class Clock:
    """Answers after so many seconds, and takes down when."""

    def __init__(self, seconds: float) -> None:
        self._answer = slowly(seconds, naming)
        self._lock = threading.Lock()
        self.first = self.last = 0.0

    def __call__(self, exchange: Exchange, asked: Asked) -> None:
        """Answer a request."""
        with self._lock:
            self.first = self.first or time.monotonic()
        self._answer(exchange, asked)
        with self._lock:
            self.last = time.monotonic()


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run twice: the second time `extract` is made to ask all of it again, and Redis is empty."""
    clock = Clock(options.seconds)
    with served(clock) as server, fresh_home() as home:
        settings = load_settings(home=home)
        with own_database(assembly.open_services(settings)) as urls:
            given = given_to(server, urls, home, options)
            told = run(folder, given, options.stages)
            first, most = len(server.asked), server.most_at_once
            with contextlib.closing(connect(urls.redis_url)) as client:
                client.flushdb()
            run(folder, given, options.stages, "--from", "extract")
            again = len(server.asked) - first
    ideal = options.concurrency / options.seconds
    busy = clock.last - clock.first
    steady = told["seconds"] - told["startup_seconds"]
    return {
        "calls": first,
        "most_at_once": most,
        "busy_seconds": busy,
        "steady_seconds": steady,
        "calls_per_second": first / busy,
        "ideal_calls_per_second": ideal,
        "share_of_ideal": first / busy / ideal,
        "share_of_ideal_of_the_whole_run": first / steady / ideal,
        "calls_of_a_second_run": again,
        "documents": told["documents"],
    }


@contextlib.contextmanager
def served(clock: Clock) -> Iterator[ScriptedLlm]:
    """Give a server that answers by a clock."""
    server = ScriptedLlm(always(clock))
    try:
        yield server
    finally:
        server.close()


def given_to(
    server: ScriptedLlm, urls: ServiceUrls, home: Path, options: argparse.Namespace
) -> dict[str, str]:
    """Make the environment of a run."""
    _, more = STAGES[options.stages]
    return {
        **environment(home),
        **more,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "CASEGRAPH_DATABASE_URL": urls.database_url,
        "CASEGRAPH_REDIS_URL": urls.redis_url,
        "CASEGRAPH_LLM__BASE_URL": server.url,
        "CASEGRAPH_LLM__MODEL": MODEL,
        "CASEGRAPH_LLM__CONCURRENCY": str(options.concurrency),
    }


def run(folder: Path, given: Mapping[str, str], stages: str, *more: str) -> Mapping[str, Any]:
    """Run the command to its end. Raises SystemExit with what it said if it fails."""
    program, _ = STAGES[stages]
    command = [sys.executable, "-m", program, "run", str(folder), "--project", PROJECT, "--json"]
    done = subprocess.run([*command, *more], env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"casegraph run ended with {done.returncode}:\n{done.stderr}")
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told


def show(result: Mapping[str, Any]) -> None:
    """Print what has a target, and what it is made of."""
    console = Console(highlight=False, width=120)
    model = result["model"]
    console.print(
        f"{result['calls']:,} questions of {model['seconds']:g} s, at most {model['concurrency']} "
        f"at once (seen: {result['most_at_once']}), in {result['busy_seconds']:.1f} s"
    )
    console.print(
        f"share of the ideal throughput: {result['share_of_ideal']:.3f}, of the whole run without "
        f"its start {result['share_of_ideal_of_the_whole_run']:.3f}; target {SHARE_AT_LEAST}"
    )
    console.print(
        f"questions of a second run: {result['calls_of_a_second_run']}; target "
        f"{CALLS_AGAIN_AT_MOST}"
    )


if __name__ == "__main__":
    main()
