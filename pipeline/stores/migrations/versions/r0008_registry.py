"""What the registry stands on: its lease and epoch, near misses, what was capped, and an index that
finds the names of one project by their blocking keys.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A key is hashed with its project, so that a common key of one project's does not lead through the
# names of all others. Two keys may have one hash: who looks names up compares their keys, too.
NAME_BLOCKS = """
CREATE FUNCTION name_blocks(project UUID, keys TEXT[]) RETURNS BIGINT[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT pg_catalog.hashtextextended(key, pg_catalog.uuid_hash_extended(project, 0))
                 FROM pg_catalog.unnest(keys) AS key)
$$
"""


# What no document shows has no rows from here on, also where another document waits for it. Its
# results stay.
UNPUBLISH = """
CREATE TEMPORARY TABLE hidden ON COMMIT DROP AS
SELECT c.id FROM contents c WHERE c.published_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id);
CREATE TEMPORARY TABLE hidden_names ON COMMIT DROP AS
SELECT DISTINCT m.name_id AS id FROM mentions m JOIN hidden h ON h.id = m.content_id;
DELETE FROM relationships t USING hidden h WHERE h.id = t.content_id;
DELETE FROM mentions t USING hidden h WHERE h.id = t.content_id;
DELETE FROM chunks t USING hidden h WHERE h.id = t.content_id;
UPDATE contents c SET published_at = NULL, chain = NULL, members = NULL, text = NULL, pages = NULL,
       warnings = NULL, language = NULL, language_score = NULL, title = NULL, author = NULL,
       created = NULL, modified = NULL, sender = NULL, recipients = NULL, copied = NULL,
       subject = NULL, sent = NULL, message_id = NULL, in_reply_to = NULL
FROM hidden h WHERE h.id = c.id;
DELETE FROM names n USING hidden_names h WHERE h.id = n.id
   AND NOT EXISTS (SELECT 1 FROM mentions m WHERE m.name_id = n.id)
   AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.subject_name_id = n.id)
   AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.object_name_id = n.id);
"""


def upgrade() -> None:
    """Make the tables, and a registry for each project; none has been brought about yet."""
    op.execute(UNPUBLISH)
    op.add_column("changes", sa.Column("keys", ARRAY(sa.Text)))
    op.add_column("decisions", sa.Column("contents", ARRAY(UUID)))
    op.add_column("decisions", sa.Column("documents", ARRAY(UUID)))
    _registries()
    _entities()
    _near_misses()
    _capped()
    op.create_index(
        "ix_name_entities_namesakes", "name_entities", ["name_id"],
        postgresql_where=sa.text("sense <> 0"),
    )  # fmt: skip
    op.execute(NAME_BLOCKS)
    op.create_index(
        "ix_names_blocks",
        "names",
        [sa.text("name_blocks(project_id, keys)")],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def _registries() -> None:
    """Make the registries, and take the epoch, which nothing has used, from the projects."""
    op.create_table(
        "registries",
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("holder", UUID),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("version", sa.Text),
        sa.PrimaryKeyConstraint("project_id", name="pk_registries"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_registries_project_id", ondelete="CASCADE"
        ),
    )
    op.execute("INSERT INTO registries (project_id) SELECT id FROM projects")
    op.drop_column("projects", "epoch")


def _entities() -> None:
    """Make of the entities, which nothing has written, those that are none any more."""
    op.execute("DELETE FROM entities WHERE merged_into IS NULL")
    op.alter_column("entities", "merged_into", nullable=False)
    op.drop_column("entities", "type")


def _near_misses() -> None:
    """Make the pairs of names that stayed apart and might be the same."""
    op.create_table(
        "near_misses",
        sa.Column("one", UUID, nullable=False),
        sa.Column("other", UUID, nullable=False),
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("reasons", JSONB),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name="pk_near_misses"),
        sa.ForeignKeyConstraint(
            ["one"], ["names.id"], name="fk_near_misses_one", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other"], ["names.id"], name="fk_near_misses_other", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_near_misses_project_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("one < other", name="order"),
    )
    op.create_index("ix_near_misses_other", "near_misses", ["other"])
    op.create_index("ix_near_misses_project_id", "near_misses", ["project_id"])


def _capped() -> None:
    """Make what was too large to be compared."""
    op.create_table(
        "capped",
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "kind", "key", name="pk_capped"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_capped_project_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('block', 'component')", name="kind"),
    )
    op.create_table(
        "dissolved",
        sa.Column("project_id", UUID, nullable=False),
        sa.Column("first", UUID, nullable=False),
        sa.Column("names", ARRAY(UUID), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "first", name="pk_dissolved"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_dissolved_project_id", ondelete="CASCADE"
        ),
    )
