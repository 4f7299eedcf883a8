"""The bound that persistence is measured against: plain COPY of the very same rows.

The rows are read back from the database that persistence wrote, parted into the batches in which
it wrote them, and copied into the same tables of another database, with their indexes and
constraints, one transaction a batch. Nobody who keeps these tables can be faster.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

from measuring.spent import Meter, Spent

# In the order of their constraints. The rows of contents and documents stand there before
# persistence, which fills them in; here they are copied filled in.
TABLES = (
    "contents", "documents", "stage_results", "chunks", "names", "mentions", "relationships",
    "changes",
)  # fmt: skip
BEFORE = ("projects", "runs")

COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""

# Which transaction wrote a row is told by the time at which it began. A content and its documents
# come with the first of its outputs, which stand on it.
FIRST_OUTPUT = "(SELECT min(s.created_at) FROM stage_results s WHERE s.content_id = t.{content})"
PUBLISHED = "(SELECT c.published_at FROM contents c WHERE c.id = t.content_id)"
BATCH_OF = {
    "contents": FIRST_OUTPUT.format(content="id"),
    "documents": FIRST_OUTPUT.format(content="content_id"),
    "stage_results": "t.created_at",
    "chunks": PUBLISHED,
    "names": "(SELECT min(c.published_at) FROM contents c WHERE c.xmin = t.xmin)",
    "mentions": PUBLISHED,
    "relationships": PUBLISHED,
    "changes": "t.changed_at",
}
ORDER = {
    "stage_results": "content_id, stage, fingerprint, part",
    "names": "id",
    "mentions": "content_id, start",
    "relationships": "content_id, start, id",
    "chunks": "content_id, ordinal",
    "contents": "id",
    "documents": "id",
    "changes": "id",
}


@dataclass(frozen=True)
class Piece:
    """Rows of one table in COPY's text form."""

    table: str
    columns: str
    data: str
    rows: int


@dataclass(frozen=True)
class Dump:
    """What stood there before, then a list of pieces for each batch."""

    before: tuple[Piece, ...]
    batches: tuple[tuple[Piece, ...], ...]

    @property
    def rows(self) -> dict[str, int]:
        """Count the rows of the batches by table."""
        return {
            table: sum(p.rows for batch in self.batches for p in batch if p.table == table)
            for table in TABLES
        }


def dump(url: str) -> Dump:
    """Read back what persistence wrote into a database that holds nothing else."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        before = tuple(_read(cursor, table, "true", "id") for table in BEFORE)
        cursor.execute("SELECT DISTINCT created_at FROM stage_results ORDER BY 1")
        transactions = [row[0] for row in cursor.fetchall()]
        batches = tuple(
            tuple(
                piece
                for table in TABLES
                if (
                    piece := _read(cursor, table, f"{BATCH_OF[table]} = '{one}'", ORDER[table])
                ).rows
            )
            for one in transactions
        )
    return Dump(before, batches)


def _read(cursor: Any, table: str, condition: str, order: str) -> Piece:
    """Copy the rows of a table that a condition names."""
    cursor.execute(COLUMNS, (table,))
    columns = str(cursor.fetchone()[0])
    data = io.StringIO()
    rows = f"SELECT {columns} FROM {table} t WHERE {condition} ORDER BY {order}"  # noqa: S608
    cursor.copy_expert(f"COPY ({rows}) TO STDOUT", data)
    return Piece(table, columns, data.getvalue(), cursor.rowcount)


def copy_again(url: str, of: Dump, meter: Meter) -> Spent:
    """Copy a dump into a migrated, empty database; say what the batches took."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        _copy(cursor, of.before)
        connection.commit()

        def copy_batches() -> None:
            for batch in of.batches:
                _copy(cursor, batch)
                connection.commit()

        return meter.measure(copy_batches)


def _copy(cursor: Any, pieces: Sequence[Piece]) -> None:
    """Copy pieces in their order."""
    for piece in pieces:
        cursor.copy_expert(
            f"COPY {piece.table} ({piece.columns}) FROM STDIN", io.StringIO(piece.data)
        )
