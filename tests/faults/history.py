"""Remembers in PostgreSQL what is done to rows: the witness of who wrote what, and how often."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

OWN_REASON = "unreadable"
"""The error of documents that fail by themselves; another one is a blame."""
RESULTS = ("stage_results", "chunks", "mentions", "relationships")

_REMEMBER = """
CREATE TABLE history (at bigserial, relation text, operation text, key text);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row jsonb := to_jsonb(coalesce(NEW, OLD));
BEGIN
    -- A chunk gets its vector later: that is written once, too.
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'chunks' AND to_jsonb(OLD)->>'vector' IS NULL THEN
        INSERT INTO history (relation, operation, key) VALUES ('vectors', 'INSERT', row->>'id');
        RETURN NULL;
    END IF;
    INSERT INTO history (relation, operation, key) VALUES (TG_TABLE_NAME, TG_OP,
        coalesce(row->>'id', concat_ws('|', row->>'content_id', row->>'stage',
                                       row->>'fingerprint', row->>'part')));
    RETURN NULL;
END $$;
CREATE TABLE takeovers (document uuid, loser uuid, winner uuid, was_living boolean);
CREATE FUNCTION taken_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO takeovers SELECT NEW.id, OLD.claimed_by, NEW.claimed_by, EXISTS (
        SELECT 1 FROM runs r WHERE r.id = OLD.claimed_by AND r.ended_at IS NULL
                               AND r.lease_until > clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER taken_over AFTER UPDATE ON documents FOR EACH ROW
    WHEN (OLD.status = 'running' AND NEW.claimed_by IS NOT NULL
          AND OLD.claimed_by IS DISTINCT FROM NEW.claimed_by)
    EXECUTE FUNCTION taken_over();
"""

_COUNT_ENDINGS = """
CREATE TABLE endings (relation text, id uuid);
CREATE FUNCTION ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO endings VALUES (TG_TABLE_NAME, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER ended AFTER UPDATE OF status ON documents FOR EACH ROW
    WHEN (NEW.status = 'completed') EXECUTE FUNCTION ended();
CREATE TRIGGER ended AFTER UPDATE OF chain ON contents FOR EACH ROW
    WHEN (NEW.chain IS NOT NULL) EXECUTE FUNCTION ended();
"""


def remember(engine: Engine) -> None:
    """Begin to remember."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_REMEMBER)
        for relation in RESULTS:
            connection.exec_driver_sql(
                f"CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON {relation} "
                "FOR EACH ROW EXECUTE FUNCTION remember()"
            )


def written(engine: Engine) -> int:
    """Count the rows of results that were written."""
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM history")) or 0)


def written_twice(engine: Engine) -> list[str]:
    """Name rows that were written more than once, changed or deleted."""
    question = """
        SELECT relation || ' ' || key || ': ' || string_agg(operation, ' ' ORDER BY at)
        FROM history GROUP BY relation, key
        HAVING count(*) > 1 OR bool_or(operation <> 'INSERT') ORDER BY 1
    """
    with engine.connect() as connection:
        return list(connection.scalars(text(question)))


def takeovers(engine: Engine) -> tuple[int, int]:
    """Count the documents that another run took over: all, and those of a run that was living."""
    question = "SELECT count(*), count(*) FILTER (WHERE was_living) FROM takeovers"
    with engine.connect() as connection:
        every, wrong = connection.execute(text(question)).one()
    return every, wrong


def count_endings(connection: Connection) -> None:
    """Begin to count how often each document is completed, and each content published."""
    connection.exec_driver_sql(_COUNT_ENDINGS)


def not_ended_once(connection: Connection, project: str) -> list[str]:
    """Name the documents of a project that are completed and were so more than once, or that were
    and are not; likewise the contents, and those that failed by what `failures` has of them.
    """
    question = """
        SELECT uri || ' was completed ' || count(e.id) || ' times and is ' || status
        FROM documents d LEFT JOIN endings e ON e.id = d.id AND relation = 'documents'
        WHERE project_id = CAST(:project AS uuid)
        GROUP BY d.id HAVING count(e.id) <> CAST(status = 'completed' AS int)
        UNION ALL
        SELECT 'content ' || c.id || ' was published ' || count(e.id) || ' times'
        FROM contents c LEFT JOIN endings e ON e.id = c.id AND relation = 'contents'
        WHERE project_id = CAST(:project AS uuid)
        GROUP BY c.id HAVING count(e.id) <> CAST(chain IS NOT NULL AS int)
        UNION ALL
        SELECT uri || ' has ' || count(f.id) || ' failures and is ' || status
        FROM documents d LEFT JOIN failures f ON f.document_id = d.id
        WHERE project_id = CAST(:project AS uuid)
        GROUP BY d.id HAVING count(f.id) <> CAST(status = 'failed' AS int)
        ORDER BY 1
    """
    return list(connection.scalars(text(question), {"project": project}))


def blamed(connection: Connection, project: str) -> list[str]:
    """Name the documents that failed for what was done to the run."""
    question = """
        SELECT uri, stage, error, message FROM failures f JOIN documents d ON d.id = f.document_id
        WHERE project_id = CAST(:project AS uuid) AND error <> :own ORDER BY failed_at
    """
    rows = connection.execute(text(question), {"project": project, "own": OWN_REASON})
    return [f"{x.uri} is blamed: {x.stage}, {x.error}, {x.message}" for x in rows]
