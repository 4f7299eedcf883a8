"""Examples that questions to a language model show, and which of them a project uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; projects use what is shipped until one pins another set."""
    op.create_table(
        "examples",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("domain", "task", "hash")),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary),
        sa.Column("document_id", UUID),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column(
            "added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_examples"),
        sa.UniqueConstraint("domain", "task", "hash", name="uq_examples_domain_task_hash"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name="fk_examples_document_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("task IN ('find', 'relate')", name="task"),
        sa.CheckConstraint("origin IN ('added', 'accepted', 'hidden')", name="origin"),
        sa.CheckConstraint("(value IS NULL) = (origin = 'hidden')", name="value"),
    )
    op.create_index("ix_examples_document_id", "examples", ["document_id"])
    _sets()


def _sets() -> None:
    """Make what holds the sets of projects."""
    op.create_table(
        "example_sets",
        sa.Column("project_id", UUID, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("domain", "task", "hash")),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "domain", "task", "hash", name="pk_example_sets"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_example_sets_project_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "example_pins",
        sa.Column("project_id", UUID, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("domain", "task", "hash")),
        sa.Column(
            "pinned_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.PrimaryKeyConstraint("project_id", "domain", "task", name="pk_example_pins"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_example_pins_project_id", ondelete="CASCADE"
        ),
    )
