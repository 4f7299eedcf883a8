"""The end of a run, as a person reads it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from itertools import chain

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.progress import clock
from actors.report import Report
from actors.run_result import OVER_BUDGET
from pipeline.counting import counted
from pipeline.stores.overview import Overview, TopEntity
from pipeline.walking import Passed, printable

WIDTH = 110
SPOKEN = frozenset({"en"})


def print_summary(report: Report, passed: Passed, again: Sequence[str]) -> None:
    """Print what a run did, what the project holds, what failed and why, and what to type next."""
    graph = report.graph
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=WIDTH)
    console.print(_headline(report))
    console.print(_counts(graph))
    if graph.top:
        console.print()
        console.print(_top(graph.top))
    notes = (
        _languages(report),
        _dropped(graph),
        _left_out(passed),
        _models(report),
        _mode(report),
        _behind(report),
    )
    for paragraph in chain.from_iterable(notes):
        console.print(paragraph, style="dim")
    if graph.with_warnings:
        console.print()
        console.print(_warnings(report), soft_wrap=True)
    if report.not_found.total:
        console.print()
        console.print(_not_found(report), soft_wrap=True)
    if report.skipped:
        console.print()
        console.print(_skipped(report), soft_wrap=True)
    if report.failures:
        console.print()
        console.print(_troubles(report), soft_wrap=True)
    console.print()
    console.print(_next(report, again))


def _dropped(graph: Overview) -> list[str]:
    """Say how much of what a model said no document says."""
    total = sum(number for counts in graph.dropped.values() for number in counts.values())
    if not total:
        return []
    return [f"Of what a model said {total:,} things were dropped: the texts do not say them."]


def _mode(report: Report) -> list[str]:
    """Say why the run ended without Redis, if it did."""
    if not report.mode_reason:
        return []
    return [f"{report.mode} mode: {report.mode_reason}"]


def _models(report: Report) -> list[str]:
    """Say what language models were asked, if they were."""
    return [f"Language models: {report.models}"] if report.models.calls else []


def _behind(report: Report) -> list[str]:
    """Say why one thing may still have several entities."""
    if not report.behind:
        return []
    return [f"Entities are not those of all documents yet ({report.behind}); run again to go on."]


def _headline(report: Report) -> Text:
    worked = sum(report.stage_calls.values())
    completed, failed, skipped = (
        report.documents.get(name, 0) for name in ("completed", "failed", "skipped")
    )
    if report.outcome == "failed":
        return Text(f"{report.project}: the run could not go on", style="bold red")
    if report.outcome in {"stopped", OVER_BUDGET}:
        where = " at what it may spend" if report.outcome == OVER_BUDGET else ""
        left = report.documents.get("pending", 0) + report.documents.get("running", 0)
        return Text(
            f"{report.project}: stopped{where} with {counted(left, 'document')} to go",
            style="bold yellow",
        )
    passed_over = f"; {counted(skipped, 'document')} skipped" if skipped else ""
    style = "bold yellow" if failed or skipped else "bold green"
    if not worked and not report.completed + report.failed and report.elsewhere:
        whole = _tally(completed, failed)
        return Text(
            f"{report.project}: another run did what was left,"
            f" {counted(report.elsewhere, 'document')}; in all {whole}{passed_over}"
            f" ({clock(report.seconds)})",
            style=style,
        )
    if not worked and not report.completed + report.failed:
        still = f"; {counted(failed, 'document')} failed before" if failed else ""
        same = "" if skipped else ", all is as it was"
        return Text(
            f"{report.project}: nothing to do{same}{still}{passed_over} ({clock(report.seconds)})",
            style=style,
        )
    done, whole = _tally(report.completed, report.failed), _tally(completed, failed)
    return Text(
        f"{report.project}: {done} in {clock(report.seconds)}"
        f" ({report.documents_per_second:.1f}/s after {clock(report.startup_seconds)} of starting)"
        f"{f'; in all {whole}' if whole != done else ''}{passed_over}",
        style=style,
    )


def _tally(completed: int, failed: int) -> str:
    return f"{counted(completed, 'document')} completed{f', {failed:,} failed' if failed else ''}"


def _counts(graph: Overview) -> Text:
    text = Text("  ")
    for number, word in (
        (graph.documents, "document"),
        (graph.pages, "page"),
        (graph.mentions, "mention"),
    ):
        amount, _, noun = counted(number, word).partition(" ")
        text.append(amount, style="bold").append(f" {noun}   ")
    text.append(f"{graph.entities:,}", style="bold")
    text.append(" entity   " if graph.entities == 1 else " entities   ")
    amount, _, noun = counted(graph.relationships, "relationship").partition(" ")
    return text.append(amount, style="bold").append(f" {noun} ({graph.typed:,} typed)")


def _top(top: Sequence[TopEntity]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Most connected", title_justify="left")
    for name in ("", "type"):
        table.add_column(name, no_wrap=True)
    for name in ("neighbours", "mentions", "documents"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in top:
        table.add_row(
            Text(one.name, style="bold"), one.type, str(one.degree), str(one.mentions),
            str(one.documents),
        )  # fmt: skip
    return table


def _languages(report: Report) -> list[str]:
    """Say in which languages no names were looked for; a model that is not spaCy's reads what it
    can.
    """
    if report.extractor != "spacy":
        return []
    foreign = ", ".join(
        f"{counted(count, 'document')} in {code}"
        for code, count in report.graph.languages
        if code not in SPOKEN
    )
    if not foreign:
        return []
    sentence = (
        f"No installed model reads {foreign}: only citations, dates, addresses and what else "
        "needs no grammar was looked for there."
    )
    return [sentence]


def _left_out(passed: Passed) -> list[str]:
    parts = [
        f"{count} {word}"
        for count, word in (
            (passed.hidden, "hidden (--hidden takes them)"),
            (passed.excluded, "by --include/--exclude"),
            (passed.special, "neither file nor folder"),
        )
        if count
    ]
    return [f"Left out: {', '.join(parts)}."] if parts else []


def _not_found(report: Report) -> Text:
    """Name documents whose files are gone; what became of them is nothing."""
    total, some = report.not_found
    were, them = ("was", "it") if total == 1 else ("were", "them")
    title = (
        f"{counted(total, 'document')} of the project {were} not found in these sources this time "
        f"(deleted, moved, or left out); what was read in {them} before stays in the graph until "
        "you forget it"
    )
    text = Text(f"{title}\n", style="bold")
    for source in some:
        text.append(f"  {source}\n", style="not bold yellow")
    if left := total - len(some):
        text.append(f"  … and {left:,} more\n", style="not bold")
    return text.append(f"  casegraph forget SOURCE {_of(report.project)}", style="not bold cyan")


def _warnings(report: Report) -> Text:
    """Name documents that were read with a loss."""
    total = report.graph.with_warnings
    text = _some(f"{counted(total, 'document')} with a warning", report.graph.warned, total)
    return text.append(f"  casegraph show DOCUMENT {_of(report.project)}", style="not bold cyan")


def _skipped(report: Report) -> Text:
    """Name documents that were not looked into."""
    total = report.documents["skipped"]
    text = _some(f"{counted(total, 'document')} skipped", report.skipped, total)
    return text.append(f"  casegraph failures {_of(report.project)}", style="not bold cyan")


def _some(title: str, shown: Sequence[tuple[str, str]], total: int) -> Text:
    """List some of the documents that something is to be said of; paths are never broken."""
    text = Text(f"{title}\n", style="bold")
    for source, what in shown:
        text.append(f"  {source}\n", style="not bold yellow")
        text.append(f"      {what}\n", style="not bold")
    if left := total - len(shown):
        text.append(f"  … and {left:,} more\n", style="not bold")
    return text


def _troubles(report: Report) -> Text:
    """List failures a line or two each; paths are never broken, so that they can be copied."""
    total = report.documents["failed"]
    text = Text(f"Failed ({total:,})\n", style="bold")
    for one in report.failures:
        text.append(f"  {one.source}\n", style="not bold red")
        text.append(f"      {one.stage}: {one.message}\n", style="not bold")
    if left := total - len(report.failures):
        message, count = report.commonest
        rest = f"  … and {left:,} more; most often ({count:,}): {message}\n"
        text.append(rest, style="not bold")
    return text.append(f"  casegraph failures {_of(report.project)}", style="not bold cyan")


def _of(project: str) -> str:
    return f"--project {shlex.quote(project)}"


def _next(report: Report, again: Sequence[str]) -> Text:
    """Say what to type next."""
    if report.outcome != "finished":
        return Text.assemble(
            "Go on with:  ", (printable(shlex.join(["casegraph", *_going_on(again)])), "cyan"),
        )  # fmt: skip
    of = _of(report.project)
    lines = []
    if report.graph.top:
        lines += [f"casegraph show {shlex.quote(report.graph.top[0].name)} {of}"]
    lines += [
        f"casegraph search WORDS {of}",
        f"casegraph export --format graphml --output graph {of}",
    ]
    return Text("Next:  " + "\n       ".join(lines), style="cyan")


def _going_on(arguments: Sequence[str]) -> list[str]:
    """Take `--from` out of a command: it was heard, and once more would throw away what is done."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--from":
            next(rest, None)
        elif not argument.startswith("--from="):
            kept.append(argument)
    return kept
