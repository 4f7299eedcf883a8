"""A result that nobody can read is a gap in a chain: it is made again, and nobody is blamed.

Its object is gone, or harmed, or what is stored in the row or in Redis cannot be decoded.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from waiting import until

from actors.coordinator import RunCoordinator
from actors.run_result import RunResult
from actors.turns import Asking
from faults import small_stages
from faults.invariants import broken
from faults.proxy import proxy_for
from faults.small_run import SmallRun, write_documents
from pipeline import assembly, identity
from pipeline.documents import Chunks, Mentions, StageName
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.patience import never
from pipeline.settings import Settings
from pipeline.stores import keys, postgres, project_reader, store_mark
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.protocols import Checkpoint, CheckpointKey
from pipeline.stores.redis_values import pack, unpack
from pipeline.stores.verifying import stored_project

LIMIT = 150
SAYS = ("lacks their mark", "is not there")
RESULTS = "SELECT content_id::text, fingerprint FROM stage_results WHERE stage = %s"
RUBBISH = (b"\x07{}", b"\x02{}", b"\x01{")
"""Of another version, no zstd, no JSON."""


@pytest.fixture(params=["off", "on"])
def run(
    request: pytest.FixtureRequest,
    migrated_url: str,
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SmallRun]:
    """Give a run that has ended, whose larger payloads are objects; Redis is empty after it."""
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LIMIT)
    folder = tmp_path / "documents"
    write_documents(folder, 10)
    settings = Settings(
        home=tmp_path / "home",
        database_url=migrated_url,  # type: ignore[arg-type]
        redis_url=valkey_url,  # type: ignore[arg-type]
        acceleration=request.param,
    )
    run = SmallRun(settings, folder)
    assert run().outcome == "finished"
    with redis.Redis.from_url(valkey_url) as client:
        client.flushdb()
    return run


def told(run: SmallRun, question: str, *values: object) -> list[Any]:
    """Ask PostgreSQL, behind everybody's back."""
    connection = psycopg2.connect(run.urls.database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchall()
    finally:
        connection.close()


def objects_of(run: SmallRun, stage: str) -> list[Path]:
    """Name the objects that hold what a stage made."""
    question = "SELECT DISTINCT payload_ref FROM stage_results WHERE stage LIKE %s"
    names = [name for (name,) in told(run, question, stage) if name]
    return [run.settings.home_folder / "objects" / name[:2] / name for name in names]


def remove_objects(run: SmallRun, stage: str) -> int:
    paths = objects_of(run, stage)
    for path in paths:
        path.unlink()
    return len(paths)


def harm_objects(run: SmallRun, stage: str) -> int:
    paths = objects_of(run, stage)
    for number, path in enumerate(paths):
        path.write_bytes(RUBBISH[number % 3])
    return len(paths)


def harm_rows(run: SmallRun, stage: str) -> int:
    rows = told(run, "SELECT ctid::text FROM stage_results WHERE stage LIKE %s", stage)
    for number, (row,) in enumerate(rows):
        told(
            run,
            "UPDATE stage_results SET payload = %s, payload_ref = NULL WHERE ctid = %s::tid"
            " RETURNING 1",
            RUBBISH[number % 3],
            row,
        )
    return len(rows)


def put_copies(run: SmallRun, stage: StageName, **harm: object) -> list[Checkpoint]:
    """Give Redis harmed copies of what a stage made, as of something persisted; return them as
    PostgreSQL has them.
    """
    blobs = assembly.open_blobs(run.settings)
    wanted = [CheckpointKey(of, stage, print_) for of, print_ in told(run, RESULTS, stage)]
    stored = assembly.open_stores(run.settings, run.urls).checkpoints.durable.get(wanted)
    with redis.Redis.from_url(run.urls.redis_url) as client:
        for number, (key, checkpoint) in enumerate(sorted(stored.items())):
            changes = harm or {"payload": RUBBISH[number % 3]}
            value = pack(checkpoint.model_copy(update=changes), blobs)
            client.set(keys.checkpoint(*key), value, ex=1000)
    return list(stored.values())


def wrong(run: SmallRun) -> list[str]:
    """Say what `verify` says."""
    engine = postgres.engine_of(run.urls.database_url)
    try:
        project = identity.project_id(run.project)
        plan = assembly.open_ledger(run.settings, run.urls).plan_of(project)
        assert plan is not None
        with stored_project(engine, project, plan, assembly.open_blobs(run.settings)) as stored:
            return [str(finding) for finding in stored.findings()]
    finally:
        engine.dispose()


def test_a_store_that_is_not_there_is_no_loss(run: SmallRun) -> None:
    """A share that is not mounted, or another home: nothing is taken for gone."""
    before = run.digest(), run.counts()
    objects = run.settings.home_folder / "objects"
    objects.rename(objects.with_name("elsewhere"))

    with pytest.raises(UnavailableError, match="lacks their mark"):
        run(from_stage=StageName.RELATE)
    objects.mkdir()
    with pytest.raises(UnavailableError, match="lacks their mark"):
        run(from_stage=StageName.RELATE)
    with pytest.raises(TemporaryError, match="lacks their mark"):
        wrong(run)

    objects.rmdir()
    objects.with_name("elsewhere").rename(objects)
    assert run(from_stage=StageName.RELATE).outcome == "finished"
    assert (run.digest(), run.counts()) == before
    assert wrong(run) == []


async def away_for_a_while(
    coordinator: RunCoordinator, objects: Path, *, empty: bool
) -> tuple[RunResult, str]:
    """Run while the objects are elsewhere, until the run says what it waits for; then to its end
    with the objects back. `empty` leaves the folder of a share there. Give also what was said.
    """
    objects.rename(objects.with_name("elsewhere"))
    if empty:
        objects.mkdir()
    work, said = asyncio.create_task(coordinator.run()), ""
    while not any(words in said for words in SAYS) and not work.done():
        said = (await coordinator.snapshot()).note
        await asyncio.sleep(0.01)
    until(lambda: is_back(objects))
    return await work, said


def is_back(objects: Path) -> bool:
    """Move the objects back, unless who looks for them is writing to the folder in their place."""
    shutil.rmtree(objects, ignore_errors=True)
    with suppress(OSError):
        objects.with_name("elsewhere").rename(objects)
    return not objects.with_name("elsewhere").exists()


@pytest.mark.parametrize("empty", [False, True], ids=["gone", "empty"])
def test_a_store_that_goes_away_within_a_run_is_waited_for(run: SmallRun, empty: bool) -> None:
    before = run.digest(), run.counts()
    coordinator = run.coordinator(from_stage=StageName.OCR)
    objects = run.settings.home_folder / "objects"

    result, said = asyncio.run(away_for_a_while(coordinator, objects, empty=empty))

    assert any(words in said for words in SAYS)
    assert (result.outcome, result.reason) == ("finished", "")
    assert (run.digest(), run.counts()) == before
    assert wrong(run) == []


def test_members_are_put_where_the_store_is_and_nowhere_else(run: SmallRun, tmp_path: Path) -> None:
    """They would be lost with a folder that was made in its place."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more/box.txt").write_text("members\nHal Quist met Ivy Vance.\nJo Ray met Kim Low.")
    more = replace(run, folder=tmp_path / "more", project="more")
    coordinator = more.coordinator()
    objects = run.settings.home_folder / "objects"

    result, said = asyncio.run(away_for_a_while(coordinator, objects, empty=False))

    assert f"{objects} is not there" in said
    assert (result.outcome, result.reason) == ("finished", "")
    assert more.counts() == dict.fromkeys(more.counts(), 0) | {"completed": 3}
    assert wrong(more) == []


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unheard"])
def test_binding_a_store_is_repeated_when_postgresql_is_lost(
    settings: Settings, answered: bool
) -> None:
    """Else a run goes on without a mark, and the next one marks whatever store it is given."""
    assert settings.database_url is not None
    url, blobs = settings.database_url.get_secret_value(), assembly.open_blobs(settings)
    with proxy_for(url) as line:
        engine = postgres.engine_of(line.url(url))
        with engine.connect():
            pass
        line.lose("COMMIT", answered=answered)
        with pytest.raises(TemporaryError, match="PostgreSQL"):
            store_mark.bind(engine, blobs)
        assert line.lost
        Asking(5.0, never)(store_mark.bind, engine, blobs)
        another = FolderBlobs(settings.home_folder / "elsewhere")
        store_mark.see(engine, blobs)
        with pytest.raises(TemporaryError, match="lacks their mark"):
            store_mark.see(engine, another)
        engine.dispose()


LOST = [
    *itertools.product([remove_objects, harm_rows], ["ocr", "chunk", "%"]),
    (harm_objects, "ocr"),
    (harm_objects, "chunk"),
]


@pytest.mark.parametrize(
    ("lose", "stage", "run"),
    [
        pytest.param(lose, stage, mode, marks=[pytest.mark.long] * ((number + place) % 2))
        for number, (lose, stage) in enumerate(LOST)
        for place, mode in enumerate(("off", "on"))
    ],
    indirect=["run"],
)
def test_what_a_later_run_needs_is_made_again(
    run: SmallRun, lose: Callable[[SmallRun, str], int], stage: str
) -> None:
    before = run.digest(), run.counts()
    assert lose(run, stage)
    assert any("makes it again" in finding for finding in wrong(run))

    result = run(from_stage=StageName.RELATE)

    assert (result.outcome, result.reason) == ("finished", "")
    assert (run.digest(), run.counts()) == before
    assert wrong(run) == []
    again = run()
    assert (again.outcome, sum(again.stage_calls.values())) == ("finished", 0)


def ended(run: SmallRun, from_stage: StageName | None = None) -> RunResult:
    """Run once, within a minute."""

    async def whole() -> RunResult:
        return await asyncio.wait_for(run.coordinator(from_stage=from_stage).run(), 60)

    return asyncio.run(whole())


@pytest.mark.parametrize("run", ["on"], indirect=True)
@pytest.mark.parametrize("harm", [{}, {"digest": "another"}], ids=["unreadable", "differing"])
def test_copies_in_redis_that_cannot_be_used_are_replaced_by_what_postgresql_has(
    run: SmallRun, harm: dict[str, object]
) -> None:
    before = run.digest(), run.counts()
    stored = put_copies(run, StageName.OCR, **harm)

    result = ended(run, StageName.CHUNK)

    assert (result.outcome, result.reason, result.failed) == ("finished", "", 0)
    assert result.stage_calls[StageName.OCR] == 0
    assert (run.digest(), run.counts()) == before
    blobs = assembly.open_blobs(run.settings)
    with redis.Redis.from_url(run.urls.redis_url) as client:
        for checkpoint in stored:
            value = client.get(keys.checkpoint(*checkpoint.key))
            assert value is None or unpack(checkpoint.key, value, blobs) == checkpoint
    assert broken(run) == []


@pytest.mark.parametrize("run", ["on"], indirect=True)
def test_what_is_harmed_in_both_stores_is_made_again(run: SmallRun) -> None:
    before = run.digest(), run.counts()
    for stage in (StageName.OCR, StageName.CHUNK):
        put_copies(run, stage)
        harm_rows(run, stage)

    result = ended(run, StageName.EXTRACT)

    assert (result.outcome, result.reason, result.failed) == ("finished", "", 0)
    assert (run.digest(), run.counts()) == before
    assert (wrong(run), broken(run)) == ([], [])


def test_what_never_can_be_read_fails_its_documents_and_the_run_ends(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = small_stages.find

    def nonsense(chunks: Chunks) -> Mentions:
        found = find(chunks)
        if not any("day 57." in chunk.text for chunk in chunks.chunks):
            return found
        first, *others = found.mentions
        return Mentions(mentions=(first.model_copy(update={"score": math.nan}), *others))

    monkeypatch.setattr(small_stages, "find", nonsense)

    result = ended(run, StageName.EXTRACT)

    assert (result.outcome, result.reason, result.failed) == ("finished", "", 1)
    engine = postgres.engine_of(run.urls.database_url)
    try:
        failures = list(project_reader.failures(engine, identity.project_id(run.project)))
    finally:
        engine.dispose()
    assert ("0008.txt", "extract", "unreadable_payload") in {
        (Path(x.source).name, x.stage, x.error) for x in failures
    }
    assert run.left() == 0

    monkeypatch.undo()
    monkeypatch.setattr("pipeline.stores.payloads.VALUE_LIMIT", LIMIT)
    assembly.open_ledger(run.settings, run.urls).retry(identity.project_id(run.project))
    assert ended(run).outcome == "finished"
    assert run.counts()["failed"] == 1
