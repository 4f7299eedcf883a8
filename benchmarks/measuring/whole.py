"""The whole of `casegraph run`, in a fresh home with the servers it brings along."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil

from measuring.footprint import footprint, growth
from measuring.growth import ProcessPeaks
from measuring.memory import PeakMemory
from measuring.texts import Corpus
from pipeline import assembly
from pipeline.settings import Settings, load_settings
from pipeline.stores import embedded

PROJECT = "benchmark"
STOP_SECONDS = 60.0

Roots = Callable[[], Iterable[psutil.Process]]


def measure_whole(corpus: Corpus) -> dict[str, Any]:
    """Run all documents once. Raises SystemExit with what `casegraph` said if it fails."""
    with fresh_home() as home:
        settings = load_settings(home=home)
        began = time.monotonic()
        urls = assembly.open_services(settings)
        services_seconds = time.monotonic() - began
        before = footprint(urls)
        began = time.monotonic()
        report, memory = run_under(settings, corpus.folder, PeakMemory)
        wall = time.monotonic() - began
        after = footprint(urls)
    done = report["documents"]
    if done["completed"] != len(corpus.paths):
        raise SystemExit(f"not all {len(corpus.paths)} documents were completed: {done}")
    steady = report["seconds"] - report["startup_seconds"]
    return {
        "seconds": steady,
        "services_start_seconds": services_seconds,
        "startup_seconds": report["startup_seconds"],
        "command_wall_seconds": wall,
        "documents_per_second": len(corpus.paths) / steady,
        "words_per_second": sum(corpus.words) / steady,
        "entities": report["entities"],
        "relationships": report["relationships"],
        "memory": memory.as_json(),
        **growth(before, after, len(corpus.paths)),
    }


@contextlib.contextmanager
def fresh_home() -> Iterator[Path]:
    """Give an empty home; afterwards stop what runs in it and remove it, come what may."""
    home = Path(tempfile.mkdtemp(prefix="casegraph-benchmark-"))
    try:
        yield home
    finally:
        try:
            _stop_services(home)
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _stop_services(home: Path) -> None:
    """Stop the servers as a person does; if that is refused, without saving what they hold."""
    done = subprocess.run(
        [*casegraph(), "services", "stop"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        embedded.stop_services(load_settings(home=home))


Watch = TypeVar("Watch", PeakMemory, ProcessPeaks)


def run_under(
    settings: Settings,
    source: Path,
    watch: Callable[[Roots], Watch],
    more: Mapping[str, str] | None = None,
) -> tuple[Mapping[str, Any], Watch]:
    """Run the command to its end, watched; give its report and what watched it.

    `more` goes into the command's environment.
    """
    command = [*casegraph(), "run", str(source), "--project", PROJECT, "--json"]
    process = subprocess.Popen(
        command,
        env={**environment(settings.home_folder), **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def roots() -> Iterator[psutil.Process]:
        """Find the command, and the servers, which are no children of it."""
        pids = [process.pid, *(state.pid for state in embedded.service_status(settings))]
        for pid in pids:
            if pid is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    yield psutil.Process(pid)

    try:
        with watch(roots) as watched:
            out, err = process.communicate()
    finally:
        _end(process)
    if process.returncode:
        raise SystemExit(f"casegraph run ended with {process.returncode}:\n{err}")
    report: Mapping[str, Any] = json.loads(out)
    return report, watched


def _end(process: subprocess.Popen[str]) -> None:
    """End a run that was left behind: it drains when asked, and takes Ray with it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def casegraph() -> list[str]:
    """Give the command by which `casegraph` is called here."""
    return [sys.executable, "-m", "actors.cli"]


def environment(home: Path) -> dict[str, str]:
    """Give the environment in which `casegraph` works in that home."""
    return {**os.environ, "CASEGRAPH_HOME": str(home)}
