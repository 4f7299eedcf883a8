"""Objects that a row named until it was deleted: they can go once nothing else names them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A row a trigger's `WHEN` lets through calls the function; all others cost a comparison.
LOOSEN = """
CREATE FUNCTION loosen_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_objects (sha256) VALUES (
        CASE TG_TABLE_NAME WHEN 'documents' THEN to_jsonb(OLD) ->> 'blob'
                           ELSE to_jsonb(OLD) ->> 'payload_ref' END);
    RETURN NULL;
END $$;

CREATE FUNCTION loosen_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_objects (sha256)
    SELECT value ->> 'sha256' FROM jsonb_array_elements(OLD.members);
    RETURN NULL;
END $$;

CREATE TRIGGER loosen_deleted AFTER DELETE ON documents
FOR EACH ROW WHEN (OLD.blob IS NOT NULL) EXECUTE FUNCTION loosen_object();
CREATE TRIGGER loosen_changed AFTER UPDATE OF blob ON documents
FOR EACH ROW WHEN (OLD.blob IS DISTINCT FROM NEW.blob AND OLD.blob IS NOT NULL)
EXECUTE FUNCTION loosen_object();

CREATE TRIGGER loosen_deleted AFTER DELETE ON stage_results
FOR EACH ROW WHEN (OLD.payload_ref IS NOT NULL) EXECUTE FUNCTION loosen_object();

CREATE TRIGGER loosen_deleted AFTER DELETE ON contents
FOR EACH ROW WHEN (jsonb_typeof(OLD.members) = 'array') EXECUTE FUNCTION loosen_members();
CREATE TRIGGER loosen_changed AFTER UPDATE OF members ON contents
FOR EACH ROW WHEN (jsonb_typeof(OLD.members) = 'array' AND OLD.members IS DISTINCT FROM NEW.members)
EXECUTE FUNCTION loosen_members();
"""


def upgrade() -> None:
    """Make the list, and what writes it. What was loosened before is not known any more."""
    op.create_table(
        "loose_objects",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loose_objects"),
    )
    op.execute(LOOSEN)
