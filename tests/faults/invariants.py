"""What must hold of Redis and PostgreSQL at any instant, also when a process has just died."""

from __future__ import annotations

import json

from sqlalchemy import text

from faults.small_run import SmallRun
from faults.small_stages import SmallRules
from pipeline import assembly, identity
from pipeline.stores import keys, postgres
from pipeline.stores.ledger import Ledger
from pipeline.stores.verifying import stored_project
from pipeline.stores.verifying_registry import StoredRegistry

FIELDS = (b"content", b"stage", b"fingerprint", b"part")


def unsettled(run: SmallRun) -> list[str]:
    """Name what a rebuild of the entities has otherwise, or what waits, when a run has ended."""
    engine = postgres.engine_of(run.urls.database_url)
    project = identity.project_id(run.project)
    try:
        owner = assembly.open_owner(engine, project, SmallRules())
        with postgres.one_moment(engine) as connection:
            stored = StoredRegistry(connection, project, owner)
            waiting = [stored.waiting] if stored.waiting else []
            return waiting or [str(finding) for finding in stored.findings()]
    finally:
        engine.dispose()


def amiss(run: SmallRun) -> list[str]:
    """Name all that `verify` says is wrong, or what waits, when a run has ended."""
    engine = postgres.engine_of(run.urls.database_url)
    project, blobs = identity.project_id(run.project), assembly.open_blobs(run.settings)
    try:
        plan = Ledger(engine).plan_of(project)
        assert plan is not None
        owner = assembly.open_owner(engine, project, SmallRules())
        with stored_project(engine, project, plan, blobs, owner=owner) as stored:
            found = [str(finding) for finding in stored.findings()]
            return [stored.waiting, *found] if stored.waiting else found
    finally:
        engine.dispose()


def broken(run: SmallRun) -> list[str]:
    """Name what is wrong: a checkpoint that looks persisted and is not, one that nobody will
    persist, bytes that are counted wrongly.
    """
    link = assembly.open_link(run.settings, run.urls)
    assert link is not None
    engine = postgres.engine_of(run.urls.database_url)
    try:
        with link.answering(waiting_seconds=60) as client, engine.connect() as connection:
            stored = {
                (row.content, row.stage, row.fingerprint, row.part): row.digest
                for row in connection.execute(
                    text(
                        "SELECT content_id::text AS content, stage, fingerprint, part, digest "
                        "FROM stage_results"
                    )
                )
            }
            queued = {
                tuple(fields[name].decode() for name in FIELDS)
                for _, fields in client.xrange(keys.WRITE_BEHIND)
            }
            wrong, held = [], 0
            for key in client.scan_iter(match=keys.checkpoint("*", "*", "*"), count=1000):
                of = (*key.decode().split(":")[1:], "")[:4]
                if client.ttl(key) >= 0:
                    if of[3] and (*of[:3], "") in stored:
                        continue  # a part goes when the whole is there
                    copy = json.loads(client.get(key)[1:].partition(b"\n")[0])["digest"]
                    if of not in stored:
                        wrong.append(f"{of} expires, and PostgreSQL does not have it")
                    elif stored[of] != copy:
                        wrong.append(f"{of} is not what PostgreSQL has")
                    continue
                held += client.strlen(key)
                if of not in queued:
                    wrong.append(f"{of} is neither persisted nor queued")
            counted = int(client.get(keys.UNPERSISTED_BYTES) or 0)
            if counted != held:
                wrong.append(f"{counted} unpersisted bytes are counted, there are {held}")
            return wrong
    finally:
        engine.dispose()
        link.client.close()
