"""Each question to a language model with what it cost, and what a run may spend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; nothing was asked yet."""
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("content_id", UUID),
        sa.Column("run_id", UUID),
        sa.Column("stage", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        *(
            sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
            for name in ("tokens_in", "tokens_out", "tokens_cached")
        ),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_llm_calls"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_llm_calls_project_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name="fk_llm_calls_content_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint("state IN ('asked', 'answered', 'failed', 'lost')", name="state"),
    )
    op.create_index("ix_llm_calls_project_id_model", "llm_calls", ["project_id", "model"])
    op.create_index("ix_llm_calls_content_id", "llm_calls", ["content_id"])
    op.create_index(
        "uq_llm_calls_asked",
        "llm_calls",
        ["model", "request_hash"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_table(
        "llm_budgets",
        sa.Column("run_id", UUID, nullable=False),
        sa.Column("at_most", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("run_id", name="pk_llm_budgets"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_llm_budgets_run_id", ondelete="CASCADE"
        ),
    )
