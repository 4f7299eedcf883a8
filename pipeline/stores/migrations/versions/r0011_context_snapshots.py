"""What a project knew at one moment, for questions to a language model, and sketches of chunks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; no project has a snapshot yet."""
    op.create_table(
        "content_sketches",
        sa.Column("content_id", UUID, nullable=False),
        sa.Column("made_of", sa.Text, nullable=False),
        sa.Column("sketches", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("content_id", "made_of", name="pk_content_sketches"),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["contents.id"],
            name="fk_content_sketches_content_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "context_snapshots",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("hash", sa.Text),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("names", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("chunks", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_context_snapshots"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_context_snapshots_project_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_context_snapshots_project_id_hash", "context_snapshots", ["project_id", "hash"]
    )
    op.create_index(
        "uq_context_snapshots_pinned",
        "context_snapshots",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("pinned"),
    )
    op.create_table(
        "context_entries",
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "field", name="pk_context_entries"),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["context_snapshots.id"],
            name="fk_context_entries_snapshot_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "context_contents",
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.Column("content_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "content_id", name="pk_context_contents"),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["context_snapshots.id"],
            name="fk_context_contents_snapshot_id",
            ondelete="CASCADE",
        ),
    )
