"""`casegraph failures` and `retry`: what went wrong, and once more."""

from __future__ import annotations

import shlex
from textwrap import indent
from typing import Any

import click

from actors.commands.common import (
    Words,
    json_option,
    print_json,
    print_json_lines,
    project_option,
    say,
)
from actors.commands.opening import opened_services
from pipeline.documents import StageName

SHOWN_LINES = 5
"""How many of the first and of the last lines of last words are shown to a person."""


@click.command(short_help="List what failed, and why.")
@project_option
@json_option
def failures(project: str, as_json: bool) -> None:
    """List the documents that failed, and why; without --json also those that were skipped."""
    from pipeline.stores import project_reader

    with opened_services() as (_, engine, _):
        found = project_reader.find_project(engine, project)
        failed = project_reader.failures(engine, found)
        if as_json:
            print_json_lines(row._asdict() for row in failed)
            return
        rows = list(failed)
        passed_over = list(project_reader.skipped(engine, found))
    if not rows:
        say("no document failed")
    _print_failures(rows, passed_over)
    if rows:
        say(f"when the cause is mended: casegraph retry --project {shlex.quote(project)}")


def _print_failures(rows: list[Any], passed_over: list[Any]) -> None:
    """Show failed and skipped documents to a person."""
    from actors.commands.printing import print_table

    if rows:
        print_table(
            ["failed", "stage", "error", "attempts", "message"],
            [(r.source, r.stage, r.error, r.attempts, " ".join(r.message.split())) for r in rows],
            fold=["failed", "message"],
        )
    for row in rows:
        if row.log_tail:
            click.echo(f"last words of the {row.stage} process about {row.source}:")
            click.echo(indent(shortened(row.log_tail), "  "))
    if passed_over:
        print_table(["skipped", "reason"], passed_over, fold=["skipped", "reason"])


def shortened(words: str) -> str:
    """Leave out the middle of what has many lines; all of it is in --json."""
    lines = words.splitlines()
    if len(lines) <= 2 * SHOWN_LINES + 1:
        return words
    left_out = f"… ({len(lines) - 2 * SHOWN_LINES} lines more with --json)"
    return "\n".join([*lines[:SHOWN_LINES], left_out, *lines[-SHOWN_LINES:]])


@click.command(short_help="Let failed documents be tried again.")
@project_option
@click.option(
    "--stage",
    type=click.Choice([stage.value for stage in StageName]),
    help="Only what failed in this stage.",
)
@click.option(
    "--type",
    "media_type",
    type=Words(),
    metavar="MEDIA_TYPE",
    help="Only documents of this type, such as application/pdf.",
)
@click.option(
    "--error",
    type=Words(),
    metavar="ERROR",
    help="Only what failed with this error, as `failures` names it.",
)
@json_option
def retry(
    project: str, stage: str | None, media_type: str | None, error: str | None, as_json: bool
) -> None:
    """Make failed documents pending again: the next `casegraph run` of the project works on them,
    also where the files are as they were. Without options all; of several all must hold.
    """
    from pipeline.stores import project_reader
    from pipeline.stores.ledger import Ledger

    with opened_services() as (_, engine, _):
        found = project_reader.find_project(engine, project)
        count = Ledger(engine).retry(
            found, stage=StageName(stage) if stage else None, media_type=media_type, error=error
        )
    of = f"--project {shlex.quote(project)}"
    if as_json:
        print_json({"project": project, "retried": count})
    elif not count:
        say(f"no failed document is like that; see which there are: casegraph failures {of}")
    else:
        documents = "1 document is" if count == 1 else f"{count:,} documents are"
        say(
            f"{documents} pending again; go on with: casegraph run SOURCE… {of}\n"
            "(give it the files and folders that you gave it before: it needs them)"
        )
