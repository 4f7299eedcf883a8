"""Bulk writes: COPY, straight into a table or into a temporary one that a statement reads from.

A row is a sequence of plain values in the order of the columns. COPY's text form is written here,
because it is what costs time: one pass, no adaptation of each value by the driver.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import psycopg2.extensions
from sqlalchemy import Connection

Row = Sequence[object]

# Stand-ins while a batch is put together; a batch that holds one of them goes the slower way.
_FIELD, _ROW, _NULL = "\x1f", "\x1e", "\x1d"
_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"'})
_numbers = itertools.count(1)

BLOCK_ROWS, READ_BYTES = 500, 1 << 16
BLOCK_CHARACTERS = 4 << 20
"""Rows are written out at once until there are so many, or until they hold more than this."""


def written(value: object) -> str:
    """Write one value as text, before COPY's escapes. Raises TypeError for an unknown type.

    A text may be JSON already: COPY takes it for a JSONB column as it is.
    """
    kind = type(value)
    if kind is int or kind is float:
        return str(value)
    if value is None:
        return _NULL
    if isinstance(value, (str, bool, int, float)):
        return str(value)
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, (tuple, list)):
        return "{" + ",".join(f'"{item.translate(_QUOTES)}"' for item in value) + "}"
    raise TypeError(f"COPY cannot write a {type(value).__name__}")


def _escaped(text: str) -> str:
    """Escape what has a meaning in COPY's text form."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def copy_text(rows: Iterable[Row]) -> str:
    """Write rows in COPY's text form, escaping all of them at once where that is possible: all that
    there are, or the first that hold more than `BLOCK_CHARACTERS`.
    """
    taken: list[Row] = []
    lines: list[str] = []
    held = 0
    for row in rows:
        line = _FIELD.join(
            [
                value if type(value) is str else _NULL if value is None else written(value)
                for value in row
            ]
        )
        taken.append(row)
        lines.append(line)
        held += len(line)
        if held > BLOCK_CHARACTERS:
            break
    if not taken:
        return ""
    text = _ROW.join(lines)
    lines.clear()
    marks = (text.count(_FIELD), text.count(_ROW), text.count(_NULL))
    nulls = sum([row.count(None) for row in taken])
    if marks == (sum(map(len, taken)) - len(taken), len(taken) - 1, nulls):
        text = _escaped(text)
        for mark, meaning in ((_FIELD, "\t"), (_ROW, "\n"), (_NULL, "\\N")):
            text = text.replace(mark, meaning)
    else:
        text = "\n".join(
            "\t".join("\\N" if value is None else _escaped(written(value)) for value in row)
            for row in taken
        )
    return text + "\n"


def copy_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    first: str = "",
) -> None:
    """Append rows to a table; `table` and `columns` are our own names. A statement to be done
    `first` travels with the command, and is all that is done without rows.

    Raises psycopg2.Error for what PostgreSQL refuses and UnicodeEncodeError for a lone surrogate.
    """
    rows = iter(rows)
    some = list(itertools.islice(rows, BLOCK_ROWS))
    if not some:
        if first:
            connection.exec_driver_sql(first)
        return
    names = ", ".join(f'"{column}"' for column in columns)
    cursor = cast("psycopg2.extensions.cursor", connection.connection.cursor())
    with cursor:
        data = _Blocks(itertools.chain(some, rows))
        before = f"{first};" if first else ""
        cursor.copy_expert(f"{before}COPY {table} ({names}) FROM STDIN", data, READ_BYTES)
    if data.error is not None:
        raise data.error


class _Blocks:
    """Rows as a file that COPY reads: some are written out while PostgreSQL takes in those before.

    What goes wrong ends the file and is kept in `error`: the driver would make a cancelled query
    of it, which looks like one that may go well next time.
    """

    def __init__(self, rows: Iterator[Row]) -> None:
        self.error: Exception | None = None
        self._rows = rows
        self._block = io.BytesIO()

    def read(self, size: int) -> bytes:
        """Give at most `size` bytes; none at the end."""
        data = self._block.read(size)
        if data or self.error:
            return data
        try:
            text = copy_text(itertools.islice(self._rows, BLOCK_ROWS))
            self._block = io.BytesIO(text.encode("utf-8"))
        except Exception as error:  # noqa: BLE001 - whoever copies raises it again
            self.error = error
        return self._block.read(size)


def staged(connection: Connection, like: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Put rows into a new temporary table with those columns of the table `like`; name it.

    It is gone at the end of the transaction.
    """
    name = f"staged_{next(_numbers)}"
    names = ", ".join(f'"{column}"' for column in columns)
    create = (
        f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS "  # noqa: S608 - our own names
        f"SELECT {names} FROM {like} WITH NO DATA"
    )
    copy_rows(connection, name, columns, rows, first=create)
    return name
