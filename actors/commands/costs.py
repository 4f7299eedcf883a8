"""`casegraph costs`: what language models were asked for a project, and what that cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from actors.commands.common import (
    json_option,
    limit_option,
    print_json,
    print_json_lines,
    project_option,
    say,
)
from actors.commands.opening import opened_services
from pipeline.llm.charging import dollars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.llm.asking import Price
    from pipeline.llm.spending import Spent
    from pipeline.stores.llm_account import CostRow

UNKNOWN = {"document": "(documents that are gone)", "run": "(no run)", "stage": "(no stage)"}


@click.command(short_help="Show what language models cost.")
@project_option
@click.option(
    "--by",
    type=click.Choice(["document", "model", "run", "stage"]),
    help="List the costs by these, the most expensive first.",
)
@limit_option(50, "How many are listed at most.")
@json_option
def costs(project: str, by: str | None, limit: int, as_json: bool) -> None:
    """Show what language models were asked for a project, in calls and tokens, and what that cost
    in US dollars, by the prices that the settings (llm.prices) had then. With --json one object
    for the project, or, with --by, a line for each that is listed.
    """
    from pipeline.stores.llm_account import By, LlmAccount, row_json
    from pipeline.stores.project_reader import find_project

    with opened_services() as (settings, engine, _):
        account = LlmAccount(engine, find_project(engine, project))
        rows = list(account.costs(By(by or By.MODEL), limit))
        total = account.spent()
        prices = settings.llm.prices
    if as_json and by:
        print_json_lines(map(row_json, rows))
    elif as_json:
        models = [row_json(row) for row in rows]
        print_json({"project": project, **total.as_json(), "models": models})
    elif not total.calls:
        say("no language model was asked for this project")
    else:
        _print(by or "model", rows, total)
        _warn(rows if not by else (), prices)


def _print(by: str, rows: Sequence[CostRow], total: Spent) -> None:
    """Show costs to a person."""
    from actors.commands.printing import print_table

    listed = [(_named(by, row), row.spent) for row in rows]
    if by != "document" or len(rows) > 1:
        listed.append(("all", total))
    print_table(
        [by, "calls", "failed", "lost", "tokens in", "cached", "tokens out", "cost"],
        [
            (
                what,
                spent.calls,
                sum(spent.failed.values()),
                spent.lost,
                spent.usage.tokens_in,
                spent.usage.tokens_cached,
                spent.usage.tokens_out,
                dollars(spent.cost),
            )
            for what, spent in listed
        ],
        fold=[by],
    )
    if total.failed:
        by_code = Counter(total.failed).most_common()
        say(f"failed: {', '.join(f'{count:,} {code}' for code, count in by_code)}")
    if total.lost:
        say(f"lost: nothing was heard of {total.lost:,}; they count with the most they can cost")
    if total.under_way:
        say(f"under way: {total.under_way:,}, which can cost {dollars(total.set_aside)}")


def _named(by: str, row: CostRow) -> str:
    """Name what a row is about."""
    others = f" and {row.others:,} with the same bytes" if row.others else ""
    return f"{row.what or UNKNOWN.get(by, '')}{others}"


def _warn(rows: Sequence[CostRow], prices: Mapping[str, Price]) -> None:
    """Say which models have no price, and so count as free."""
    free = [row.what for row in rows if not row.spent.cost and row.what not in prices]
    if free:
        say(f"without a price in the settings (llm.prices): {', '.join(free)}")
