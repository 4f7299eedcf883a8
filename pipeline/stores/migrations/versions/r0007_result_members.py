"""What the members of a container are, from when its `ocr` is stored: it may never be published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOOSEN = """
CREATE FUNCTION loosen_result_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_objects (sha256) SELECT unnest(OLD.members);
    RETURN NULL;
END $$;

CREATE TRIGGER loosen_members AFTER DELETE ON stage_results
FOR EACH ROW WHEN (OLD.members <> '{}') EXECUTE FUNCTION loosen_result_members();
"""


def upgrade() -> None:
    """Add the column. Of an `ocr` that is stored already it stays null: it is not known."""
    op.add_column("stage_results", sa.Column("members", ARRAY(sa.Text)))
    op.execute(LOOSEN)
