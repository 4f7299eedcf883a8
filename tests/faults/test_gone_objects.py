"""An object that is gone from the store is a gap in a chain: what it held is made again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
import redis

from actors.coordinator import RunCoordinator
from actors.run_result import RunResult
from actors.turns import Asking
from faults.proxy import proxy_for
from faults.small_run import SmallRun, write_documents
from pipeline import assembly, identity
from pipeline.documents import StageName
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.settings import Settings
from pipeline.stores import postgres, store_mark
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.verifying import stored_project

LIMIT = 150
SAYS = ("lacks their mark", "is not there")


@pytest.fixture(params=["off", "on"])
def run(
    request: pytest.FixtureRequest,
    migrated_url: str,
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SmallRun]:
    """Give a run that has ended, whose larger payloads are objects; Redis is empty after it."""
    for module in ("result_rows", "redis_values"):
        monkeypatch.setattr(f"pipeline.stores.{module}.VALUE_LIMIT", LIMIT)
    folder = tmp_path / "documents"
    write_documents(folder, 20)
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


def remove_objects(run: SmallRun, stage: str) -> list[Path]:
    """Remove the objects that hold what a stage made."""
    assert run.settings.database_url is not None
    with psycopg2.connect(run.settings.database_url.get_secret_value()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT DISTINCT payload_ref FROM stage_results"
            " WHERE payload_ref IS NOT NULL AND stage LIKE %s",
            (stage,),
        )
        names = [name for (name,) in cursor]
    connection.close()
    paths = [run.settings.home_folder / "objects" / name[:2] / name for name in names]
    for path in paths:
        path.unlink()
    return paths


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
    shutil.rmtree(objects, ignore_errors=True)
    objects.with_name("elsewhere").rename(objects)
    return await work, said


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
        Asking(5.0)(store_mark.bind, engine, blobs)
        another = FolderBlobs(settings.home_folder / "elsewhere")
        store_mark.see(engine, blobs)
        with pytest.raises(TemporaryError, match="lacks their mark"):
            store_mark.see(engine, another)
        engine.dispose()


@pytest.mark.parametrize("stage", ["ocr", "chunk", "%"])
def test_what_a_later_run_needs_is_made_again(run: SmallRun, stage: str) -> None:
    before = run.digest(), run.counts()
    gone = remove_objects(run, stage)
    assert gone
    assert any("makes it again" in finding for finding in wrong(run))

    result = run(from_stage=StageName.RELATE)

    assert (result.outcome, result.reason) == ("finished", "")
    assert (run.digest(), run.counts()) == before
    assert wrong(run) == []
    again = run()
    assert (again.outcome, sum(again.stage_calls.values())) == ("finished", 0)
