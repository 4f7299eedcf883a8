"""The reading commands, one after the other: seconds, and the memory of each at its highest."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from measuring.whole import PROJECT, casegraph, environment
from pipeline import assembly
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

LOOK_SECONDS = 0.02
WORDS = ("government", "forces")


def reading_commands(entity: str, document: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Name what is measured, with its arguments."""
    yield "status", ["status"]
    yield "entities", ["entities"]
    yield "entities, all", ["entities", "--limit", "1000000000", "--json"]
    yield "entities --match", ["entities", "--match", "united"]
    yield "search", ["search", *WORDS]
    yield "show an entity", ["show", entity]
    yield "show a document", ["show", document]
    for form in ("jsonl", "csv", "parquet", "graphml"):
        yield f"export {form}", ["export", "--format", form, "--output", str(folder / form)]
    yield "digest", ["digest"]


def measure_reading(settings: Settings, urls: ServiceUrls, project: str) -> dict[str, Any]:
    """Run each command once. Raises SystemExit with what one said that failed."""
    reader = assembly.open_reader(urls, project)
    entity = next(reader.entities(limit=1)).id
    document = next(reader.documents()).source
    reader.close()
    figures = {}
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as name:
        for what, arguments in reading_commands(entity, document, Path(name)):
            command = [*casegraph(), *arguments, "--project", PROJECT]
            figures[what] = timed(command, settings.home_folder)
    return figures


def timed(command: Sequence[str], home: Path) -> dict[str, Any]:
    """Run a command whose output nobody reads; measure seconds and peak memory.

    What it prints is written to a file, since a pipe nobody empties would hold it up.
    """
    with tempfile.TemporaryFile() as said, Path(os.devnull).open("wb") as nowhere:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment(home), stdout=nowhere, stderr=said)
        peak = 0
        while process.poll() is None:
            peak = max(peak, highest_memory(process.pid))
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - began
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode()}")
    return {
        "seconds": seconds,
        "peak_bytes": peak,
    }


def highest_memory(pid: int) -> int:
    """Read the most resident memory in bytes that a process has had; 0 for one that is gone.

    Not `ru_maxrss`, which begins with what the parent had when it started the process.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
