"""How a run works at the moment, with Redis or without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("runs", sa.Column("mode", sa.Text))
    op.add_column("runs", sa.Column("mode_reason", sa.Text))
