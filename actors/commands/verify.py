"""`casegraph verify`: whether PostgreSQL agrees with itself, and Redis with PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from actors.commands.common import json_option, print_json, project_option, say
from actors.commands.opening import opened_link, opened_services

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.settings import Settings
    from pipeline.verification import Finding


@click.command(short_help="Compare PostgreSQL with itself and with Redis.")
@project_option
@click.option(
    "--quick",
    is_flag=True,
    help="Read no payloads and no stored objects: hash and rebuild nothing.",
)
@json_option
def verify(project: str, quick: bool, as_json: bool) -> int:
    """Say what is wrong with a project; the exit status is 1 if anything is, or if Redis, which is
    to be used, does not answer and could not be looked at.

    Every stored result is hashed again, what readers see is made again from the results and
    compared row by row, entities are made anew from all names and compared, every mention and quote
    is looked up in its text, rows and objects that lead nowhere are named, and Redis is held
    against PostgreSQL. Nothing is changed.
    """
    counts: Counter[str] = Counter()
    passed: list[str] = []
    with opened_services() as (settings, engine, redis_url):
        for finding in _findings(settings, engine, redis_url, project, quick, passed):
            counts[finding.check] += 1
            if as_json:
                print_json(finding.__dict__)
            else:
                click.echo(f"{finding.check}: {finding.subject}: {finding.message}")
    for what in passed:
        say(what)
    if not counts:
        say(f"{project}: nothing is wrong{' in what was looked at' if passed else ''}")
        return int(bool(passed) and settings.acceleration == "on")
    by_check = ", ".join(f"{check} {number:,}" for check, number in sorted(counts.items()))
    things = "1 thing is" if counts.total() == 1 else f"{counts.total():,} things are"
    say(f"{project}: {things} wrong ({by_check})")
    return 1


def _findings(
    settings: Settings,
    engine: Engine,
    redis_url: str,
    project: str,
    quick: bool,
    passed: list[str],
) -> Iterator[Finding]:
    """Ask PostgreSQL, then Redis; `passed` gets what was not looked at, and why."""
    from pipeline.assembly import open_blobs, open_owner
    from pipeline.documents import DocumentStatus
    from pipeline.errors import RedisAwayError
    from pipeline.stores.ledger import Ledger
    from pipeline.stores.project_reader import at_work, find_project
    from pipeline.stores.verifying import stored_project
    from pipeline.stores.verifying_redis import CopiesInRedis
    from pipeline.verification import Finding

    found = find_project(engine, project)
    ledger = Ledger(engine)
    plan = ledger.plan_of(found)
    if plan is None:  # it was deleted a moment ago
        return
    running: set[str] = set()

    def beside() -> bool:
        """Ask whether a run is at work: one may begin, or end, while this looks."""
        running.update(at_work(engine))
        return bool(running)

    blobs, owner = open_blobs(settings), open_owner(engine, found)
    beside()
    with stored_project(engine, found, plan, blobs, quick=quick, owner=owner) as stored:
        yield from stored.findings()
    say(f"looked at {stored.checked:,} contents in PostgreSQL")
    beside()
    if stored.waiting and project in running:
        say(f"{stored.waiting}, while the run is at work: they were not compared with a rebuild")
    elif stored.waiting:
        yield Finding("pending", project, f"{stored.waiting}; `casegraph run` goes on")
    counts = ledger.counts(found)
    beside()
    left = counts.get(DocumentStatus.PENDING, 0) + counts.get(DocumentStatus.RUNNING, 0)
    if left and project not in running:
        what = "1 document is" if left == 1 else f"{left:,} documents are"
        yield Finding("pending", project, f"{what} not done; `casegraph run` goes on")
    with opened_link(settings, redis_url) as link:
        try:
            yield from CopiesInRedis(engine, link, found, owner.version).findings(beside)
        except RedisAwayError as error:
            passed.append(f"what Redis has was not compared with PostgreSQL: {error}")
    if running:
        of = ", ".join(sorted(running))
        say(f"a run of {of} was at work: what it explains, in Redis too, was not looked at")
