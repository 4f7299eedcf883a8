"""What models said and texts do not, of each content; and of which contents an answer has words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; answers that are there belong to who asked for them, if that is there too."""
    op.add_column("contents", sa.Column("dropped", JSONB))
    op.create_table(
        "llm_uses",
        sa.Column("content_id", UUID, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("project_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("content_id", "model", "request_hash", name="pk_llm_uses"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_llm_uses_project_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_llm_uses_model_request_hash", "llm_uses", ["model", "request_hash"])
    op.create_index("ix_llm_uses_project_id", "llm_uses", ["project_id"])
    op.execute("""
INSERT INTO llm_uses (content_id, model, request_hash, project_id)
SELECT DISTINCT c.content_id, c.model, c.request_hash, c.project_id
FROM llm_calls c JOIN llm_responses r USING (model, request_hash)
WHERE c.content_id IS NOT NULL
""")
