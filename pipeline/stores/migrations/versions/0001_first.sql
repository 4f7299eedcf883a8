CREATE TABLE projects (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    configuration JSONB NOT NULL,
    configuration_digest TEXT NOT NULL,
    epoch BIGINT DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT uq_projects_name UNIQUE (name)
);

CREATE TABLE runs (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    summary JSONB,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT fk_runs_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_runs_project_id_started_at ON runs (project_id, started_at);

CREATE TABLE contents (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    chain JSONB,
    members JSONB,
    text TEXT,
    pages JSONB,
    warnings TEXT[],
    language TEXT,
    language_score DOUBLE PRECISION,
    title TEXT,
    author TEXT,
    created TEXT,
    modified TEXT,
    sender TEXT,
    recipients TEXT[],
    copied TEXT[],
    subject TEXT,
    sent TEXT,
    message_id TEXT,
    in_reply_to TEXT,
    CONSTRAINT pk_contents PRIMARY KEY (id),
    CONSTRAINT uq_contents_project_id_sha256_media_type UNIQUE (project_id, sha256, media_type),
    CONSTRAINT fk_contents_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE documents (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    uri TEXT NOT NULL,
    source TEXT NOT NULL,
    parent_id UUID,
    root_id UUID,
    depth INTEGER DEFAULT '0' NOT NULL,
    blob TEXT,
    size BIGINT NOT NULL,
    stamp TEXT NOT NULL,
    status TEXT NOT NULL,
    stale BOOLEAN DEFAULT 'false' NOT NULL,
    partial BOOLEAN DEFAULT 'false' NOT NULL,
    content_id UUID,
    next_content_id UUID,
    attempts INTEGER DEFAULT '0' NOT NULL,
    claimed_by UUID,
    reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_documents PRIMARY KEY (id),
    CONSTRAINT uq_documents_project_id_uri UNIQUE (project_id, uri),
    CONSTRAINT ck_documents_status CHECK (status IN ('pending', 'running', 'completed', 'failed', 'skipped')),
    CONSTRAINT fk_documents_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_documents_parent_id FOREIGN KEY(parent_id) REFERENCES documents (id) ON DELETE CASCADE,
    CONSTRAINT fk_documents_root_id FOREIGN KEY(root_id) REFERENCES documents (id) ON DELETE CASCADE,
    CONSTRAINT fk_documents_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE RESTRICT,
    CONSTRAINT fk_documents_next_content_id FOREIGN KEY(next_content_id) REFERENCES contents (id) ON DELETE RESTRICT,
    CONSTRAINT fk_documents_claimed_by FOREIGN KEY(claimed_by) REFERENCES runs (id) ON DELETE SET NULL
);

CREATE INDEX ix_documents_claim ON documents (project_id, depth DESC, created_at, id) WHERE status IN ('pending', 'running');

CREATE INDEX ix_documents_claimed_by ON documents (claimed_by);

CREATE INDEX ix_documents_content_id ON documents (content_id);

CREATE INDEX ix_documents_next_content_id ON documents (next_content_id);

CREATE INDEX ix_documents_parent_id ON documents (parent_id);

CREATE INDEX ix_documents_project_id_status ON documents (project_id, status);

CREATE INDEX ix_documents_root_id ON documents (root_id);

CREATE TABLE failures (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    document_id UUID NOT NULL,
    run_id UUID,
    stage TEXT NOT NULL,
    error TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    log_tail TEXT DEFAULT '' NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_failures PRIMARY KEY (id),
    CONSTRAINT fk_failures_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE,
    CONSTRAINT fk_failures_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE SET NULL
);

CREATE INDEX ix_failures_document_id_failed_at ON failures (document_id, failed_at);

CREATE TABLE stage_results (
    content_id UUID NOT NULL,
    stage TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    digest TEXT NOT NULL,
    payload BYTEA,
    payload_ref TEXT,
    seconds DOUBLE PRECISION NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_stage_results PRIMARY KEY (content_id, stage, fingerprint, part),
    CONSTRAINT ck_stage_results_payload CHECK ((payload IS NULL) <> (payload_ref IS NULL)),
    CONSTRAINT fk_stage_results_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE CASCADE
);

CREATE TABLE chunks (
    id UUID NOT NULL,
    content_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    page INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    tsv TSVECTOR GENERATED ALWAYS AS (to_tsvector('english', text)) STORED,
    CONSTRAINT pk_chunks PRIMARY KEY (id),
    CONSTRAINT fk_chunks_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE CASCADE
);

CREATE INDEX ix_chunks_content_id_ordinal ON chunks (content_id, ordinal);

CREATE INDEX ix_chunks_tsv ON chunks USING gin (tsv);

CREATE TABLE names (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    type TEXT NOT NULL,
    normal TEXT NOT NULL,
    scope UUID,
    keys TEXT[] NOT NULL,
    CONSTRAINT pk_names PRIMARY KEY (id),
    CONSTRAINT uq_names_project_id_type_normal_scope UNIQUE NULLS NOT DISTINCT (project_id, type, normal, scope),
    CONSTRAINT fk_names_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT fk_names_scope FOREIGN KEY(scope) REFERENCES contents (id) ON DELETE CASCADE
);

CREATE INDEX ix_names_scope ON names (scope);

CREATE TABLE mentions (
    id UUID NOT NULL,
    content_id UUID NOT NULL,
    name_id UUID NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    type TEXT NOT NULL,
    subtype TEXT,
    role TEXT,
    via TEXT,
    score DOUBLE PRECISION NOT NULL,
    page INTEGER NOT NULL,
    boxes JSONB,
    model TEXT NOT NULL,
    stage_version TEXT NOT NULL,
    CONSTRAINT pk_mentions PRIMARY KEY (id),
    CONSTRAINT fk_mentions_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE CASCADE,
    CONSTRAINT fk_mentions_name_id FOREIGN KEY(name_id) REFERENCES names (id)
);

CREATE INDEX ix_mentions_content_id_start ON mentions (content_id, start);

CREATE INDEX ix_mentions_name_id ON mentions (name_id);

CREATE TABLE relationships (
    id UUID NOT NULL,
    content_id UUID NOT NULL,
    subject_name_id UUID NOT NULL,
    predicate TEXT NOT NULL,
    object_name_id UUID NOT NULL,
    subject_mention_id UUID NOT NULL,
    object_mention_id UUID NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    model TEXT NOT NULL,
    stage_version TEXT NOT NULL,
    CONSTRAINT pk_relationships PRIMARY KEY (id),
    CONSTRAINT fk_relationships_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE CASCADE,
    CONSTRAINT fk_relationships_subject_name_id FOREIGN KEY(subject_name_id) REFERENCES names (id),
    CONSTRAINT fk_relationships_object_name_id FOREIGN KEY(object_name_id) REFERENCES names (id)
);

CREATE INDEX ix_relationships_content_id_start ON relationships (content_id, start);

CREATE INDEX ix_relationships_object_name_id ON relationships (object_name_id);

CREATE INDEX ix_relationships_subject_name_id ON relationships (subject_name_id);

CREATE TABLE senses (
    name_id UUID NOT NULL,
    content_id UUID NOT NULL,
    sense INTEGER NOT NULL,
    CONSTRAINT pk_senses PRIMARY KEY (name_id, content_id),
    CONSTRAINT fk_senses_name_id FOREIGN KEY(name_id) REFERENCES names (id) ON DELETE CASCADE,
    CONSTRAINT fk_senses_content_id FOREIGN KEY(content_id) REFERENCES contents (id) ON DELETE CASCADE
);

CREATE TABLE entities (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    type TEXT NOT NULL,
    merged_into UUID,
    epoch BIGINT NOT NULL,
    CONSTRAINT pk_entities PRIMARY KEY (id),
    CONSTRAINT fk_entities_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_entities_project_id ON entities (project_id);

CREATE TABLE name_entities (
    name_id UUID NOT NULL,
    sense INTEGER DEFAULT '0' NOT NULL,
    entity_id UUID NOT NULL,
    reasons JSONB,
    epoch BIGINT NOT NULL,
    CONSTRAINT pk_name_entities PRIMARY KEY (name_id, sense),
    CONSTRAINT fk_name_entities_name_id FOREIGN KEY(name_id) REFERENCES names (id) ON DELETE CASCADE
);

CREATE INDEX ix_name_entities_entity_id ON name_entities (entity_id);

CREATE TABLE decisions (
    project_id UUID NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    names JSONB NOT NULL,
    who TEXT NOT NULL,
    why TEXT DEFAULT '' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    undone_by BIGINT,
    CONSTRAINT pk_decisions PRIMARY KEY (project_id, number),
    CONSTRAINT fk_decisions_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE TABLE changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    project_id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_changes PRIMARY KEY (id),
    CONSTRAINT fk_changes_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX ix_changes_project_id_id ON changes (project_id, id);

CREATE TABLE llm_responses (
    model TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    response BYTEA NOT NULL,
    tokens_in BIGINT NOT NULL,
    tokens_out BIGINT NOT NULL,
    tokens_cached BIGINT NOT NULL,
    project_id UUID,
    asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_llm_responses PRIMARY KEY (model, request_hash),
    CONSTRAINT fk_llm_responses_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE SET NULL
);
