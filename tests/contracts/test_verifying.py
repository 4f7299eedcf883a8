"""Verifying: a clean project gives nothing, and each damage is named by its check."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from ledger_case import payloads_of
from sqlalchemy import Engine, text
from store_case import StoreCase

from pipeline.documents import Member, StageName
from pipeline.stores import keys
from pipeline.stores.redis_values import pack
from pipeline.stores.verifying import stored_project
from pipeline.stores.verifying_redis import CopiesInRedis
from pipeline.verification import Finding

SMITH = "John Smith met Mary Jones in Boston."
OTHER = "Peter Brown met John Smith."
LONE_NAME = """
INSERT INTO names (id, project_id, type, normal, keys)
SELECT gen_random_uuid(), id, 'PERSON', 'nobody', '{}' FROM projects
"""
ENTITY_OF_A_NAME_THAT_IS_GONE = """
INSERT INTO name_entities (name_id, entity_id, epoch) SELECT gen_random_uuid(), id, 1 FROM names
"""
SHOWN_BY_NONE = """
UPDATE documents SET status = 'pending', next_content_id = content_id, content_id = NULL
WHERE source LIKE '%a.txt'
"""
ROW_BELOW_ANOTHER = {
    "chunks": """
INSERT INTO chunks (id, content_id, ordinal, page, start, "end", text)
SELECT gen_random_uuid(), '{content}', 0, page, start, "end", text FROM chunks LIMIT 1
""",
    "mentions": """
INSERT INTO mentions (id, content_id, name_id, start, "end", text, type, score, page, model,
                      stage_version)
SELECT gen_random_uuid(), '{content}', name_id, start, "end", text, type, score, page, model,
       stage_version FROM mentions LIMIT 1
""",
    "relationships": """
INSERT INTO relationships (id, content_id, subject_name_id, predicate, object_name_id,
                           subject_mention_id, object_mention_id, start, "end", score, model,
                           stage_version)
SELECT gen_random_uuid(), '{content}', subject_name_id, predicate, object_name_id,
       subject_mention_id, object_mention_id, start, "end", score, model, stage_version
FROM relationships LIMIT 1
""",
}
PART_OF_A_WHOLE = """
INSERT INTO stage_results (content_id, stage, fingerprint, part, digest, payload, seconds)
SELECT content_id, stage, fingerprint, '1-2', digest, payload, seconds FROM stage_results
WHERE stage = 'ocr' LIMIT 1
"""
INSIDE = hashlib.sha256(b"inside").hexdigest()


@pytest.fixture
def case(database: Engine, valkey_url: str, tmp_path: Path) -> Iterator[StoreCase]:
    """Bring two texts and a container with a member, all through Redis; the queue is empty."""
    with database.begin() as connection:  # what the last test damaged cannot be deleted row by row
        connection.execute(text("TRUNCATE projects CASCADE"))
    case = StoreCase(database, url=valkey_url)
    case.bring("a", SMITH, "John Smith", "Mary Jones")
    case.bring("b", OTHER, "Peter Brown", "John Smith")
    (tmp_path / "inside").write_bytes(b"inside")
    case.blobs.put_file(tmp_path / "inside", INSIDE)
    member = Member(path="in.txt", sha256=INSIDE, size=6)
    case.publish("box", "a box", payloads=payloads_of("a box", members=[member]))
    yield case
    case.close()


def stored(case: StoreCase, *, quick: bool = False) -> list[Finding]:
    with stored_project(case.engine, case.project, case.plan, case.blobs, quick=quick) as there:
        return list(there.findings())


def copies(case: StoreCase, at_work: Callable[[], bool] = lambda: False) -> list[Finding]:
    return list(CopiesInRedis(case.engine, case.link, case.project).findings(at_work))


def checks(findings: list[Finding]) -> set[str]:
    return {finding.check for finding in findings}


def damage(case: StoreCase, *statements: str) -> None:
    """Change rows behind everybody's back, also against foreign keys."""
    with case.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0


def test_a_clean_project_gives_nothing(case: StoreCase) -> None:
    assert stored(case) == []
    assert stored(case, quick=True) == []
    assert copies(case) == []


def test_another_plan_that_is_not_run_yet_is_no_damage(case: StoreCase) -> None:
    plan = case.plan.model_copy(
        update={
            "identities": tuple(
                x.model_copy(update={"version": "2"}) if x.stage is StageName.RESOLVE else x
                for x in case.plan.identities
            )
        }
    )
    case.ledger.open_project(case.name, plan, reconfigure=True)
    case.plan = plan
    assert stored(case) == []


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("DELETE FROM stage_results WHERE stage = 'relate'", "chain"),
        ("UPDATE stage_results SET digest = 'x' WHERE stage = 'extract'", "chain"),
        ("UPDATE stage_results SET digest = 'x' WHERE stage = 'extract'", "payload"),
        ("UPDATE stage_results SET payload = '\\x0178' WHERE stage = 'ocr'", "payload"),
        ("UPDATE contents SET chain = chain - 4 WHERE chain IS NOT NULL", "chain"),
        ("UPDATE mentions SET text = 'Nobody' WHERE text = 'Mary Jones'", "mention_text"),
        ('UPDATE mentions SET start = 1000, "end" = 1010 WHERE text = \'Mary Jones\'',
         "mention_text"),
        ("UPDATE mentions SET score = 0.123 WHERE text = 'Mary Jones'", "rebuilt"),
        ("DELETE FROM mentions WHERE text = 'Mary Jones'", "evidence"),
        ("DELETE FROM mentions WHERE text = 'Mary Jones'", "rebuilt"),
        ('UPDATE relationships SET "end" = 1000', "evidence"),
        ("UPDATE relationships SET subject_name_id = object_name_id", "evidence"),
        ("DELETE FROM relationships", "rebuilt"),
        ("UPDATE chunks SET text = 'x'", "chunk_text"),
        ("DELETE FROM chunks", "rebuilt"),
        ("UPDATE contents SET title = 'Another' WHERE text LIKE 'John%'", "rebuilt"),
        ("UPDATE names SET keys = '{}' WHERE normal = 'john smith'", "rebuilt"),
        ("UPDATE contents SET text = 'short' WHERE text LIKE 'John%'", "mention_text"),
        ("DELETE FROM documents WHERE source LIKE '%a.txt'", "orphan"),
        ("DELETE FROM contents WHERE text LIKE 'John%'", "orphan"),
        ("DELETE FROM names WHERE normal = 'mary jones'", "orphan"),
        (LONE_NAME, "orphan"),
        (ENTITY_OF_A_NAME_THAT_IS_GONE, "orphan"),
        ("UPDATE documents SET content_id = NULL WHERE source LIKE '%a.txt'", "document"),
        ("UPDATE documents SET next_content_id = content_id WHERE source LIKE '%a.txt'",
         "document"),
        ("UPDATE documents SET status = 'failed' WHERE source LIKE '%a.txt'", "document"),
        (SHOWN_BY_NONE, "orphan"),
        ("UPDATE documents SET partial = true WHERE source LIKE '%a.txt'", "document"),
        (PART_OF_A_WHOLE, "part"),
        ("DELETE FROM documents WHERE parent_id IS NOT NULL", "members"),
        ("UPDATE documents SET uri = uri || 'x' WHERE parent_id IS NOT NULL", "members"),
    ],
)  # fmt: skip
def test_damage_in_postgresql_is_named(case: StoreCase, statement: str, check: str) -> None:
    damage(case, statement)
    assert check in checks(stored(case))


def test_an_object_that_is_gone_is_named(case: StoreCase) -> None:
    case.blobs.delete([INSIDE])
    [finding] = stored(case)
    assert (finding.check, finding.subject) == ("object", INSIDE)
    assert stored(case, quick=True) == []


def test_an_object_with_other_bytes_is_named(case: StoreCase) -> None:
    case.blobs._objects[INSIDE] = b"outside"
    [finding] = stored(case)
    assert (finding.check, finding.subject) == ("object", INSIDE)


def test_members_are_found_by_whatever_names_they_have(case: StoreCase) -> None:
    paths = ["a.zip!/b.txt", "a.zip%21/b.txt", "a.zip%2521/b.txt", "!/!/%21/%", "100%.txt", "wow!"]
    members = [Member(path=path, sha256=INSIDE, size=6) for path in paths]
    case.publish("odd", "odd", payloads=payloads_of("odd", members=members))
    assert case.value("SELECT count(*) FROM documents WHERE uri LIKE '%odd.txt!/%'") == len(paths)
    assert stored(case) == []


@pytest.mark.parametrize("table", ROW_BELOW_ANOTHER)
def test_a_row_of_what_is_not_published_is_named(case: StoreCase, table: str) -> None:
    run = case.run()
    case.claimed(run, "c.txt")
    case.identify(run, c="another")
    case.publisher().persist(case.checkpoints("another")[:2])
    assert stored(case) == [], "what is on its way is no damage"

    damage(case, ROW_BELOW_ANOTHER[table].format(content=case.content("another")))

    [finding] = stored(case, quick=True)
    assert finding.check == "orphan"
    assert finding.message == f"a row of {table} of a content that is not published"


def test_an_object_that_only_a_stored_ocr_names_is_looked_for(
    case: StoreCase, tmp_path: Path
) -> None:
    """The container failed after its `ocr`: no member of it is a document yet."""
    (tmp_path / "deeper").write_bytes(b"deeper")
    deeper = hashlib.sha256(b"deeper").hexdigest()
    case.blobs.put_file(tmp_path / "deeper", deeper)
    members = [Member(path=f"{x}.txt", sha256=x, size=6) for x in (INSIDE, deeper)]
    run = case.run()
    case.claimed(run, "chest.txt")
    case.identify(run, chest="a chest")
    made = case.checkpoints("a chest", payloads_of("a chest", members=members))
    case.publisher().persist(made[:1])
    damage(case, "UPDATE documents SET status = 'failed', reason = 'x' WHERE source LIKE '%chest%'")
    assert stored(case) == []

    case.blobs.delete([deeper])

    [finding] = stored(case)
    assert (finding.check, finding.subject) == ("object", deeper)
    assert finding.message.startswith(f"{case.uri('chest.txt')}: ")


def other_digest(case: StoreCase, valkey: redis.Redis) -> None:
    first = case.checkpoints(SMITH, None, "John Smith", "Mary Jones")[0]
    other = first.model_copy(update={"digest": "x"})
    valkey.set(keys.checkpoint(*first.key), pack(other), ex=1000)


def unreadable(case: StoreCase, valkey: redis.Redis) -> None:
    first = case.checkpoints(SMITH, None, "John Smith", "Mary Jones")[0]
    valkey.set(keys.checkpoint(*first.key), b"\x09what", ex=1000)


def stranded(case: StoreCase, valkey: redis.Redis) -> None:
    """A checkpoint that was put under another plan, and whose entry is lost."""
    made = case.checkpoints(SMITH, None, "John Smith", salt="x")[1]
    case.put([made])
    valkey.xtrim(keys.WRITE_BEHIND, maxlen=0)


def queued(case: StoreCase, valkey: redis.Redis) -> None:
    case.put(case.checkpoints("never brought")[:1])


def taken(case: StoreCase, valkey: redis.Redis) -> None:
    queued(case, valkey)
    case.queue.read(10, 0)


def miscounted(case: StoreCase, valkey: redis.Redis) -> None:
    valkey.incrby(keys.UNPERSISTED_BYTES, 5)


def refused(case: StoreCase, valkey: redis.Redis) -> None:
    run = case.run()
    case.claimed(run, "c.txt")
    case.identify(run, c="another")
    case.put(case.checkpoints("another")[:1])
    for entry in case.queue.read(10, 0):
        case.queue.refuse(entry, "test")


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (other_digest, "copy"),
        (unreadable, "copy"),
        (stranded, "copy"),
        (queued, "queue"),
        (taken, "queue"),
        (miscounted, "unpersisted_bytes"),
        (refused, "dead_letter"),
    ],
)
def test_damage_in_redis_is_named(
    case: StoreCase,
    valkey: redis.Redis,
    harm: Callable[[StoreCase, redis.Redis], None],
    check: str,
) -> None:
    harm(case, valkey)
    assert check in checks(copies(case))


def test_what_a_run_at_work_has_on_its_way_is_no_damage(
    case: StoreCase, valkey: redis.Redis
) -> None:
    run = case.run()
    case.claimed(run, "c.txt")
    case.identify(run, c="another")
    case.put(case.checkpoints("another")[:2])
    case.queue.read(1, 0)
    assert copies(case, lambda: True) == []
    assert checks(copies(case)) == {"queue", "copy"}


@pytest.mark.parametrize("looks", range(3))
@pytest.mark.parametrize("harm", [stranded, queued, taken, miscounted])
def test_a_run_that_begins_meanwhile_explains_what_is_seen_from_then_on(
    case: StoreCase,
    valkey: redis.Redis,
    harm: Callable[[StoreCase, redis.Redis], None],
    looks: int,
) -> None:
    harm(case, valkey)
    asked = itertools.chain(itertools.repeat(False, looks), itertools.repeat(True))
    # The queue is looked at first, and no run was there before and after that.
    before = {"queue"} if looks == 2 and harm in (queued, taken) else set()
    assert checks(copies(case, lambda: next(asked))) == before


def test_a_dead_letter_of_a_document_that_failed_is_explained(
    case: StoreCase, valkey: redis.Redis
) -> None:
    refused(case, valkey)
    damage(case, "UPDATE documents SET status = 'failed' WHERE source LIKE '%c.txt'")
    assert copies(case) == []


def test_it_is_still_explained_while_the_document_waits_to_be_tried_again(
    case: StoreCase, valkey: redis.Redis
) -> None:
    refused(case, valkey)
    damage(
        case,
        "INSERT INTO failures (document_id, stage, error, message, attempts)"
        " SELECT id, 'relate', 'refused_by_database', 'no', 1 FROM documents"
        " WHERE source LIKE '%c.txt'",
    )
    assert copies(case) == []
