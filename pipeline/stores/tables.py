"""The schema in PostgreSQL, the source of truth. Reads from top to bottom.

documents → contents → what the five stages made of them → names → entities.
Mentions and relationships point to names; only `name_entities` points to entities, so joining two
entities with a million mentions changes a handful of rows. Until a content is published,
PostgreSQL holds of it only its `stage_results`.

Deleting a project deletes everything under it; deleting a content, all that was made of it.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = UUID(as_uuid=False)
Time = DateTime(timezone=True)


def _project() -> Column[str]:
    """Make the column that ties a row to its project."""
    return Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _content() -> Column[str]:
    """Make the column that ties a row to its content."""
    return Column("content_id", Id, ForeignKey("contents.id", ondelete="CASCADE"), nullable=False)


# One body of documents with one graph and one configuration. `configuration` is the plan: the
# identities of the five stages.
projects = Table(
    "projects",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("configuration", JSONB, nullable=False),
    Column("configuration_digest", Text, nullable=False),
    Column("publishing", JSONB),
    Column("created_at", Time, nullable=False, server_default=func.now()),
)

# Who may write a project's entities, until when, and how often they have been written. `version` is
# that of the rules by which the stored ones were made; null where none have been. A row of its own,
# made with the project: publishers hold the project's for sharing, and must not wait for it.
registries = Table(
    "registries",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", Id),
    Column("until", Time),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("version", Text),
)

# One call of `casegraph run`. Documents are claimed by a run while its lease lasts. `mode` is how
# it works at the moment, accelerated or database, and why if it is not as it was asked; `progress`
# where it last was without Redis, as `run:{run}:progress` says it with.
runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    _project(),
    Column("started_at", Time, nullable=False, server_default=func.now()),
    Column("lease_until", Time, nullable=False),
    Column("ended_at", Time),
    Column("outcome", Text),
    Column("summary", JSONB),
    Column("mode", Text),
    Column("mode_reason", Text),
    Column("progress", JSONB),
)
Index(None, runs.c.project_id, runs.c.started_at)

# Bytes of one media type, by hash. Everything below `stage_results` hangs from here. The columns
# after `size` are filled when the content is published, and replaced when it is again.
# `pages` is a list of {number, start, end, source, confidence, width, height}.
# `chain` is the published chain: a list of {stage, fingerprint, digest, version}.
# `members` is a container's: a list of {path, sha256, size}.
# `dropped` counts what a model said and the text does not: stage → word for why → number.
contents = Table(
    "contents",
    metadata,
    Column("id", Id, primary_key=True),
    _project(),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("published_at", Time),
    Column("chain", JSONB),
    Column("members", JSONB),
    Column("text", Text),
    Column("pages", JSONB),
    Column("warnings", ARRAY(Text)),
    Column("dropped", JSONB),
    Column("language", Text),
    Column("language_score", Double),
    Column("title", Text),
    Column("author", Text),
    Column("created", Text),
    Column("modified", Text),
    Column("sender", Text),
    Column("recipients", ARRAY(Text)),
    Column("copied", ARRAY(Text)),
    Column("subject", Text),
    Column("sent", Text),
    Column("message_id", Text),
    Column("in_reply_to", Text),
    UniqueConstraint("project_id", "sha256", "media_type"),
)

# One source at one absolute URI. `source` is the path as the user gave it. `content_id` is what
# readers see; `next_content_id` is what a run is working on, or, where the document is `unread`,
# what its bytes were when they were last looked at: that keeps what was made of them, and nothing
# is published by it. `root_id` is the top-level file of a member, whose budget all its members
# share; `blob` is the hash in the object store of a member, or of the copy of a local file that the
# other nodes of a cluster do not see.
# `size` and `stamp` (mtime in nanoseconds, or an ETag) tell an unchanged file without reading it.
documents = Table(
    "documents",
    metadata,
    Column("id", Id, primary_key=True),
    _project(),
    Column("uri", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("parent_id", Id, ForeignKey("documents.id", ondelete="CASCADE")),
    Column("root_id", Id, ForeignKey("documents.id", ondelete="CASCADE")),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("blob", Text),
    Column("size", BigInteger, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("stale", Boolean, nullable=False, server_default="false"),
    Column("partial", Boolean, nullable=False, server_default="false"),
    Column("content_id", Id, ForeignKey("contents.id", ondelete="RESTRICT")),
    Column("next_content_id", Id, ForeignKey("contents.id", ondelete="RESTRICT")),
    Column("unread", Boolean, nullable=False, server_default="false"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_by", Id, ForeignKey("runs.id", ondelete="SET NULL")),
    # Attempts are for people, and begin anew; what comes late is known by the number of its claim.
    Column("claim", BigInteger),
    Column("reason", Text),
    Column("created_at", Time, nullable=False, server_default=func.now()),
    Column("updated_at", Time, nullable=False, server_default=func.now()),
    UniqueConstraint("project_id", "uri"),
    CheckConstraint(
        "status IN ('pending', 'running', 'completed', 'failed', 'skipped')", name="status"
    ),
)
CLAIMS = Sequence("claims", metadata=metadata)
Index(None, documents.c.project_id, documents.c.status)
# In the order in which they are claimed: the members of a container before anything else.
Index(
    "ix_documents_claim",
    documents.c.project_id,
    documents.c.depth.desc(),
    documents.c.created_at,
    documents.c.id,
    postgresql_where=documents.c.status.in_(("pending", "running")),
)
Index(None, documents.c.content_id)
Index(None, documents.c.next_content_id)
Index(None, documents.c.parent_id)
Index(None, documents.c.root_id)
Index(None, documents.c.claimed_by)

# Why a document failed, each time it did.
failures = Table(
    "failures",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("document_id", Id, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", Id, ForeignKey("runs.id", ondelete="SET NULL")),
    Column("stage", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("log_tail", Text, nullable=False, server_default=""),
    Column("failed_at", Time, nullable=False, server_default=func.now()),
)
Index(None, failures.c.document_id, failures.c.failed_at)

# A stage's output for one content, under its fingerprint: written behind, written once.
# `payload` is the codec's bytes; above the limit of a value it is null and `payload_ref` names
# the object that holds it. `members` are the hashes of what a container's `ocr` put into the object
# store: none has been published yet that names them.
stage_results = Table(
    "stage_results",
    metadata,
    Column("content_id", Id, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("part", Text, primary_key=True, server_default=""),
    Column("digest", Text, nullable=False),
    Column("payload", LargeBinary),
    Column("payload_ref", Text),
    Column("members", ARRAY(Text)),
    Column("seconds", Double, nullable=False),
    Column("created_at", Time, nullable=False, server_default=func.now()),
    CheckConstraint("(payload IS NULL) <> (payload_ref IS NULL)", name="payload"),
)

# Published. The pgvector column `vector` is added by the migration where the extension is there.
chunks = Table(
    "chunks",
    metadata,
    Column("id", Id, primary_key=True),
    _content(),
    Column("ordinal", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("tsv", TSVECTOR, Computed("to_tsvector('english', text)", persisted=True)),
)
Index(None, chunks.c.content_id, chunks.c.ordinal)
Index("ix_chunks_tsv", chunks.c.tsv, postgresql_using="gin")

# One normalised form of one type in one project. `scope` is null for the whole project, or the
# one content in which the name means something. `keys` are its blocking keys; `name_blocks` hashes
# them with the project, so that the index leads to one project's names only (revision 0008).
names = Table(
    "names",
    metadata,
    Column("id", Id, primary_key=True),
    _project(),
    Column("type", Text, nullable=False),
    Column("normal", Text, nullable=False),
    Column("scope", Id, ForeignKey("contents.id", ondelete="CASCADE")),
    Column("keys", ARRAY(Text), nullable=False),
    UniqueConstraint("project_id", "type", "normal", "scope", postgresql_nulls_not_distinct=True),
)
Index(None, names.c.scope)
Index(
    "ix_names_blocks",
    func.name_blocks(names.c.project_id, names.c["keys"]),
    postgresql_using="gin",
    postgresql_with={"fastupdate": "off"},
)

# A span that names something. `via` is null for a full form, else the rule that linked a short
# one. `boxes` is a list of [left, top, right, bottom] in points, one a line of text.
mentions = Table(
    "mentions",
    metadata,
    Column("id", Id, primary_key=True),
    _content(),
    Column("name_id", Id, ForeignKey("names.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subtype", Text),
    Column("role", Text),
    Column("via", Text),
    Column("score", Double, nullable=False),
    Column("page", Integer, nullable=False),
    Column("boxes", JSONB),
    Column("model", Text, nullable=False),
    Column("stage_version", Text, nullable=False),
)
Index(None, mentions.c.content_id, mentions.c.start)
Index(None, mentions.c.name_id)

# Subject, predicate, object, with the span that states it.
relationships = Table(
    "relationships",
    metadata,
    Column("id", Id, primary_key=True),
    _content(),
    Column("subject_name_id", Id, ForeignKey("names.id"), nullable=False),
    Column("predicate", Text, nullable=False),
    Column("object_name_id", Id, ForeignKey("names.id"), nullable=False),
    Column("subject_mention_id", Id, nullable=False),
    Column("object_mention_id", Id, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("score", Double, nullable=False),
    Column("model", Text, nullable=False),
    Column("stage_version", Text, nullable=False),
)
Index(None, relationships.c.content_id, relationships.c.start)
Index(None, relationships.c.subject_name_id)
Index(None, relationships.c.object_name_id)

# Telling namesakes apart: in this content, this name means this sense. No row means sense 0.
senses = Table(
    "senses",
    metadata,
    Column("name_id", Id, ForeignKey("names.id", ondelete="CASCADE"), primary_key=True),
    Column("content_id", Id, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("sense", Integer, nullable=False),
)

# Ids that were an entity's and are no longer, with the one that took in what they stood for.
entities = Table(
    "entities",
    metadata,
    Column("id", Id, primary_key=True),
    _project(),
    Column("merged_into", Id, nullable=False),
    Column("epoch", BigInteger, nullable=False),
)
Index(None, entities.c.project_id)

# Which entity a (name, sense) belongs to. A name without a row is its own entity.
name_entities = Table(
    "name_entities",
    metadata,
    Column("name_id", Id, ForeignKey("names.id", ondelete="CASCADE"), primary_key=True),
    Column("sense", Integer, primary_key=True, server_default="0"),
    Column("entity_id", Id, nullable=False),
    Column("reasons", JSONB),
    Column("epoch", BigInteger, nullable=False),
)
Index(None, name_entities.c.entity_id)
Index("ix_name_entities_namesakes", name_entities.c.name_id,
      postgresql_where=name_entities.c.sense != 0)  # fmt: skip

# Pairs of names that stayed apart and may be the same: how alike they are, and why they did not
# join. `one` is the smaller id.
near_misses = Table(
    "near_misses",
    metadata,
    Column("one", Id, ForeignKey("names.id", ondelete="CASCADE"), primary_key=True),
    Column("other", Id, ForeignKey("names.id", ondelete="CASCADE"), primary_key=True),
    _project(),
    Column("score", Double, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("reasons", JSONB),
    Column("epoch", BigInteger, nullable=False),
    CheckConstraint("one < other", name="order"),
)
Index(None, near_misses.c.other)
Index(None, near_misses.c.project_id)

# What was too large to be compared in full: a block, by its key, or a component, by its smallest
# node.
capped = Table(
    "capped",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    CheckConstraint("kind IN ('block', 'component')", name="kind"),
)

# Names that were one entity until too many were like them: under the smallest of them.
dissolved = Table(
    "dissolved",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("first", Id, primary_key=True),
    Column("names", ARRAY(Id), nullable=False),
    Column("epoch", BigInteger, nullable=False),
)

# What people decided about names (merge, split, never), in the order they decided it. `names` are
# groups of names as the texts have them. `contents` and `documents` are what a split is about: they
# may be gone, and come again.
decisions = Table(
    "decisions",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("names", JSONB, nullable=False),
    Column("contents", ARRAY(Id)),
    Column("documents", ARRAY(Id)),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("decided_at", Time, nullable=False, server_default=func.now()),
    Column("undone_by", BigInteger),
)

# What the registry has not applied yet: appended by the transaction that publishes, forgets or
# decides; deleted by the one that writes `name_entities`. `keys` are those that a name had, or the
# ids of the names that a content mentioned before.
changes = Table(
    "changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _project(),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("keys", ARRAY(Text)),
    Column("changed_at", Time, nullable=False, server_default=func.now()),
)
Index(None, changes.c.project_id, changes.c.id)

# Hashes of objects that a row named until it was deleted or changed, written by triggers (revision
# 0004). No key but its own: who deletes rows must not wait for one another here.
loose_objects = Table(
    "loose_objects",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("since", Time, nullable=False, server_default=func.now()),
)

# The one row of this table is what marks the object store as this database's: see `store_mark`.
object_store = Table(
    "object_store",
    metadata,
    Column("single", Boolean, primary_key=True, server_default="true"),
    Column("mark", Id, nullable=False),
    CheckConstraint("single", name="single"),
)

# Answers that cost money, committed before they are used.
llm_responses = Table(
    "llm_responses",
    metadata,
    Column("model", Text, primary_key=True),
    Column("request_hash", Text, primary_key=True),
    Column("response", LargeBinary, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_cached", BigInteger, nullable=False),
    Column("project_id", Id, ForeignKey("projects.id", ondelete="SET NULL")),
    Column("asked_at", Time, nullable=False, server_default=func.now()),
)

# For which contents an answer was asked or found: it holds words of theirs. A content may be gone,
# and come again; of those that are not there any more, answers go when documents are forgotten.
llm_uses = Table(
    "llm_uses",
    metadata,
    Column("content_id", Id, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("request_hash", Text, primary_key=True),
    _project(),
)
Index(None, llm_uses.c.model, llm_uses.c.request_hash)
Index(None, llm_uses.c.project_id)

# Questions to a language model, one row each time that one is asked, committed before: so what it
# may cost is counted also if who asked dies over it. `asked` until there is an answer; `answered`,
# or `failed` with a `code`; `lost` if nothing was heard of it up to `until`. No question is asked
# by two at once. `cost` is in millionths of a US dollar, while `asked` and when `lost` the most
# that it can come to.
llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _project(),
    Column("content_id", Id, ForeignKey("contents.id", ondelete="SET NULL")),
    Column("run_id", Id),
    Column("stage", Text),
    Column("model", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text),
    Column("tokens_in", BigInteger, nullable=False, server_default="0"),
    Column("tokens_out", BigInteger, nullable=False, server_default="0"),
    Column("tokens_cached", BigInteger, nullable=False, server_default="0"),
    Column("cost", BigInteger, nullable=False),
    Column("asked_at", Time, nullable=False, server_default=func.now()),
    Column("until", Time, nullable=False),
    Column("seconds", Double),
    CheckConstraint("state IN ('asked', 'answered', 'failed', 'lost')", name="state"),
)
Index(None, llm_calls.c.project_id, llm_calls.c.model)
Index(None, llm_calls.c.content_id)
Index(
    "uq_llm_calls_asked",
    llm_calls.c.model,
    llm_calls.c.request_hash,
    unique=True,
    postgresql_where=llm_calls.c.state == "asked",
)

# What a run may spend on language models, in millionths of a US dollar, and what it has.
llm_budgets = Table(
    "llm_budgets",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("at_most", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False, server_default="0"),
)

# Examples for questions to a language model, by the hash of what they say, in the order of `id`:
# what users added, and what a person accepted of what was extracted; that goes with its document. A
# row without a value hides a shipped example, which has no row of its own.
examples = Table(
    "examples",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("domain", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("value", LargeBinary),
    Column("document_id", Id, ForeignKey("documents.id", ondelete="CASCADE")),
    Column("who", Text, nullable=False),
    Column("added_at", Time, nullable=False, server_default=func.now()),
    UniqueConstraint("domain", "task", "hash"),
    CheckConstraint("task IN ('find', 'relate')", name="task"),
    CheckConstraint("origin IN ('added', 'accepted', 'hidden')", name="origin"),
    CheckConstraint("(value IS NULL) = (origin = 'hidden')", name="value"),
)
Index(None, examples.c.document_id)

# Sets of examples, whole, whatever becomes of these: those that a project has pinned, and those
# that its plan was made with.
example_sets = Table(
    "example_sets",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("task", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# Which set a project uses. One without a row uses what is shipped.
example_pins = Table(
    "example_pins",
    metadata,
    Column("project_id", Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("task", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("pinned_at", Time, nullable=False, server_default=func.now()),
)

# Sketches of the chunks of a content, 32 bytes each, in order: kept where they were first made, for
# they decide what a language model is asked. `made_of` hashes the chunks' texts and the model.
content_sketches = Table(
    "content_sketches",
    metadata,
    Column("content_id", Id, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("made_of", Text, primary_key=True),
    Column("sketches", LargeBinary, nullable=False),
)

# What a project knew at one moment, as questions to a language model tell it: `hash` is of all
# entries, and null while they are being made. A project's questions use the one that is pinned, or
# the one that its configuration names. Those of one hash are alike; the smallest id is used.
context_snapshots = Table(
    "context_snapshots",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _project(),
    Column("hash", Text),
    Column("pinned", Boolean, nullable=False, server_default="false"),
    Column("names", BigInteger, nullable=False, server_default="0"),
    Column("chunks", BigInteger, nullable=False, server_default="0"),
    Column("made_at", Time, nullable=False, server_default=func.now()),
)
Index(None, context_snapshots.c.project_id, context_snapshots.c.hash)
Index(
    "uq_context_snapshots_pinned",
    context_snapshots.c.project_id,
    unique=True,
    postgresql_where=context_snapshots.c.pinned,
)

# The fields of snapshots, with the codec's bytes.
context_entries = Table(
    "context_entries",
    metadata,
    Column(
        "snapshot_id",
        BigInteger,
        ForeignKey("context_snapshots.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("field", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# The contents whose words stand in a snapshot: it is emptied when one of them is forgotten.
context_contents = Table(
    "context_contents",
    metadata,
    Column(
        "snapshot_id",
        BigInteger,
        ForeignKey("context_snapshots.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("content_id", Id, primary_key=True),
)
