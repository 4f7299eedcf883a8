"""`casegraph projects`: list them, delete one."""

from __future__ import annotations

import sys

import click

from actors.commands.common import json_option, print_json, print_json_lines, say
from actors.commands.leftovers import say_leftovers
from actors.commands.opening import opened_link, opened_services
from pipeline.errors import UsageError


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def projects(context: click.Context, as_json: bool) -> None:
    """List the projects, or delete one."""
    if context.invoked_subcommand is None:
        _list(as_json)


@projects.command("list")
@json_option
def list_projects(as_json: bool) -> None:
    """List the projects with their documents."""
    _list(as_json)


def _list(as_json: bool) -> None:
    """Print the projects."""
    from actors.commands.printing import print_table
    from pipeline.stores import project_reader

    with opened_services() as (_, engine, _):
        rows = project_reader.projects(engine)
    if as_json:
        print_json_lines(row._asdict() for row in rows)
    elif not rows:
        say("there is no project yet; make one with `casegraph run SOURCE… --project NAME`")
    else:
        print_table(
            ["project", "documents", "completed", "failed", "last run"],
            [
                (
                    row.name,
                    row.documents,
                    row.completed,
                    row.failed,
                    f"{row.last_run_at:%Y-%m-%d %H:%M}" if row.last_run_at else "",
                )
                for row in rows
            ],
        )


@projects.command("delete", short_help="Delete a project; its sources stay.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete_project(name: str, yes: bool, as_json: bool) -> None:
    """Delete project NAME: its graph and all that was made of its documents, not the sources."""
    from pipeline.assembly import open_blobs
    from pipeline.stores.forgotten_copies import ForgottenCopies
    from pipeline.stores.project_deletion import delete_project as delete
    from pipeline.stores.project_reader import find_project

    with opened_services() as (settings, engine, redis_url):
        find_project(engine, name)
        if not yes:
            _ask(name)
        with opened_link(settings, redis_url) as link:
            blobs = open_blobs(settings)
            copies = ForgottenCopies(link, blobs)
            gone = delete(engine, name, copies, blobs)
    if as_json:
        print_json({"project": name, "deleted": True} | gone._asdict())
    else:
        say(f"deleted {name}: {gone.documents:,} documents; their sources are where they were")
    say_leftovers(gone.kept_objects, copies.trouble)


def _ask(name: str) -> None:
    """Ask whether to delete. Raises UsageError where nobody can answer, Abort for a no."""
    if not sys.stdin.isatty():
        raise UsageError(f"deleting {name!r} cannot be undone; add --yes if you mean it")
    click.confirm(f"Delete the project {name!r} and its graph?", abort=True, err=True)
