"""What all commands share: options, JSON on standard output, words for people on the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

import click

from pipeline.errors import UsageError
from pipeline.walking import printable

MOST = 1_000_000_000

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """Add the required `--project NAME`."""
    return click.option(
        "--project",
        "project",
        metavar="NAME",
        required=True,
        callback=_named,
        help="The project's name.",
    )(command)


def _named(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Refuse a name that cannot be seen."""
    if not value.strip() or not value.isprintable():
        raise UsageError("--project needs a name that can be seen and typed")
    return value


class Words(click.ParamType[str]):
    """Words to look for. Bytes that are no text become what a recorded path has in their place."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Make any argument text that a database takes."""
        return printable(value)


class Dollars(click.ParamType[int]):
    """An amount of US dollars, as whole millionths; what is below one of these is not allowed."""

    name = "dollars"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read "5", "5.00" or "$5". Fails for what is no amount."""
        try:
            amount = Decimal(value.strip().removeprefix("$"))
            return int(amount.scaleb(6)) if 0 <= amount <= MOST else self._refuse(value, param, ctx)
        except InvalidOperation:
            return self._refuse(value, param, ctx)

    def _refuse(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> NoReturn:
        self.fail(f"{value!r} is no amount of US dollars, such as 5.00", param, ctx)


def limit_option(default: int, what: str) -> Callable[[Command], Command]:
    """Add `--limit N`."""
    return click.option(
        "--limit", type=click.IntRange(1, MOST), default=default, show_default=True, metavar="N",
        help=what,
    )  # fmt: skip


def json_option(command: Command) -> Command:
    """Add `--json`; the parameter is `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON (lines, for a list) and nothing else."
    )(command)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_written))


def _written(value: object) -> str:
    """Write what JSON has no form for: times as ISO 8601 has them."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_json_lines(values: Iterable[Mapping[str, Any]]) -> None:
    """Print one JSON object a line."""
    for value in values:
        print_json(value)


def say(text: str = "") -> None:
    """Tell the person something without touching standard output."""
    click.echo(text, file=sys.stderr)
