"""Tables and lines for a person, on standard output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.passages import Span

PIPED_WIDTH = 200


def console() -> Console:
    """Open standard output; into a pipe lines are wide, so that little is cut."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else max(PIPED_WIDTH, shutil.get_terminal_size().columns)
    return Console(width=width, highlight=False, soft_wrap=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], fold: Sequence[str] = ()
) -> None:
    """Print a table. Numbers stand to the right; columns named in `fold` break over lines, the
    others are cut where the terminal ends.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    listed = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numbers = bool(listed) and all(isinstance(row[index], int | float) for row in listed)
        table.add_column(
            column,
            justify="right" if numbers else "left",
            overflow="fold" if column in fold else "ellipsis",
            no_wrap=column not in fold,
        )
    for row in listed:
        table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    console().print(table)


def _cell(value: object) -> str:
    """Write a cell: nothing for None, thousands apart in numbers, and nothing of foreign text that
    a terminal would obey.
    """
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")


def marked_text(text: str, marks: Iterable[Span], style: str = "bold yellow") -> Any:
    """Put a text on one line with the marked spans in a style."""
    from rich.text import Text

    line, at = Text(), 0
    for start, end in marks:
        line.append(_flat(text[at:start]))
        line.append(_flat(text[start:end]), style=style)
        at = end
    line.append(_flat(text[at:]))
    line.rstrip()
    return line


def _flat(text: str) -> str:
    """Make each run of blanks one blank, those at the ends too, and drop control characters."""
    flat = " ".join(text.split())
    if text[:1].isspace():
        flat = " " + flat
    if flat.strip() and text[-1:].isspace():
        flat += " "
    return "".join(sign for sign in flat if sign.isprintable() or sign == " ")
