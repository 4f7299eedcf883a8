"""`casegraph services` and `casegraph doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from actors.commands.common import json_option, print_json, print_json_lines, say

if TYPE_CHECKING:
    from pipeline.stores.embedded import ServiceStatus

MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


@click.group(short_help="Start and stop PostgreSQL and Valkey.")
def services() -> None:
    """Start and stop the PostgreSQL and Valkey that casegraph brings along.

    They live in CASEGRAPH_HOME (default ~/.casegraph), and `run` starts them when no URLs are set.
    """


@services.command(short_help="Start what does not run.")
@json_option
def start(as_json: bool) -> None:
    """Start what does not run; a service with a URL of your own is left alone."""
    from pipeline.settings import load_settings
    from pipeline.stores import embedded

    settings = load_settings()
    embedded.ensure_services(settings)
    _report(embedded.service_status(settings), as_json)


@services.command(short_help="Say which services run.")
@json_option
def status(as_json: bool) -> None:
    """Say which services run, and where they keep their data."""
    from pipeline.settings import load_settings
    from pipeline.stores import embedded

    _report(embedded.service_status(load_settings()), as_json)


@services.command(short_help="Write what is queued to PostgreSQL, and stop them.")
@json_option
def stop(as_json: bool) -> None:
    """Write to PostgreSQL what only Valkey has, then stop both. What cannot be written now stays in
    Valkey's files, is counted, and is written by the next run. Of a Redis of your own nothing is
    lost: if that does not answer, this is said, and PostgreSQL is stopped.
    """
    from actors.persistence_actor import drain_queue
    from pipeline.errors import UnavailableError
    from pipeline.settings import load_settings
    from pipeline.stores import embedded

    settings = load_settings()
    left: list[int] = []

    def drained(urls: embedded.ServiceUrls) -> None:
        try:
            left.append(drain_queue(settings, urls))
        except UnavailableError as error:
            if settings.redis_url is None:
                raise
            say(
                f"{error}; what your Redis has of it stays there, and the next `casegraph run` "
                "that reaches it writes it"
            )

    stopped = embedded.stop_services(settings, drained)
    queue = left[0] if left else None
    if as_json:
        print_json({"stopped": list(stopped), "queue": queue})
        return
    say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    if queue:
        say(stays(queue))


def stays(queue: int) -> str:
    """Say what becomes of results that could not be written to PostgreSQL."""
    results = "1 result stays" if queue == 1 else f"{queue:,} results stay"
    return (
        f"{results} in the queue, not in PostgreSQL yet: the next `casegraph run` writes what is "
        "there, and so do `casegraph services start` and `stop`"
    )


def _report(states: Sequence[ServiceStatus], as_json: bool) -> None:
    if as_json:
        print_json_lines(state.model_dump() for state in states)
        return
    for state in states:
        if state.where == "configured":
            what = "configured by its URL; `casegraph doctor` says whether it answers"
        elif state.running:
            what = f"running (process {state.pid}), data in {state.folder}"
        else:
            what = "not running; `casegraph services start` starts it"
        say(f"{state.name:<9} {what}")


@click.command(short_help="Say what is missing or wrong.")
@json_option
def doctor(as_json: bool) -> int:
    """Look for what is missing or wrong, and say what to do. Exit status 1 if something fails.

    Starts nothing and changes nothing.
    """
    from actors.diagnosis import diagnose
    from pipeline.settings import load_settings

    failed = False
    for finding in diagnose(load_settings()):
        failed = failed or finding.state == "fail"
        if as_json:
            print_json(finding.model_dump())
            continue
        mark, colour = MARKS[finding.state]
        advice = f" → {finding.advice}" if finding.advice else ""
        click.echo(f"{click.style(mark, fg=colour)}  {finding.check:<17} {finding.seen}{advice}")
    return int(failed)
