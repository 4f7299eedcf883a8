"""Whether a document's bytes have to be looked at again: what was made of them so far stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark. What waits for a content now was identified since it changed last."""
    op.add_column(
        "documents", sa.Column("unread", sa.Boolean, nullable=False, server_default="false")
    )
