"""`casegraph run`: the main job at the command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from actors.commands.choices import chosen
from actors.commands.common import Dollars, json_option, print_json, project_option, say
from actors.run_result import OVER_BUDGET
from actors.stop import Stop
from pipeline.documents import StageName
from pipeline.errors import OverBudgetError, UnavailableError, UsageError

if TYPE_CHECKING:
    from actors.request import Request
    from pipeline.settings import Settings

INTERRUPTED = 130


@click.command(short_help="Turn documents into a project's graph.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@project_option
@click.option(
    "--include", multiple=True, metavar="GLOB", help="Take only what matches; repeatable."
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what does; repeatable.")
@click.option("--hidden", is_flag=True, help="Take hidden files and folders too.")
@click.option("--rehash", is_flag=True, help="Look into files whose size and time are unchanged.")
@click.option("--reconfigure", is_flag=True, help="Take the settings as the project's new ones.")
@click.option(
    "--from",
    "from_stage",
    type=click.Choice([stage.value for stage in StageName]),
    help="Run this stage and those after it again, for all documents, once.",
)
@click.option(
    "--extractor",
    type=click.Choice(["spacy", "llm", "transformers"]),
    help="What finds names: spaCy, a language model, or a Hugging Face model that labels tokens.",
)
@click.option(
    "--relations",
    type=click.Choice(["patterns", "llm"]),
    help="What relates names: patterns, or a language model.",
)
@click.option(
    "--model",
    metavar="PATH_OR_ID",
    help="With --extractor transformers the model that labels tokens, a folder or a name on the "
    "Hub; else the language model, or without one the spaCy package.",
)
@click.option(
    "--context",
    type=click.Choice(["document", "project"]),
    help="What a language model is told beside a text: what its document says, or also what the "
    "project knew when it first asked so, or at the last --refresh-context.",
)
@click.option(
    "--refresh-context",
    is_flag=True,
    help="Look anew at what the project knows; all documents are asked about again.",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="Do the work on this Ray cluster, which this machine is a node of (`auto` finds it); "
    "without it on the one of RAY_ADDRESS, which Ray sets for its jobs, else on a Ray of its own.",
)
@click.option(
    "--max-cost",
    type=Dollars(),
    metavar="DOLLARS",
    help="Spend no more than this on language models: stop before, and keep what is done.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be done, and do nothing; where a language model would be asked, read the "
    "documents and say what it would cost.",
)
@json_option
def run(
    sources: Sequence[str],
    project: str,
    include: Sequence[str],
    exclude: Sequence[str],
    hidden: bool,
    rehash: bool,
    reconfigure: bool,
    from_stage: str | None,
    extractor: str | None,
    relations: str | None,
    model: str | None,
    context: str | None,
    refresh_context: bool,
    address: str | None,
    max_cost: int | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Turn the documents in SOURCE… (files, folders, s3://BUCKET/PREFIX) into the project's graph.

    Run it again at any time: what is done is not done again. Exit status: 0 all completed,
    3 some documents failed, 1 could not run, 2 wrong usage, 4 stopped at --max-cost, 130 stopped by
    Ctrl-C.
    """
    from actors import driver
    from actors.progress import ProgressDisplay
    from actors.request import Request
    from actors.summary import print_summary
    from pipeline import assembly
    from pipeline.walking import Selection, Walk

    settings = chosen(extractor, relations, model, context, address)
    if refresh_context and settings.llm.context != "project":
        raise UsageError(
            "--refresh-context looks at what the project knows, and without --context project no "
            "question shows that; give both"
        )
    selection = Selection(tuple(include), tuple(exclude), hidden)
    walk = Walk(selection, assembly.open_objects(settings))
    request = Request(
        sources,
        project,
        walk,
        rehash=rehash,
        reconfigure=reconfigure,
        from_stage=StageName(from_stage) if from_stage else None,
        max_cost=max_cost,
        refresh_context=refresh_context,
    )
    if dry_run:
        _foretell(settings, request, as_json)
        return 0
    with _stopping() as stop, ProgressDisplay() as display:
        report = driver.run(settings, request, display.show, stop)
    if as_json:
        print_json(report.as_json())
    else:
        print_summary(report, walk.passed, sys.argv[1:])
    if report.outcome == "failed":
        raise UnavailableError(report.reason)
    if report.outcome == OVER_BUDGET:
        raise OverBudgetError(report.reason)
    if report.outcome == "stopped":
        return INTERRUPTED
    return 3 if report.documents.get("failed") else 0


def _foretell(settings: Settings, request: Request, as_json: bool) -> None:
    """Say what a run would do. Raises what `dry_run` and `priced` raise."""
    from actors import dry_run
    from actors.commands.foretelling import print_forecast, print_priced
    from actors.progress import ProgressDisplay
    from pipeline import assembly

    forecast = dry_run.dry_run(settings, request)
    if not assembly.waits(settings):
        print_forecast(forecast, as_json)
        return
    with _stopping() as stop, ProgressDisplay() as display:
        estimate = dry_run.priced(settings, request, display.show, stop)
    price = settings.llm.prices.get(settings.llm.model)
    print_priced(forecast, estimate, price, as_json)


@contextmanager
def _stopping() -> Iterator[Stop]:
    """Turn the first Ctrl-C or SIGTERM into a request to stop; the second ends at once."""
    stop = Stop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            _show_cursor()
            os._exit(INTERRUPTED)
        stop.asked = True
        say(
            "stopping: what is running is finished and kept, and a later run goes on from there "
            "(Ctrl-C once more ends at once)"
        )

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show_cursor() -> None:
    """Give back the terminal's cursor, which a live display hides and nobody else will show."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
