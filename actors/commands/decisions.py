"""`casegraph merge`, `split`, `never`, `undo`, `decisions`: people say which names are one thing.

Each decision is kept with who, when and why; it outranks what names look like, and can be undone.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from actors.commands.common import (
    Words,
    json_option,
    limit_option,
    print_json,
    print_json_lines,
    project_option,
    say,
)
from actors.commands.opening import opened_services, urls_of
from pipeline.errors import UsageError
from pipeline.who import login_name

if TYPE_CHECKING:
    from pipeline.decision_desk import DecisionDesk
    from pipeline.decision_outcome import Outcome

Command = TypeVar("Command", bound=Callable[..., Any])


def _someone(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    """Take the login name where nobody is named."""
    if value is not None and not value.strip():
        raise UsageError("--by needs the name of who decides")
    return (value or login_name()).strip()


def who_and_why(command: Command) -> Command:
    """Add `--by NAME` and `--why TEXT`."""
    by = click.option(
        "--by", type=Words(), metavar="NAME", callback=_someone,
        help="Who decides; by default your login name.",
    )  # fmt: skip
    why = click.option("--why", type=Words(), metavar="TEXT", default="", help="Why, for others.")
    return by(why(command))


@contextmanager
def opened_desk(project: str) -> Iterator[DecisionDesk]:
    """Open a project's decisions. Raises UsageError if there is no such project."""
    from pipeline.assembly import open_desk
    from pipeline.stores.project_reader import find_project

    with opened_services() as (settings, engine, redis_url):
        found = find_project(engine, project)
        yield open_desk(settings, urls_of(engine, redis_url), found, engine=engine)


def decide(project: str, as_json: bool, decision: Callable[[DecisionDesk], Outcome]) -> None:
    """Take a decision and say what came of it. Where a name is that of several entities, these are
    listed, and nothing is decided.
    """
    from actors.commands import showing
    from pipeline.decision_desk import AmbiguousError

    with opened_desk(project) as desk:
        try:
            outcome = decision(desk)
        except AmbiguousError as error:
            rows = [row._asdict() for row in error.candidates]
            showing.print_candidates(error.asked, rows, as_json)
            raise UsageError(error.short) from error
    if as_json:
        print_json({"project": project, **outcome.card()})
    else:
        number = outcome.decision.number
        say(outcome.text)
        say(f"take it back with: casegraph undo {number} --project {shlex.quote(project)}")


@click.command(short_help="Say that entities are one.")
@click.argument("entities", type=Words(), nargs=-1, required=True, metavar="ENTITY ENTITY…")
@project_option
@who_and_why
@json_option
def merge(entities: Sequence[str], project: str, by: str, why: str, as_json: bool) -> None:
    """Say that entities (each by its id, or by a name of its own) are one and the same.

    It holds for their names, whatever they look like, also in documents that come later.
    """
    decide(project, as_json, lambda desk: desk.merge(entities, by, why))


@click.command(short_help="Say that names, or documents, are about another.")
@click.argument("entity", type=Words(), metavar="ENTITY")
@project_option
@click.option(
    "--name",
    "names",
    type=Words(),
    multiple=True,
    metavar="NAME",
    help="A name that leaves the entity; several leave together.",
)
@click.option(
    "--document",
    "documents",
    type=Words(),
    multiple=True,
    metavar="DOCUMENT",
    help="A document (its path or id) in which the entity's names are another's.",
)
@who_and_why
@json_option
def split(
    entity: str, project: str, names: Sequence[str], documents: Sequence[str], by: str, why: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Take names out of ENTITY (--name): they are something else, together.

    Or say of documents (--document) that there the same name is somebody else: two people of one
    name.
    """
    if bool(names) == bool(documents):
        raise UsageError("say which names leave (--name) or in which documents (--document)")
    if names:
        decide(project, as_json, lambda desk: desk.split_names(entity, names, by, why))
    else:
        decide(project, as_json, lambda desk: desk.split_documents(entity, documents, by, why))


@click.command(short_help="Say that two entities are never one.")
@click.argument("one", type=Words(), metavar="ENTITY")
@click.argument("other", type=Words(), metavar="ENTITY")
@project_option
@who_and_why
@json_option
def never(one: str, other: str, project: str, by: str, why: str, as_json: bool) -> None:
    """Say that two entities are never one, whatever their names look like."""
    decide(project, as_json, lambda desk: desk.never(one, other, by, why))


@click.command(short_help="Take a decision back.")
@click.argument("number", type=click.IntRange(1), required=False)
@project_option
@who_and_why
@json_option
def undo(number: int | None, project: str, by: str, why: str, as_json: bool) -> None:
    """Take decision NUMBER back, by default the last one: all is as if it had not been taken.

    An undoing can be undone too. `casegraph decisions` lists the numbers.
    """
    decide(project, as_json, lambda desk: desk.undo(number, by, why))


@click.command(short_help="List what people decided, the last first.")
@project_option
@limit_option(50, "How many.")
@json_option
def decisions(project: str, limit: int, as_json: bool) -> None:
    """List what people decided, the last first: what, who, when and why, and whether it counts.

    "overridden": a newer decision says otherwise. "names not there": what it is about is in no
    document at present.
    """
    from actors.commands.printing import print_table
    from pipeline.registry.explaining import decided, shown

    with opened_desk(project) as desk:
        listed = desk.listed()
    if as_json:
        print_json_lines(listed[:limit])
        return
    if not listed:
        of = f"--project {shlex.quote(project)}"
        say(f"nobody decided anything yet; what to look at: casegraph review {of}")
        return
    print_table(
        ["no", "decision", "names", "by", "when", "why", "now"],
        [
            (
                row["number"], row["kind"], decided(row), shown(row["who"], 24),
                row["when"][:16].replace("T", " "), shown(row["why"]), _state(row),
            )
            for row in listed[:limit]
        ],
        fold=("names", "why"),
    )  # fmt: skip
    if len(listed) > limit:
        say(f"… {len(listed) - limit:,} more (--limit)")


def _state(row: dict[str, Any]) -> str:
    """Say what a decision is worth."""
    return f"undone by {row['undone_by']}" if row["undone_by"] is not None else str(row["state"])
