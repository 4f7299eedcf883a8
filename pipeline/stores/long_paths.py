"""Says which path is too long for PostgreSQL, whose index takes some thousand bytes that cannot be
compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg2.errors import ProgramLimitExceeded
from sqlalchemy.exc import OperationalError

from pipeline.errors import UsageError
from pipeline.stores.ledger_values import Found


@contextmanager
def named(found: Sequence[Found]) -> Iterator[None]:
    """Name the path that PostgreSQL did not take of these. Raises UsageError."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.orig, ProgramLimitExceeded):
            raise
        longest = max(found, key=lambda x: len(zlib.compress(x.uri.encode())))
        raise UsageError(
            "this path is too long to be kept in PostgreSQL; leave it out (--exclude), or give its "
            f"folders shorter names: {longest.source}"
        ) from error
