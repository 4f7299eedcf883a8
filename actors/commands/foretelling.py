"""`casegraph run --dry-run`: what a run would do, as a person or a program reads it."""

from __future__ import annotations

from actors.commands.common import print_json, say
from actors.commands.printing import console, print_table
from pipeline.forecast import Forecast
from pipeline.llm.asking import Price
from pipeline.llm.estimating import Estimate
from pipeline.stage import STAGES


def print_forecast(forecast: Forecast, as_json: bool) -> None:
    """Print what a run would do."""
    if as_json:
        print_json(forecast.as_json() | {"language_models": None})
    else:
        _print(forecast)
        say("nothing was done; the same command without --dry-run does it")


def print_priced(
    forecast: Forecast, estimate: Estimate, price: Price | None, as_json: bool
) -> None:
    """Print what a run would do, and what it would ask language models."""
    if as_json:
        print_json(forecast.as_json() | {"language_models": estimate.as_json(price)})
        return
    _print(forecast)
    console().print(f"Language models: {estimate.said(price)}", highlight=False, soft_wrap=True)
    if estimate.unread:
        say(f"{estimate.unread:,} more documents have no chunks that could be counted")
    say(
        "no language model was asked; the documents were read as far as their chunks, which is "
        "kept: the same command without --dry-run goes on from there"
    )


def _print(forecast: Forecast) -> None:
    """Show a forecast to a person."""
    print_table(
        ["documents", "count"],
        [
            ("new", forecast.new),
            ("changed", forecast.changed),
            ("unchanged", forecast.unchanged),
            ("pending from before", forecast.pending),
            ("failed, left as they are", forecast.failed),
            ("left out", forecast.left_out),
            ("not found this time", forecast.not_found),
        ],
    )
    print_table(
        ["stage", "would run at most"],
        [(stage.value, forecast.stages[stage]) for stage in STAGES],
    )
    if forecast.needs_reconfigure:
        say(
            f"the project was made with other settings: {forecast.difference}. A run needs "
            "--reconfigure to take these; the stages are counted as if it was given"
        )
