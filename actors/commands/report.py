"""`casegraph report`: what a run came to, by stage, type of file and error."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from actors.commands.common import json_option, print_json, project_option, say
from actors.commands.opening import opened_services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.stores.run_reports import RunReport


@click.command(short_help="Show what a run came to.")
@project_option
@click.option("--run", "run", metavar="ID", default="", help="The run, by the beginning of its id.")
@json_option
def report(project: str, run: str, as_json: bool) -> None:
    """Show what the last run that ended came to, or the one of that id: what each stage made of
    which type of file and how long it took, what failed and why, warnings, waits, changes of mode,
    and what language models cost.
    """
    from pipeline.stores.project_reader import find_project
    from pipeline.stores.run_reports import RunReports

    with opened_services() as (_, engine, _):
        found = RunReports(engine, find_project(engine, project)).report(run)
    if found is None:
        if as_json:
            print_json({"project": project, "run": None})
        else:
            say("no run has ended yet; see `casegraph status --watch` for one that is at work")
    elif as_json:
        print_json(_as_json(project, found))
    else:
        _print(project, found)


def _as_json(project: str, found: RunReport) -> dict[str, Any]:
    """Make the object of `report --json`."""
    return {
        "project": project,
        "run": found.run,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "outcome": _outcome(found),
        "summary": dict(found.summary),
        "failures": [row._asdict() for row in found.failures],
        "warnings": [row._asdict() for row in found.warnings],
        "skipped": [row._asdict() for row in found.skipped],
        "language_models": found.models.as_json(),
    }


def _outcome(found: RunReport) -> str:
    """Say how a run ended: one whose lease ran out did not end by itself."""
    return found.outcome or ("running" if found.alive else "interrupted")


def _print(project: str, found: RunReport) -> None:
    """Show a report to a person."""
    from rich.markup import escape

    from actors.commands.printing import console, print_table

    out, summary = console(), found.summary
    started = f"{found.started_at:%Y-%m-%d %H:%M} UTC"
    out.print(
        f"[bold]{escape(project)}[/]  run {found.run}: {_outcome(found)}, started {started}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if not summary:
        out.print("it said nothing at its end: what it did is in `casegraph status`", markup=False)
    stages = summary.get("work", {}).get("stages", {})
    if work := list(_work(stages)):
        print_table(["stage", "type of file", "made", "reused", "failed", "seconds"], work)
    if times := list(_times(stages)):
        columns = ["stage", "work, median s", "95th", "wait, median s", "95th", "lost"]
        print_table(columns, times)
    if found.failures:
        rows = [(*x[:4], f"{x.source}: {' '.join(x.message.split())}") for x in found.failures]
        columns = ["failed in", "type of file", "error", "documents", "such as"]
        print_table(columns, rows, fold=["such as"])
    if found.warnings:
        print_table(["warning", "contents", "such as"], found.warnings, fold=["warning", "such as"])
    if found.skipped:
        columns = ["skipped in the project", "documents", "such as"]
        print_table(columns, found.skipped, fold=["skipped in the project", "such as"])
    for line in _lines(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if found.failures:
        of = shlex.quote(project)
        out.print(f"each of them: casegraph failures --project {of}", markup=False, highlight=False)


def _work(stages: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Give a row for each type of file that a stage had, in the stages' order."""
    from pipeline.stage import STAGES

    for stage in STAGES:
        types: Mapping[str, Any] = stages.get(stage, {}).get("types", {})
        for type_, of in types.items():
            yield (
                stage.value,
                type_,
                of["made"],
                of["reused"],
                of["failed"],
                round(of["seconds"], 2),
            )


def _times(stages: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Give a row for each stage that worked: seconds for a content, and until one was taken up."""
    from pipeline.stage import STAGES

    for stage in STAGES:
        if of := stages.get(stage):
            service, queue = of["service"], of["queue"]
            seconds = (service["median"], service["p95"], queue["median"], queue["p95"])
            if service["count"] or queue["count"]:
                yield (stage.value, *(round(x, 3) for x in seconds), of["lost"])


def _lines(found: RunReport) -> Iterator[str]:
    """Say what is left, a line each."""
    from actors.progress import clock
    from pipeline.counting import counted

    summary = found.summary
    if summary:
        done = (
            f"{counted(summary['completed'], 'document')} completed, {summary['failed']:,} failed"
        )
        yield f"{done}, in {clock(summary['seconds'])} of work"
        for name, words in (
            ("latency", "from admitted to persisted"),
            ("store_wait", "of that, waiting for stores"),
        ):
            if (of := summary.get(name, {})).get("count"):
                yield f"{words}: median {of['median']:.2f} s, 95th {of['p95']:.2f} s"
    yield from _work_lines(summary.get("work", {}))
    if found.models.calls:
        yield f"language models: {found.models}"
    if reason := summary.get("reason"):
        yield f"why it ended: {reason}"
    if behind := summary.get("behind"):
        yield f"entities were not up to date: {behind}"


def _work_lines(work: Mapping[str, Any]) -> Iterator[str]:
    """Say what the caches had, and when the run changed its mode or stood still."""
    from actors.progress import clock

    for cache, use in work.get("caches", {}).items():
        if use["asked"]:
            share = use["found"] / use["asked"]
            yield f"{cache} cache: {use['found']:,} of {use['asked']:,} found ({share:.0%})"
    for note in work.get("modes", ()):
        why = f": {note['why']}" if note["why"] else ""
        yield f"{note['what']} mode after {clock(note['after'])}{why}"
    for note in work.get("stalls", ()):
        yield f"stalled after {clock(note['after'])}: {note['why']}"
