"""What Alembic runs: the connection is handed in, its transaction is the caller's."""

from __future__ import annotations

from alembic import context

from pipeline.stores.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
