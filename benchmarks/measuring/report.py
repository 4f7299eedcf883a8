"""What was measured, set against the targets, as JSON and as a table."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

STAGES_AT_MOST, CEILING_AT_LEAST = 1.15, 0.85
MEBIBYTE = 1 << 20
BESIDE = {"chunk": "embeddings", "extract": "spacy"}
"""Which of the plain script's two models does the bulk of a stage's work."""


def machine() -> dict[str, Any]:
    """Describe where this was measured."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "load_average": os.getloadavg(),
    }


def write(result: Mapping[str, Any], output: Path) -> None:
    """Write what was measured as JSON, and make the folder for it."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def summary(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Give the medians over the rounds of what has a target."""
    found = {
        "stages_to_plain": [r["stages"]["ratio"] for r in rounds if "stages" in r],
        "ceiling_to_run": [r["ceiling_to_run"] for r in rounds if "ceiling_to_run" in r],
    }
    return {name: statistics.median(values) for name, values in found.items() if values}


def compare(round_: dict[str, Any]) -> None:
    """Add how near the run came to the ceilings that stood around it: their mean by its time."""
    if "run" in round_ and round_.get("ceilings"):
        mean = statistics.fmean(ceiling["seconds"] for ceiling in round_["ceilings"])
        round_["ceiling_to_run"] = mean / round_["run"]["seconds"]


def show(result: Mapping[str, Any]) -> None:
    """Print everything as tables."""
    console = Console(highlight=False)
    corpus = result["corpus"]
    console.print(
        f"{corpus['documents']} documents, {corpus['words']:,} words "
        f"(at least {corpus['shortest_words']:,} each): {corpus['source']}"
    )
    for number, round_ in enumerate(result["rounds"], start=1):
        console.print(f"\nround {number} of {len(result['rounds'])}", style="bold")
        if "stages" in round_:
            console.print(_stages_table(round_["stages"]))
        if round_.get("ceilings") or "run" in round_:
            console.print(_run_table(round_))
        if "run" in round_:
            console.print(_bytes_table(round_["run"]))
    console.print()
    for line in _verdicts(result["summary"]):
        console.print(line)


def _stages_table(stages: Mapping[str, Any]) -> Table:
    table = Table(title="CPU seconds for 1,000 words, one process", title_justify="left")
    for name, side in (("stage", "left"), ("stages", "right"), ("plain script", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    plain = stages["plain_cpu_seconds_per_1000_words"]
    for name, seconds in stages["cpu_seconds_per_1000_words"].items():
        model = BESIDE.get(name)
        beside = f"{plain[model]:.4f} ({model})" if model else ""
        table.add_row(name, f"{seconds:.4f}", beside)
    table.add_section()
    table.add_row("sum", f"{stages['stages_total']:.4f}", f"{stages['plain_total']:.4f}")
    table.add_row("ratio", f"{stages['ratio']:.3f}", "1")
    return table


def _run_table(round_: Mapping[str, Any]) -> Table:
    table = Table(title="Wall time of all documents", title_justify="left")
    for name in ("", "seconds", "documents/s", "words/s"):
        table.add_column(name, justify="right" if name else "left")
    for number, ceiling in enumerate(round_.get("ceilings", ())):
        name = ("ceiling, before", "ceiling, after")[number] if "run" in round_ else "ceiling"
        table.add_row(f"{name} ({ceiling['processes']} processes)", *_speed(ceiling))
    if "run" in round_:
        run = round_["run"]
        table.add_row("casegraph run, steady", *_speed(run))
        table.add_section()
        table.add_row("  start and end of it", f"{run['startup_seconds']:.1f}", "", "")
        table.add_row("  servers' first start", f"{run['services_start_seconds']:.1f}", "", "")
    if "ceiling_to_run" in round_:
        table.add_section()
        table.add_row("ceiling / run", f"{round_['ceiling_to_run']:.3f}", "", "")
    return table


def _speed(of: Mapping[str, Any]) -> tuple[str, str, str]:
    per_second = f"{of['documents_per_second']:.2f}"
    return f"{of['seconds']:.1f}", per_second, f"{of['words_per_second']:,.0f}"


def _bytes_table(run: Mapping[str, Any]) -> Table:
    table = Table(title="What the run took", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_column("most of it")
    memory = run["memory"]
    programs = memory["peak_bytes_by_program"]
    table.add_row(
        f"peak memory, {memory['peak_processes']} processes",
        f"{memory['peak_bytes'] / MEBIBYTE:,.0f} MiB",
        _largest((name, f"{size / MEBIBYTE:,.0f}") for name, size in programs.items()),
    )
    for store, by in (("postgres", "table"), ("redis", "key")):
        total = f"{store}_bytes_per_document"
        table.add_row(
            f"{store}, a document",
            f"{run[total] / 1024:,.0f} KiB",
            _largest((k, f"{v / 1024:,.0f}") for k, v in run[f"{total}_by_{by}"].items()),
        )
    return table


def _largest(parts: Iterable[tuple[str, str]]) -> str:
    """Write the first few of what is in order of size."""
    return ", ".join(f"{name} {size}" for name, size in list(parts)[:5])


def _verdicts(medians: Mapping[str, float]) -> list[str]:
    lines = []
    if "stages_to_plain" in medians:
        ratio = medians["stages_to_plain"]
        reached = "reached" if ratio <= STAGES_AT_MOST else "missed"
        lines.append(f"stages / plain script: {ratio:.3f}, at most {STAGES_AT_MOST}: {reached}")
    if "ceiling_to_run" in medians:
        ratio = medians["ceiling_to_run"]
        reached = "reached" if ratio >= CEILING_AT_LEAST else "missed"
        lines.append(f"ceiling / run, steady: {ratio:.3f}, at least {CEILING_AT_LEAST}: {reached}")
    return lines
