"""A stage that is short of actors gets more of them while the run goes on; without Ray."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from actors import balance, balancing, bounds, reading, topology
from actors.hosted_actor import NoStartError
from actors.request import Request
from actors.stop import Stop
from faults import local_pools, small_stages
from faults.local_run import in_threads
from faults.small_run import SmallRun, write_documents
from pipeline.documents import StageName
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores import postgres
from pipeline.walking import Selection, Walk

SECONDS = 0.03
PATIENCE_SECONDS = 20.0


@pytest.fixture
def many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_pools, "CORES", 8)
    monkeypatch.setattr(balancing, "LOOK_SECONDS", 0.02)


class Hosts:
    """Builds small stages, of which one takes its time, and counts how many of each it built."""

    def __init__(self, slow: StageName) -> None:
        self.built: Counter[StageName] = Counter()
        self._slow = slow
        self._lock = threading.Lock()

    def __call__(self, stage, settings, stores):
        hosted = small_stages.host(stage, settings, stores)
        with self._lock:
            self.built[stage] += 1
        if stage is self._slow:
            work = hosted.stage.work

            def slowly(value):
                time.sleep(SECONDS)
                return work(value)

            object.__setattr__(hosted.stage, "work", slowly)
        return hosted


def test_a_stage_that_cores_wait_for_gets_more_actors(
    many_cores: None, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 150)
    quiet = SmallRun(settings, folder, "quiet")
    quiet.until_done()
    hosts = Hosts(StageName.RESOLVE)

    run = SmallRun(settings, folder, "short", host=hosts, actors={})
    run.until_done()

    assert hosts.built[StageName.RESOLVE] > 1
    # One more at a time, and none where cores have nothing to do.
    assert hosts.built[StageName.RESOLVE] <= 8
    assert hosts.built[StageName.RELATE] == 1
    assert (run.digest(), run.counts()) == (quiet.digest(), quiet.counts())


def test_the_first_stage_gets_more_actors_though_no_more_is_claimed_than_it_has_at_hand(
    many_cores: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 60)
    # As if a document took the stage longer than what a run claims ahead.
    monkeypatch.setattr(bounds, "HELD_SECONDS", SECONDS / 10)
    hosts = Hosts(StageName.OCR)

    run = SmallRun(settings, folder, "scans", host=hosts, actors={})
    run.until_done()

    assert 1 < hosts.built[StageName.OCR] <= 8
    assert hosts.built[StageName.RELATE] == 1


def test_an_actor_that_gives_way_loses_nothing(
    many_cores: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 150)
    quiet = SmallRun(settings, folder, "quiet")
    quiet.until_done()
    monkeypatch.setattr(balance, "IDLE_LOOKS", 3)
    # As much as all that are placed at first take: whoever wants more has to be given room.
    placement = topology.placed([topology.Node(id="here", cpus=8, memory=1 << 40)], 10_000)
    taken = sum(topology.MEMORY[stage] * count for (stage, _), count in placement.items())
    monkeypatch.setattr(local_pools, "MEMORY", taken)
    retired: list[StageName] = []
    retire = local_pools.LocalPools.retire

    async def noted(pools, stage, number):
        retired.append(stage)
        await retire(pools, stage, number)

    monkeypatch.setattr(local_pools.LocalPools, "retire", noted)
    hosts = Hosts(StageName.RESOLVE)

    run = SmallRun(settings, folder, "tight", host=hosts, actors={})
    run.until_done()

    assert retired
    assert set(retired) <= {StageName.OCR, StageName.CHUNK, StageName.EXTRACT}
    assert (run.digest(), run.counts()) == (quiet.digest(), quiet.counts())


def test_an_idle_reader_gives_way_though_not_all_documents_are_claimed(
    many_cores: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 100)
    monkeypatch.setattr(bounds, "AHEAD_SECONDS", 0.0)  # no more is claimed than the window holds
    monkeypatch.setattr(balance, "IDLE_LOOKS", 3)
    costs = dict.fromkeys(STAGES, 0.01) | {StageName.OCR: 1.0}
    monkeypatch.setattr(balancing, "COSTS", costs)
    placement = topology.placed([topology.Node(id="here", cpus=8, memory=1 << 40)], 10_000, costs)
    taken = sum(topology.MEMORY[stage] * count for (stage, _), count in placement.items())
    monkeypatch.setattr(local_pools, "MEMORY", taken)
    retired: list[StageName] = []
    late: list[object] = []
    given_way = threading.Event()
    retire = local_pools.LocalPools.retire

    async def noted(pools, stage, number):
        retired.append(stage)
        given_way.set()
        await retire(pools, stage, number)

    monkeypatch.setattr(local_pools.LocalPools, "retire", noted)

    def host(stage, settings, stores):
        hosted = small_stages.host(stage, settings, stores)
        if stage is StageName.RESOLVE:
            work = hosted.stage.work

            def waits(value):
                if not given_way.wait(PATIENCE_SECONDS):
                    late.append(value)
                    given_way.set()
                return work(value)

            object.__setattr__(hosted.stage, "work", waits)
        return hosted

    narrow = settings.model_copy(update={"run": settings.run.model_copy(update={"window": 40})})
    run = SmallRun(narrow, folder, "narrow", host=host, actors={})
    run.until_done()

    assert not late
    assert set(retired) == {StageName.OCR}


def test_what_is_only_read_gets_no_actors_for_more(
    many_cores: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balancing, "NODES_SECONDS", 0.02)
    folder = tmp_path / "documents"
    write_documents(folder, 60)
    hosts = Hosts(StageName.CHUNK)

    reading.read(
        settings,
        Request([str(folder)], "read", Walk(Selection())),
        small_stages.plan(),
        lambda _: None,
        Stop(),
        host=hosts,
        carry_out=partial(in_threads, actors={}),
    )

    assert set(hosts.built) == {StageName.OCR, StageName.CHUNK}


@pytest.fixture
def two_nodes(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the names of nodes where `extract` cannot be started, of two."""
    unfit = {"there"}
    add = local_pools.LocalPools.add

    async def nodes(_pools):
        return [topology.Node(id=name, cpus=1, memory=1 << 40) for name in ("there", "here")]

    async def tried(pools, place, grown):
        stage, node = place
        if stage is StageName.EXTRACT and node in unfit:
            raise NoStartError(f"{stage} could not start: the model is not there")
        await add(pools, place, grown)

    monkeypatch.setattr(local_pools.LocalPools, "nodes", nodes)
    monkeypatch.setattr(local_pools.LocalPools, "add", tried)
    return unfit


def test_a_stage_that_cannot_start_on_one_node_is_started_on_the_other(
    two_nodes: set[str], settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 8)
    run = SmallRun(settings, folder, "one", actors=dict.fromkeys(STAGES, 1))
    run.until_done()
    assert run.counts()["completed"] > 0


def test_where_a_stage_could_not_start_it_is_tried_again_later(
    two_nodes: set[str], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balancing, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(balancing, "NODES_SECONDS", 0.02)
    monkeypatch.setattr(balancing, "UNFIT_SECONDS", 0.5)
    folder = tmp_path / "documents"
    write_documents(folder, 150)
    tried: list[float] = []
    add = local_pools.LocalPools.add

    async def noted(pools, place, grown):
        if place == (StageName.EXTRACT, "there"):
            tried.append(time.monotonic())
            if len(tried) > 2:
                two_nodes.clear()  # what was missing has been put there
        await add(pools, place, grown)

    monkeypatch.setattr(local_pools.LocalPools, "add", noted)
    hosts = Hosts(StageName.EXTRACT)
    run = SmallRun(settings, folder, "later", host=hosts, actors={})
    run.until_done()

    assert run.counts()["running"] == run.counts()["pending"] == 0
    assert len(tried) >= 3
    assert all(later - before >= 0.5 for before, later in itertools.pairwise(tried[:3]))
    assert hosts.built[StageName.EXTRACT] >= 2


def test_a_stage_that_cannot_start_anywhere_ends_the_run_with_the_reason(
    two_nodes: set[str], settings: Settings, tmp_path: Path
) -> None:
    two_nodes.add("here")
    folder = tmp_path / "documents"
    write_documents(folder, 8)
    result = SmallRun(settings, folder, "none", actors=dict.fromkeys(STAGES, 1))()
    assert (result.outcome, result.completed) == ("failed", 0)
    assert result.reason == "extract could not start: the model is not there"


def test_a_run_that_is_to_stop_while_an_actor_loads_does_not_wait_for_it(
    many_cores: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model may take minutes, and what it needs may be another run's, such as a GPU."""
    folder = tmp_path / "documents"
    write_documents(folder, 4)
    run = SmallRun(settings, folder, "loading")

    async def whole():
        loading = asyncio.Event()

        async def loads_without_end(*_):
            loading.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(local_pools.LocalPools, "add", loads_without_end)
        coordinator = run.coordinator()
        work = asyncio.create_task(coordinator.run())
        await loading.wait()
        await coordinator.drain()
        return await asyncio.wait_for(work, PATIENCE_SECONDS)

    result = asyncio.run(whole())

    assert (result.outcome, result.completed) == ("stopped", 0)
    assert result.reason == "stopped while its processes were loading their models"
    assert (run.counts()["pending"], run.counts()["running"]) == (4, 0)


@pytest.mark.parametrize("readers", [2, 1])
def test_a_reader_of_sources_that_cannot_be_started_again_is_done_without_where_there_is_another(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readers: int
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 8)
    identify = local_pools.LocalPools.identify
    lost: list[int] = []

    async def tried(pools, sources):
        if not lost:
            lost.append(next(x for x in range(20) if pools.place_of(StageName.OCR, x)))
            await pools.retire(StageName.OCR, lost[0])
            raise NoStartError("ocr could not start: the model is gone")
        return await identify(pools, sources)

    monkeypatch.setattr(local_pools.LocalPools, "identify", tried)
    actors = dict.fromkeys(STAGES, 1) | {StageName.OCR: readers}
    run = SmallRun(settings, folder, "readers", actors=actors)
    result = run()

    if readers == 1:
        assert (result.outcome, result.completed) == ("failed", 0)
        assert result.reason == "ocr could not start: the model is gone"
        return
    assert (result.outcome, run.left()) == ("finished", 0)
    engine = postgres.connect(run.urls.database_url)
    with engine.connect() as connection:
        # Nothing was sent to who is not there any more.
        assert connection.scalar(text("SELECT max(attempts) FROM documents")) == 1
    engine.dispose()
