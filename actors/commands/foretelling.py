"""`casegraph run --dry-run`: what a run would do, as a person or a program reads it."""

from __future__ import annotations

from actors.commands.common import print_json, say
from actors.commands.printing import print_table
from actors.dry_run import dry_run
from actors.request import Request
from pipeline.forecast import Forecast
from pipeline.settings import Settings
from pipeline.stage import STAGES


def foretell(settings: Settings, request: Request, as_json: bool) -> None:
    """Print what a run would do. Raises what `dry_run` raises."""
    forecast = dry_run(settings, request)
    if as_json:
        print_json(forecast.as_json())
    else:
        _print(forecast)


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
    say("nothing was done; the same command without --dry-run does it")
