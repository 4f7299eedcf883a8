"""`casegraph examples`: the texts with their answers that a language model is shown first."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from actors.commands.common import (
    MOST,
    Words,
    json_option,
    print_json,
    print_json_lines,
    project_option,
    say,
)
from actors.commands.opening import opened_services
from pipeline.counting import counted
from pipeline.errors import UsageError
from pipeline.llm.example_sets import Task
from pipeline.who import login_name

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.example_desk import ExampleDesk
    from pipeline.llm.schema import Schema
    from pipeline.settings import Settings
    from pipeline.stores.example_library import Kept
    from pipeline.stores.example_pins import Pinned

Command = TypeVar("Command", bound=Callable[..., Any])


def domain_option(command: Command) -> Command:
    """Add `--domain NAME`."""
    return click.option(
        "--domain", type=Words(), metavar="NAME",
        help="The name of a schema; the one in use (llm.schema_file), where one is needed.",
    )(command)  # fmt: skip


def task_option(command: Command) -> Command:
    """Add `--task find|relate`."""
    return click.option(
        "--task", type=click.Choice([task.value for task in Task]),
        callback=lambda _context, _option, value: value and Task(value),
        help="Finding names, or relating them.",
    )(command)  # fmt: skip


@contextmanager
def _opened() -> Iterator[tuple[Settings, Engine, ExampleDesk]]:
    """Open the examples of a database."""
    from pipeline.example_desk import ExampleDesk

    with opened_services() as (settings, engine, _):
        yield settings, engine, ExampleDesk.on(engine)


def _schema(settings: Settings, domain: str | None) -> Schema:
    """Read the schema in use. Raises UsageError if it is not that of the domain."""
    from pipeline.llm.schema_file import read_schema

    schema = read_schema(settings.llm.schema_file)
    if domain is not None and domain != schema.name:
        raise UsageError(
            f"the schema in use is {schema.name!r}, not {domain!r}: name the file of that in "
            "llm.schema_file (CASEGRAPH_LLM__SCHEMA_FILE)"
        )
    return schema


@click.group(short_help="Keep what a language model is shown.")
def examples() -> None:
    """Keep the examples that a language model is shown before it is asked.

    They are kept for a domain (the name of a schema) and a task (find, relate), and serve all
    projects. Which of them a project uses stays as it is until `casegraph examples pin`.
    """


@examples.command("list", short_help="List the examples.")
@click.option("--project", metavar="NAME", help="Say which of them this project uses.")
@domain_option
@task_option
@json_option
def list_examples(
    project: str | None, domain: str | None, task: Task | None, as_json: bool
) -> None:
    """List the examples: those that are shipped (hidden ones too), added and accepted."""
    from actors.commands.showing_examples import print_examples
    from pipeline.stores.project_reader import find_project

    with _opened() as (settings, engine, desk):
        if project is None:
            cards = desk.cards(domain, task)
        else:
            found = find_project(engine, project)
            cards = desk.cards_of(found, domain or _schema(settings, None).name, task)
    if as_json:
        print_json_lines(cards)
    elif cards:
        print_examples(cards)
    else:
        say("there is no example; keep one with `casegraph examples add FILE`")


@examples.command("add", short_help="Keep examples that you wrote.")
@click.argument("file", default="-", metavar="[FILE]")
@domain_option
@task_option
@json_option
def add(file: str, domain: str | None, task: Task | None, as_json: bool) -> None:
    """Keep the examples of FILE, or of standard input: YAML, JSON, or what `list --json` printed.

    Each has `text`, `entities` ({text, type}) and `relations` ({subject, predicate, object, quote};
    subject and object are the numbers of entities, from 1). Without --task it is kept for finding
    names, and for relating them if it lists relations, be it none (`relations: []`). All are kept,
    or none if one is wrong. Adding a shipped one that was removed shows it again.
    """
    from pipeline.llm.example_file import read_examples

    try:
        written = read_examples(_read(file))
    except ValueError as error:
        raise UsageError(f"{_named(file)}: {error}") from error
    with _opened() as (settings, _, desk):
        schema = _schema(settings, domain)
        try:
            new = desk.add(schema, written, login_name(), task)
        except UsageError as error:
            raise UsageError(f"{_named(file)}: {error}") from error
    _kept(schema.name, new, as_json)


def _named(file: str) -> str:
    return "standard input" if file == "-" else file


def _read(file: str) -> bytes:
    """Read as much of a file as it may have, and one byte more."""
    from pipeline.llm.example_file import LARGEST_FILE

    if file == "-" and sys.stdin.isatty():
        raise UsageError("name a file with examples, or give them on standard input")
    try:
        with click.open_file(file, "rb") as given:
            return bytes(given.read(LARGEST_FILE + 1))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error


def _kept(domain: str, new: Sequence[Kept], as_json: bool) -> None:
    """Say what was kept."""
    if as_json:
        added = [{"id": kept.hash, "task": kept.task.value} for kept in new]
        print_json({"domain": domain, "added": added})
        return
    for task in Task:
        ids = [kept.hash[:8] for kept in new if kept.task is task]
        if ids:
            say(f"kept {counted(len(ids), 'example')} to {task.value}: {', '.join(ids)}")
    if new:
        say("a project uses them from `casegraph examples pin --project NAME` on")
    else:
        say("all of it was there already")


@examples.command("accept", short_help="Keep what was extracted, once you have looked at it.")
@click.argument("document", type=Words(), metavar="DOCUMENT")
@project_option
@click.option("--page", type=click.IntRange(1, MOST), metavar="N", help="The chunk of page N.")
@click.option(
    "--chunk", type=click.IntRange(1, MOST), metavar="N", help="The document's Nth chunk."
)
@domain_option
@task_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def accept(
    document: str, project: str, page: int | None, chunk: int | None, domain: str | None,
    task: Task | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Keep what was extracted of a chunk of DOCUMENT (its path or id) as an example.

    It is shown, and you are asked whether it is right and complete. It goes with its document:
    when that is forgotten or its project deleted, the example is removed.
    """
    from actors.commands.showing_examples import print_extracted
    from pipeline.graph_cards import one_document
    from pipeline.llm.accepting import chosen, extracted
    from pipeline.llm.example_file import Written
    from pipeline.stores.chunk_reader import ChunkReader
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.project_reader import find_project

    if as_json and not yes:
        raise UsageError("--json shows nothing to look at: add --yes if you have, or leave it out")
    with _opened() as (settings, engine, desk):
        schema = _schema(settings, domain)
        row = one_document(GraphReader(engine, find_project(engine, project)), document)
        reader = ChunkReader(engine, row.content_id)
        of = chosen(row.source, reader.chunks(), page, chunk)
        found = extracted(of, schema, reader.names(), reader.facts())
        if not as_json:
            print_extracted(row.source, of, found)
        if not yes:
            _ask()
        tasks = tuple(Task) if found.example.relations else (Task.FIND,)
        written = [Written(found.example, tasks)]
        _kept(schema.name, desk.add(schema, written, login_name(), task, row.id), as_json)


def _ask() -> None:
    """Ask whether it is right. Raises UsageError where nobody can answer, Abort for a no."""
    if not sys.stdin.isatty():
        raise UsageError("look at it, and add --yes if it is right and complete")
    click.confirm("Is it right and complete?", abort=True, err=True)


@examples.command("remove", short_help="Remove examples, or hide shipped ones.")
@click.argument("ids", nargs=-1, required=True, metavar="ID…", type=Words())
@domain_option
@task_option
@json_option
def remove(ids: Sequence[str], domain: str | None, task: Task | None, as_json: bool) -> None:
    """Remove examples by their ids, or the first digits of these; a shipped one is hidden.

    A project that has pinned them goes on with them until `casegraph examples pin`.
    """
    from pipeline.llm.example_sets import Origin

    with _opened() as (_, _, desk):
        gone = desk.remove(ids, login_name(), domain, task)
    if as_json:
        removed = [{"id": kept.hash, "domain": kept.domain, "task": kept.task.value,
                    "hidden": kept.origin is Origin.SHIPPED} for kept in gone]  # fmt: skip
        print_json({"removed": removed})
        return
    for kept in gone:
        done = "hid" if kept.origin is Origin.SHIPPED else "removed"
        say(f"{done} {kept.hash[:8]}, to {kept.task.value} in {kept.domain}")
    say("projects that have pinned examples keep theirs until `casegraph examples pin`")


@examples.command("pin", short_help="Let a project use the examples as they are now.")
@project_option
@domain_option
@json_option
def pin(project: str, domain: str | None, as_json: bool) -> None:
    """Take the examples as they are now for a project, for both tasks.

    They decide what a language model is asked, as settings do: if the project was made with others,
    its next run needs --reconfigure, and asks again. A project that never did this uses those that
    are shipped.
    """
    from pipeline.stores.ledger_projects import Projects
    from pipeline.stores.project_reader import find_project

    with _opened() as (settings, engine, desk):
        domain = domain or _schema(settings, None).name
        found = find_project(engine, project)
        plan = Projects(engine).plan_of(found)
        pinned = desk.pins.pin(found, domain)
    again = [stage.value for one in pinned if plan and (stage := one.runs_again(plan))]
    if as_json:
        sets = {one.task.value: {"examples": len(one.now.examples), "hash": one.now.hash,
                                 "before": one.before.hash} for one in pinned}  # fmt: skip
        print_json({"project": project, "domain": domain, "pinned": sets, "runs_again": again})
        return
    for one in pinned:
        say(f"{one.task.value}: {_change(one)}")
    if again:
        say(
            f"{' and '.join(again)} run{'s' * (len(again) == 1)} again for all documents: the next "
            f"`casegraph run … --project {shlex.quote(project)}` needs --reconfigure"
        )
    elif any(one.now != one.before for one in pinned):
        say("no stage of it was made with the examples before: nothing runs again")


def _change(one: Pinned) -> str:
    """Say what a project uses, and what it used before."""
    now = counted(len(one.now.examples), "example")
    if one.now == one.before:
        return f"{now}, as before"
    return f"{now}; before it used {'others' if one.before.examples else 'none'}"
