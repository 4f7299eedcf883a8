"""`casegraph entities`, `show` and `search`: reading the graph."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

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
from actors.commands.opening import opened_reader, opened_services, urls_of
from pipeline.documents import MentionType
from pipeline.errors import UnavailableError, UsageError
from pipeline.registry.explaining import several, shown

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.passages import Nearness
    from pipeline.settings import Settings
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.graph_rows import HitRow


@click.command(short_help="List the entities, most connected first.")
@project_option
@click.option(
    "--type",
    "types",
    type=click.Choice([type_.value for type_ in MentionType], case_sensitive=False),
    multiple=True,
    help="Only entities of this type; may be given several times. By default who, what and where.",
)
@click.option(
    "--match", type=Words(), metavar="TEXT", help="Only entities with TEXT in one of their names."
)
@limit_option(50, "How many.")
@json_option
def entities(
    project: str, types: Sequence[str], match: str | None, limit: int, as_json: bool
) -> None:
    """List the entities, most connected first."""
    from actors.commands.printing import print_table
    from pipeline.stores.graph_reader import WHO_WHAT_WHERE

    with opened_reader(project) as reader:
        found = reader.entities(types or WHO_WHAT_WHERE, limit, match)
        if as_json:
            print_json_lines(row._asdict() for row in found)
            return
        rows = list(found)
    of = f"--project {shlex.quote(project)}"
    if not rows:
        say(f"no entity is like that; see how far the project is: casegraph status {of}")
        return
    print_table(
        ["name", "type", "connected", "mentions", "documents", "id"],
        [(row.name, row.type, row.degree, row.mentions, row.documents, row.id[:8]) for row in rows],
    )
    say(f"more about one: casegraph show {of} NAME (or the id)")
    if not types:
        say(
            f"dates, amounts and the like only where asked for: casegraph entities {of} --type DATE"
        )


@click.command(short_help="Show one entity or document.")
@click.argument("what", type=Words(), metavar="ENTITY|DOCUMENT")
@project_option
@limit_option(20, "How many of each: relationships, neighbours, mentions.")
@json_option
def show(what: str, project: str, limit: int, as_json: bool) -> None:
    """Show one entity (its name or id) or one document (its path or id), with the evidence.

    Of an entity also: why its names are one thing, what stayed out and why, what people decided.
    The id of one that another took in still leads there.
    """
    from actors.commands import showing
    from pipeline import assembly, graph_cards, registry_cards
    from pipeline.engines.sentences import Sentences
    from pipeline.stores.project_reader import find_project

    with opened_services() as (settings, engine, redis_url):
        found = find_project(engine, project)
        desk = assembly.open_desk(settings, urls_of(engine, redis_url), found, engine=engine)
        reader = desk.reader
        documents = reader.find_documents(what)
        people = [] if documents else reader.find_entities(what)
        if len(documents) == 1:
            card = graph_cards.document_card(reader, documents[0], limit)
        elif len(people) == 1:
            card = graph_cards.entity_card(reader, people[0], Sentences(), limit)
            card |= registry_cards.explained(desk, people[0].id, limit)
            card["asked"] = registry_cards.another_id(what, card)
        elif documents or people:
            listed = [row._asdict() for row in (documents or people)]
            showing.print_candidates(what, listed, as_json)
            raise UsageError(
                f"{len(listed)} things are called {shown(what)!r}; ask for one by its id"
            )
        else:
            raise UsageError(_nothing(engine, reader, project, what))
    if as_json:
        print_json(card)
    else:
        showing.print_card(card)


def _nothing(engine: Engine, reader: GraphReader, project: str, what: str) -> str:
    """Say why there is nothing to show, and what is nearest."""
    from pipeline import graph_cards
    from pipeline.stores.project_reader import document_state

    known = document_state(engine, reader.project_id, what)
    if known is not None:
        source, status, reason = known
        return f"{source} has no results to show: {status}" + (f" ({reason})" if reason else "")
    near = graph_cards.suggestions(reader, what)
    hint = f"; like it are: {several(near)}" if near else ""
    return f"no entity or document of {project!r} is called {shown(what)!r}{hint}"


def _asked(
    context: click.Context, _argument: click.Parameter, words: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse options that there are not: what begins with one hyphen is a word to leave out."""
    for word in words:
        if word.startswith("--"):
            there = [name for option in context.command.params for name in option.opts]
            given = word.partition("=")[0]
            raise click.NoSuchOption(given, possibilities=there, ctx=context)
    return words


@click.command(
    short_help="Find words, each hit in its sentence.",
    # So that -word is a word, also where one of its letters is an option elsewhere.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("words", type=Words(), nargs=-1, required=True, metavar="WORDS…", callback=_asked)
@project_option
@click.option("--similar", is_flag=True, help="Search by meaning instead of by words.")
@limit_option(10, "How many.")
@json_option
def search(words: Sequence[str], project: str, similar: bool, limit: int, as_json: bool) -> None:
    """Find WORDS in the documents, each hit in its sentence.

    "Two words" in quotes stand side by side, `or` is either, -word is without.
    """
    from actors.commands import showing
    from pipeline import graph_cards
    from pipeline.engines.sentences import Sentences
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.project_reader import find_project

    asked = " ".join(words)
    if not asked.strip():
        raise UsageError("there is no word to look for: give WORDS")
    with opened_services() as (settings, engine, _):
        reader = GraphReader(engine, find_project(engine, project))
        nearness = None
        if similar:
            hits, nearness = _similar(settings, reader, asked, limit)
        else:
            hits = reader.search(asked, limit)
        if not hits and not similar and not reader.has_words(asked):
            raise UsageError(f"{asked!r} has no word to look for; try longer or rarer words")
    splitter = Sentences()
    cards = [graph_cards.hit_card(hit, splitter, nearness) for hit in hits]
    if as_json:
        print_json_lines(cards)
    elif cards:
        showing.print_hits(cards)
    else:
        say("nothing found" + ("" if similar else "; `--similar` searches by meaning"))


def _similar(
    settings: Settings, reader: GraphReader, asked: str, limit: int
) -> tuple[list[HitRow], Nearness]:
    """Search by meaning; the second tells which sentence of a hit is meant.

    Raises UnavailableError while no chunk has a vector.
    """
    with_vectors, chunks = reader.vector_counts()
    if not with_vectors:
        raise UnavailableError(
            "no chunk of this project has a vector yet: run the project again to fill them in "
            "(PostgreSQL needs the extension pgvector; the embedded one has it)"
        )
    if with_vectors < chunks:
        say(f"{chunks - with_vectors:,} of {chunks:,} chunks have no vector yet: not searched")
    from pipeline import assembly

    question = assembly.ask_by_meaning(settings, asked)
    return reader.similar(question.vector.tolist(), limit), question.nearness
