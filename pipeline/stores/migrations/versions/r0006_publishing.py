"""What publishing a project's results depends on besides its plan, and the mark of the object store
that this database's objects are in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; the next run of each project, and of any, fills them in."""
    op.add_column("projects", sa.Column("publishing", JSONB))
    op.create_table(
        "object_store",
        sa.Column("single", sa.Boolean, primary_key=True, server_default="true"),
        sa.Column("mark", UUID, nullable=False),
        sa.CheckConstraint("single", name="single"),
    )
