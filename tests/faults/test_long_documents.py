"""Documents that are read in ranges of pages: whole runs without Ray, on real stores, that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from databases import Databases
from sqlalchemy import text

from faults import paged_stages, small_stages
from faults.invariants import broken
from faults.small_run import SmallRun
from pipeline import codec, identity
from pipeline.crash_points import VARIABLE
from pipeline.documents import Pages, Payload
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres, project_reader

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults.small_run", "actors.coordinator", "boto3"])
PAGES, AT_ONCE = 11, 2
FAST = RunSettings(window=8, persist_seconds=0.02, lease_seconds=0.5, pages_at_once=AT_ONCE)


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    """Give a project of a book and a letter."""
    folder = tmp_path / "documents"
    folder.mkdir()
    paged_stages.write_book(folder / "book.txt", PAGES)
    (folder / "letter.txt").write_text("Gus Reed met Ann Lee.")
    monkeypatch.setenv(paged_stages.READ, str(tmp_path / "read"))
    settings = settings.model_copy(update={"run": FAST})
    return SmallRun(settings, folder, host=paged_stages.host)


def pages_read(tmp_path: Path) -> list[int]:
    """Give the pages that were read, in order, and forget them."""
    log = tmp_path / "read"
    found = [int(line) for line in log.read_text().split()] if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def parts_in_postgres(run: SmallRun) -> set[int]:
    """Say which pages PostgreSQL has parts of."""
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            parts = connection.scalars(text("SELECT part FROM stage_results WHERE part <> ''"))
            return pages_of(list(parts))
    finally:
        engine.dispose()


def parts_in_redis(run: SmallRun) -> set[int]:
    """Say which pages Redis has parts of."""
    with redis.Redis.from_url(run.urls.redis_url or "") as client:
        names = [name.decode().split(":") for name in client.scan_iter("doc:*:ocr:*")]
    return pages_of([name[4] for name in names if len(name) > 4])


def pages_of(parts: list[str]) -> set[int]:
    ends = [tuple(map(int, part.split("-"))) for part in parts]
    return {page for first, last in ends for page in range(first, last + 1)}


def at_once(run: SmallRun, databases: Databases, home: Path) -> str:
    """Give the digest where all pages are read at once."""
    with databases.fresh() as url:
        changed = {
            "database_url": url,
            "home": home,
            "acceleration": "off",
            "run": FAST.model_copy(update={"pages_at_once": PAGES}),
        }
        settings = Settings(**(run.settings.model_dump() | changed))
        whole = replace(run, settings=settings)
        [result] = whole.until_done()
        assert result.outcome == "finished"
        return whole.digest()


def with_mode(run: SmallRun, mode: str) -> SmallRun:
    return replace(run, settings=run.settings.model_copy(update={"acceleration": mode}))


@pytest.mark.parametrize("mode", ["on", "off"])
def test_a_document_in_ranges_gives_what_reading_it_at_once_gives_and_no_part_is_left(
    run: SmallRun, databases: Databases, tmp_path: Path, mode: str
) -> None:
    run = with_mode(run, mode)
    [result] = run.until_done()
    assert sorted(pages_read(tmp_path)) == list(range(1, PAGES + 1))
    assert result.stage_calls["ocr"] == 2
    assert run.counts()["completed"] == 2
    assert run.digest() == at_once(run, databases, tmp_path / "quiet")
    assert pages_read(tmp_path) == list(range(1, PAGES + 1))
    assert parts_in_postgres(run) == set()
    assert mode == "off" or broken(run) == []


def work_until(run: SmallRun, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    run.until_done()


def dies_at(run: SmallRun, point: str, marker: Path) -> None:
    """Run in a process that dies there."""
    environment = {
        VARIABLE: f"{point}@{marker}",
        paged_stages.READ: os.environ[paged_stages.READ],
        # Else all is read, and joined, before the first parts are persisted.
        small_stages.SECONDS: "0.2",
    }
    process = PROCESSES.Process(target=work_until, args=(run, environment))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        pytest.fail(f"the run does not end at {point}")
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "mode", "flush", "there"),
    [
        ("put.after", "on", False, parts_in_redis),
        ("persist.after-commit", "on", True, parts_in_postgres),
        pytest.param(
            "persist.after-commit", "off", False, parts_in_postgres, marks=pytest.mark.slow
        ),
    ],
)
def test_who_goes_on_reads_only_the_pages_that_are_in_no_part(
    run: SmallRun,
    databases: Databases,
    tmp_path: Path,
    point: str,
    mode: str,
    flush: bool,
    there: Callable[[SmallRun], set[int]],
) -> None:
    run = with_mode(run, mode)
    (run.folder / "letter.txt").unlink()
    dies_at(run, point, tmp_path / "died")
    pages_read(tmp_path)
    kept = there(run)
    assert kept
    if flush:
        with redis.Redis.from_url(run.urls.redis_url or "") as client:
            client.flushdb()
    run.until_done()
    assert set(pages_read(tmp_path)) == set(range(1, PAGES + 1)) - kept
    assert run.digest() == at_once(run, databases, tmp_path / "quiet")
    assert parts_in_postgres(run) == set()
    assert mode == "off" or broken(run) == []


def test_a_range_size_that_changed_leaves_no_part_of_the_other(
    run: SmallRun, databases: Databases, tmp_path: Path
) -> None:
    (run.folder / "letter.txt").unlink()
    dies_at(run, "persist.after-commit", tmp_path / "died")
    assert parts_in_postgres(run)
    other = FAST.model_copy(update={"pages_at_once": 3})
    run = replace(run, settings=run.settings.model_copy(update={"run": other}))
    run.until_done()
    assert run.digest() == at_once(run, databases, tmp_path / "quiet")
    assert parts_in_postgres(run) == set()
    assert broken(run) == []


def test_a_part_that_never_can_be_read_fails_its_document_alone(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = codec.encode

    def nonsense(payload: Payload) -> bytes:
        is_part = isinstance(payload, Pages) and len(payload.pages) < PAGES
        harmed = is_part and 5 in [page.number for page in payload.pages]
        return b"nonsense" if harmed else encode(payload)

    monkeypatch.setattr(codec, "encode", nonsense)

    [result] = run.until_done()

    assert (result.outcome, result.completed, result.failed) == ("finished", 1, 1)
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    try:
        [failure] = project_reader.failures(engine, identity.project_id(run.project))
    finally:
        engine.dispose()
    assert (Path(failure.source).name, failure.error) == ("book.txt", "unknown_codec")
