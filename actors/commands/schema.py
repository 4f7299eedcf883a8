"""`casegraph schema`: what a language model is asked to look for."""

from __future__ import annotations

from pathlib import Path

import click

from actors.commands.common import json_option, print_json


@click.command(short_help="Show what a language model is to look for.")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@json_option
def schema(file: Path | None, as_json: bool) -> None:
    """Check a schema, that of FILE, or else that of the settings (llm.schema_file), or else the
    legal one that is shipped, and print it: a YAML file of types and predicates to edit.

    \b
    casegraph schema > mine.yaml
    casegraph schema mine.yaml
    CASEGRAPH_LLM__SCHEMA_FILE=mine.yaml casegraph run …
    """  # noqa: D301 - click takes it for the beginning of what is not wrapped
    from pipeline.llm.schema_file import read_schema, text_of_schema
    from pipeline.settings import load_settings

    path = file or load_settings().llm.schema_file
    found = read_schema(path)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    click.echo(text_of_schema(path), nl=False)
