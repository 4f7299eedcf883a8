"""`casegraph forget` and `invalidate`: taking documents out, and dropping their copies in Redis."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from actors.commands.common import json_option, print_json, project_option, say
from actors.commands.leftovers import say_leftovers
from actors.commands.opening import opened_link, opened_services
from actors.commands.services import stays
from actors.commands.settling import settle
from pipeline.counting import counted
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.stores.forgetting import Forgotten


@click.command(short_help="Take documents out of a project.")
@click.argument("documents", nargs=-1, required=True, metavar="SOURCE|DOCUMENT…")
@project_option
@click.option("--dry-run", is_flag=True, help="Only say how many documents would be forgotten.")
@json_option
def forget(documents: tuple[str, ...], project: str, dry_run: bool, as_json: bool) -> None:
    """Forget documents, with what is inside them and all that only they supported.

    SOURCE|DOCUMENT is a file or a folder (on disk or not any more), an s3:// prefix, a URI, or a
    document's id. The sources themselves are left alone: `casegraph run` over a folder in which
    a forgotten file still lies takes it in again, as a new one. What another document says too
    stays. A run that is at work goes on, and drops what it had of them.
    """
    from pipeline.assembly import open_blobs
    from pipeline.stores.forgetting import Forgetting
    from pipeline.stores.forgotten_copies import ForgottenCopies
    from pipeline.stores.project_reader import find_project

    with (
        opened_services() as (settings, engine, redis_url),
        opened_link(settings, redis_url) as link,
    ):
        blobs = open_blobs(settings)
        copies = ForgottenCopies(link, blobs)
        found = find_project(engine, project)
        forgetting = Forgetting(engine, found, blobs, copies, copies.sweep)
        if dry_run:
            gone = forgetting.count(documents)
        else:
            gone = forgetting.forget(documents)
            settle(settings, engine, redis_url, found, project)
    if as_json:
        counts = ("documents", "members") if dry_run else gone._fields
        print_json(
            {"project": project, "dry_run": dry_run}
            | {name: value for name, value in gone._asdict().items() if name in counts}
        )
    else:
        say(f"would forget {_documents(gone)}" if dry_run else _sentence(gone))
    say_leftovers(gone.kept_objects, copies.trouble)


def _documents(gone: Forgotten) -> str:
    """Write how many documents, and how many inside them."""
    words = counted(gone.documents, "document")
    return f"{words} and {gone.members:,} inside them" if gone.members else words


def _sentence(gone: Forgotten) -> str:
    """Say what is gone."""
    parts = [
        counted(number, word)
        for number, word in (
            (gone.mentions, "mention"),
            (gone.relationships, "relationship"),
            (gone.objects, "stored object"),
        )
        if number
    ]
    if gone.kept_contents and not gone.contents:
        parts = ["what they say is kept: other documents have the same content"]
    more = f"; {', '.join(parts)}" if parts else ""
    return f"forgot {_documents(gone)}{more}"


@click.command(short_help="Drop what Redis has of documents or of a project.")
@click.argument("documents", nargs=-1, metavar="[SOURCE|DOCUMENT]…")
@project_option
@click.option("--all", "all_", is_flag=True, help="All that Redis has of the project.")
@json_option
def invalidate(documents: tuple[str, ...], project: str, all_: bool, as_json: bool) -> None:
    """Drop the copies that Redis has of some documents, or with --all of a whole project.

    No result is lost: the queue is written to PostgreSQL first, and what is read later comes from
    there. Copies of what an earlier configuration made go too: going back to it makes them anew. Of
    a file that has changed, what it said before goes with --all only: nothing tells any more whose
    that was, and it expires by itself. While a run is at work it empties the queue itself, and only
    what it has written to PostgreSQL by now is dropped. Vectors of texts and answers of models are
    kept: they belong to no project.
    """
    if bool(documents) == all_:
        raise UsageError("name the documents whose copies to drop, or give --all; not both")
    from actors.persistence_actor import drain_queue
    from pipeline.stores import project_reader
    from pipeline.stores.embedded import ServiceUrls
    from pipeline.stores.invalidation import drop_documents, drop_project

    with (
        opened_services() as (settings, engine, redis_url),
        opened_link(settings, redis_url) as link,
    ):
        found = project_reader.find_project(engine, project)
        database_url = engine.url.render_as_string(hide_password=False)
        at_work = project_reader.at_work(engine)
        left = 0
        if not at_work:
            left = drain_queue(
                settings, ServiceUrls(database_url=database_url, redis_url=redis_url)
            )
            settle(settings, engine, redis_url, found, project)
        if all_:
            dropped = drop_project(engine, link, found)
        else:
            dropped = drop_documents(engine, link, found, documents)
    if as_json:
        print_json({"project": project, "keys": dropped, "drained": not at_work and not left})
        return
    say(f"dropped {counted(dropped, 'key')} from Redis; PostgreSQL has all that is still needed")
    if left:
        say(stays(left))
    if at_work:
        say(
            f"a run of {shlex.join(at_work)} is at work: what it has not written to PostgreSQL "
            "yet was left"
        )
