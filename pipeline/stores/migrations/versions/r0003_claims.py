"""Which claim of a document is the present one: a number that no other claim ever has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the numbers. A claim of before has none, so nothing late is believed about it."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("claims")))
    op.add_column("documents", sa.Column("claim", sa.BigInteger))
