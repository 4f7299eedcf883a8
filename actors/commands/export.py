"""`casegraph export` and `casegraph digest`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from actors.commands.common import json_option, print_json, project_option, say
from actors.commands.opening import opened_reader
from pipeline.errors import UsageError


def _folder(_context: click.Context, _option: click.Parameter, value: str) -> Path:
    """Refuse a path of no letters, which would be the folder one is in."""
    if not value.strip():
        raise UsageError("--output needs the path of a folder")
    return Path(value)


@click.command(short_help="Write the graph to files.")
@project_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet", "graphml"]),
    default="jsonl",
    show_default=True,
)
@click.option(
    "--output",
    "folder",
    required=True,
    metavar="DIR",
    callback=_folder,
    help="The folder to write to; files of an earlier export are replaced.",
)
@json_option
def export(
    project: str,
    form: Literal["jsonl", "csv", "parquet", "graphml"],
    folder: Path,
    as_json: bool,
) -> None:
    """Write the graph to files: documents, mentions, entities and relationships, or GraphML."""
    from pipeline import exports

    with opened_reader(project) as reader:
        counts = exports.export(reader, form, folder)
    if as_json:
        print_json({"project": project, "format": form, "output": str(folder), **counts})
    else:
        what = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        say(f"wrote {what} to {folder}")


@click.command(short_help="Print one hash over the graph.")
@project_option
@json_option
def digest(project: str, as_json: bool) -> None:
    """Print one SHA-256 over the graph: the same documents and settings give the same one."""
    with opened_reader(project) as reader:
        found = reader.digest()
    if as_json:
        print_json({"project": project, "digest": found})
    else:
        click.echo(found)
