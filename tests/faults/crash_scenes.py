"""What must be there for a run to come to the rarer crash points, with Ray and without."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest

from faults.small_run import SmallRun
from faults.small_stages import RAISES, SECONDS, WRITES
from pipeline import assembly, codec, identity
from pipeline.documents import Member, Page, Pages, StageName
from pipeline.stores import postgres
from pipeline.stores.payloads import store_payload
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_checkpoints import RedisCheckpoints

AFTER_A_RUN = (
    "adopt", "refuse", "gone", "forget", "retry", "delete", "loosen", "remove", "decide",
)  # fmt: skip
"""What only comes about where a run has ended before."""
LIMIT = 150
OF_MODELS = ("llm", "sketches", "snapshot")
"""What only who asks a language model comes to: `test_llm_crash_points` walks these."""


def stands_for_others(point: str) -> bool:
    """Say whether a point is one of four that `make test` walks, of each kind some."""
    return crc32(point.encode()) % 4 == 0


def prepare(run: SmallRun, point: str, aside: Path) -> dict[str, str]:
    """Bring about what leads to a point; return the environment of the process that is to die.

    `aside` is an empty folder, on the disk of the documents.
    """
    if point.startswith("again"):
        return {RAISES: str(aside / "raised")}
    if point.startswith("requeue"):
        source, later = run.folder / "0000.txt", aside / "later.txt"
        later.write_text(source.read_text())
        source.write_text("Ivy Vance met nobody.")
        return {WRITES: f"{later}:{source}"}
    if point.startswith("gone"):
        _run_with_objects(run)
        _flush(run)
        _lose_objects(run)
    elif point.startswith(AFTER_A_RUN):
        run.until_done()
        if point.startswith(("adopt", "refuse", "loosen")):
            _strange(run, point)
    elif point.startswith("renew"):
        return {SECONDS: "0.1"}
    elif point.startswith("bind"):
        _unmark(run)
    return {}


def _unmark(run: SmallRun) -> None:
    """Let nothing say any more which object store the database has, but for what its objects are:
    this one has some of those that other projects name.
    """
    for line in (run.folder / "0003.txt").read_text().splitlines()[1:]:
        store_payload(assembly.open_blobs(run.settings), line.encode())
    engine = postgres.engine_of(run.urls.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM object_store")
    engine.dispose()


def _run_with_objects(run: SmallRun) -> None:
    """Run to the end, with the larger payloads in the object store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LIMIT)
        run.until_done()


def _lose_objects(run: SmallRun) -> None:
    """Remove the objects that hold what stages made."""
    engine = postgres.engine_of(run.urls.database_url)
    with engine.connect() as connection:
        names = connection.exec_driver_sql(
            "SELECT DISTINCT r.payload_ref FROM stage_results r JOIN contents c"
            " ON c.id = r.content_id WHERE c.project_id = %s AND r.payload_ref IS NOT NULL",
            (identity.project_id(run.project),),
        ).scalars()
        assembly.open_blobs(run.settings).delete(list(names))
    engine.dispose()


def _flush(run: SmallRun) -> None:
    if (link := assembly.open_link(run.settings, run.urls)) is not None:
        with link.answering() as client:
            client.flushdb()
        link.client.close()


def _strange(run: SmallRun, point: str) -> None:
    """Queue what comes to these points: a checkpoint that PostgreSQL has with another digest, one
    that names no project, one of a project that is gone which names an object.
    """
    link = assembly.open_link(run.settings, run.urls)
    assert link is not None
    project = "none"
    content = identity.content_id(identity.project_id("gone"), "0" * 64, "text/plain")
    fingerprint, stage, payload = "f" * 64, StageName.OCR, b"loser"
    if point.startswith("loosen"):
        project = identity.project_id("gone")
        inside = Member(path="in.txt", sha256="0" * 64, size=1)
        payload = codec.encode(
            Pages(text="", pages=(Page(number=1, start=0, end=0),), members=(inside,))
        )
    if point.startswith("adopt"):
        project = identity.project_id(run.project)
        engine = postgres.engine_of(run.urls.database_url)
        with engine.connect() as connection:
            row = connection.exec_driver_sql(
                "SELECT r.content_id::text, r.stage, r.fingerprint FROM stage_results r"
                " JOIN contents c ON c.id = r.content_id WHERE c.project_id = %s ORDER BY 1, 2, 3",
                (project,),
            ).first()
        engine.dispose()
        content, stage, fingerprint = row[0], StageName(row[1]), row[2]
    _flush(run)
    loser = Checkpoint(
        content=content, stage=stage, fingerprint=fingerprint, digest="loser", payload=payload
    )
    RedisCheckpoints(link, 100).put(project, [loser])
    link.client.close()
