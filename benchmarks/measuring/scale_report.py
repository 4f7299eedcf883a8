"""What `scale.py` measured, set against the targets, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

MEBIBYTE = 1 << 20
TEXT_AT_LEAST, LAYER_AT_MOST = 0.90, 0.05
LONGER_AT_MOST = 1.10
COORDINATOR_AT_MOST, WINDOW_AT_MOST = 16 * MEBIBYTE, 128 * MEBIBYTE
IN_FLIGHT_AT_LEAST = 100
HEAVY = "heavy"


def verdicts(measured: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Set what has a target against it: of what was measured."""
    found = []
    if "text" in measured:
        efficiency = measured["text"]["efficiency"]
        found.append(_verdict("efficiency, texts", efficiency, TEXT_AT_LEAST, least=True))
    heavy = [case for case in measured.get("cases", ()) if case["kind"] == HEAVY]
    for case in heavy:
        what = f"Ray's share, 100 ms an input, {case['cores']} cores, {case['raylets']} raylets"
        found.append(_verdict(what, case["ray_layer"]["share_of_work"], LAYER_AT_MOST))
    if "length" in measured:
        few, many = measured["length"]
        ratio = many["cpu_seconds_per_document"] / few["cpu_seconds_per_document"]
        what = f"CPU of a document, {many['documents']:,} to {few['documents']:,}"
        found.append(_verdict(what, ratio, LONGER_AT_MOST))
        grown = _growth(many["coordinator_bytes_over_time"])
        found.append(_verdict("growth of the coordinator, bytes", grown, COORDINATOR_AT_MOST))
    if "window" in measured:
        narrow, wide = measured["window"][0], measured["window"][-1]
        what = f"documents in flight, of {wide['window']}"
        found.append(_verdict(what, wide["under_way_at_once"], IN_FLIGHT_AT_LEAST, least=True))
        more = wide["highest_bytes"] - narrow["highest_bytes"]
        what = f"more memory than with {narrow['window']} in flight, bytes"
        found.append(_verdict(what, more, WINDOW_AT_MOST))
    return found


def _verdict(what: str, is_: float, target: float, *, least: bool = False) -> dict[str, Any]:
    reached = is_ >= target if least else is_ <= target
    side = "at_least" if least else "at_most"
    return {"what": what, "is": is_, side: target, "reached": reached}


def _growth(over_time: Sequence[int]) -> int:
    """Say by how much something grew: its end less its beginning, each the mean of a quarter, since
    a process takes and gives back all the time.
    """
    quarter = max(len(over_time) // 4, 1)
    return round((sum(over_time[-quarter:]) - sum(over_time[:quarter])) / quarter)


def show(result: Mapping[str, Any]) -> None:
    """Print everything as tables."""
    console = Console(highlight=False, width=140)
    if "cases" in result:
        console.print(_cases(result["cases"]))
    runs = [(_name(case), case["run"]) for case in result.get("cases", ())]
    if "text" in result:
        text = result["text"]
        console.print(
            f"{text['run']['documents']} texts on {text['cores']} cores: efficiency "
            f"{text['efficiency']:.3f}, {text['run']['documents_per_second']:.2f} documents/s"
        )
        runs.append(("texts", text["run"]))
    if "idle" in result:
        told = ", ".join(f"{role} {share:.1%}" for role, share in result["idle"].items())
        console.print(f"a run that stands still takes of a core: {told}")
    runs += [(f"{run['documents']:,} light", run) for run in result.get("length", ())]
    runs += [(f"window {run['window']}", run) for run in result.get("window", ())]
    if runs:
        console.print(_roles(runs))
        console.print(_memory(runs))
    for verdict in result["verdicts"]:
        side = "at least" if "at_least" in verdict else "at most"
        target = verdict.get("at_least", verdict.get("at_most"))
        reached = "reached" if verdict["reached"] else "missed"
        console.print(f"{verdict['what']}: {verdict['is']:,.3f}, {side} {target:,}: {reached}")


def _name(case: Mapping[str, Any]) -> str:
    return f"{case['kind']} {case['cores']}c {case['raylets']}r"


def _cases(cases: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(
        title="CPU of a document, ms: work, the stages in one process, Ray's layer beside that",
        title_justify="left",
    )
    for head in ("", "documents", "documents/s", "ceiling/run", "work", "fused", "Ray", "of work"):
        table.add_column(head, justify="right" if head else "left")
    for case in cases:
        run, layer = case["run"], case["ray_layer"]
        table.add_row(
            _name(case),
            f"{run['documents']:,}",
            f"{run['documents_per_second']:.1f}",
            f"{case['efficiency']:.3f}",
            f"{case['work_seconds_per_document'] * 1000:.1f}",
            f"{case['fused']['seconds_per_document'] * 1000:.1f}",
            f"{layer['seconds_per_document'] * 1000:.1f}",
            f"{layer['share_of_work']:.1%}",
        )
    return table


def _roles(runs: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(title="CPU of a document by role, ms", title_justify="left")
    table.add_column("")
    for name, _ in runs:
        table.add_column(name, justify="right")
    costs = [run["cpu_seconds_per_document_by_role"] for _, run in runs]
    for role in dict.fromkeys(role for cost in costs for role in cost):
        table.add_row(role, *(f"{cost.get(role, 0.0) * 1000:.2f}" for cost in costs))
    table.add_section()
    table.add_row("all", *(f"{sum(cost.values()) * 1000:.2f}" for cost in costs))
    return table


def _memory(runs: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(
        title="Memory, MiB; from a fifth of the documents to the end", title_justify="left"
    )
    for head in ("", "coordinator", "", "Ray", "", "all", "", "highest", "in flight"):
        table.add_column(head, justify="right" if head else "left")
    for name, run in runs:
        table.add_row(
            name,
            *_ends(run["coordinator_bytes_over_time"]),
            *_ends(run["ray_bytes_over_time"]),
            *_ends(run["bytes_over_time"]),
            f"{run['highest_bytes'] / MEBIBYTE:,.0f}",
            f"{run['under_way_at_once']:,}",
        )
    return table


def _ends(over_time: Sequence[int]) -> tuple[str, str]:
    return f"{over_time[0] / MEBIBYTE:,.0f}", f"{over_time[-1] / MEBIBYTE:,.0f}"
