"""How long a transaction may idle: a process that is stopped, or hangs, inside one keeps its locks,
and who goes on in its place waits for them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event, text

IDLE_SECONDS = 120.0
"""Longer than publishing a batch works between two statements: 5 million characters take about 3 s,
and a batch has a bound. Not longer than what `run.stall_seconds` calls a stall.
"""

# What the server, the role, the database or the URL says itself stays.
_BOUND = """
SELECT set_config(name, %s, false) FROM pg_settings
WHERE name = 'idle_in_transaction_session_timeout' AND source = 'default'
"""
_UNBOUND = text("SET LOCAL idle_in_transaction_session_timeout TO DEFAULT")


def bound_idling(engine: Engine) -> Engine:
    """Let PostgreSQL end each transaction of a pool that has idled for too long: its next statement
    raises what is a TemporaryError.

    Said on the connection, since poolers refuse such options at its start.
    """

    # Before SQLAlchemy sets the isolation level, which would take a round trip more.
    @event.listens_for(engine, "connect", insert=True)
    def bound(connection: Any, _record: object) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_BOUND, (f"{round(IDLE_SECONDS * 1000)}ms",))
        connection.autocommit = False

    return engine


def may_idle(connection: Connection) -> None:
    """Let this transaction idle: it reads for somebody who may be slow, and locks no row."""
    connection.execute(_UNBOUND)
