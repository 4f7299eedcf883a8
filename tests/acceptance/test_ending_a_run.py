"""Actors on Ray that are stopped or dead: nobody waits for them without end."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings import Settings

PROGRAM = """
import asyncio, signal, sys, time
from pathlib import Path
import psutil
from actors.actor_pools import ActorPools
from actors.cluster import local_ray
from actors.workplace import Workplace
from faults import small_stages
from faults.small_run import SmallRun
from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.settings import load_settings
from pipeline.sources import Located
from pipeline.stage import STAGES

FLAG = sys.argv[1] + "/flag"

def actors(kind):
    return [
        process for process in psutil.Process().children(recursive=True)
        if process.cmdline() and process.cmdline()[0].startswith(f"ray::{kind}")
    ]

def host(stage, settings, stores):
    if Path(FLAG).exists():
        raise RuntimeError("the model is gone")
    return small_stages.host(stage, settings, stores)

async def started(place, **more):
    pools = ActorPools(place)
    [node] = await pools.nodes()
    actors = dict.fromkeys(STAGES, 1) | more
    places = [(stage, node.id) for stage, number in actors.items() for _ in range(number)]
    grown = lambda stage, number, node: None
    await asyncio.gather(pools.open(), *(pools.add(place, grown) for place in places))
    return pools

async def ending(place):
    pools = await started(place, ocr=2)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        hurt = actors("StageActor") + actors("PersistenceActor")
        assert len(hurt) >= 6, hurt
        for process in hurt:
            process.send_signal(number)
        await asyncio.wait_for(pools.close(), 20)
        ended.append(number.name)

async def identified(pools, located):
    for process in actors("StageActor"):
        process.send_signal(signal.SIGKILL)
    while True:
        try:
            return await pools.identify([located])
        except TemporaryError as error:
            said.append(str(error))

async def dying(place):
    pools = await started(place)
    path = Path(sys.argv[1]) / "a.txt"
    path.write_text("words")
    located = Located(uri=path.as_uri(), name="a.txt")
    [answer] = await asyncio.wait_for(identified(pools, located), 60)
    said.append(str(answer.size))
    Path(FLAG).touch()
    try:
        await asyncio.wait_for(identified(pools, located), 60)
    except Exception as error:
        said.append(f"{type(error).__name__} {error}")

ended, said = [], []
settings = load_settings()
urls = SmallRun(settings, Path(sys.argv[1])).urls
place = Workplace(settings, urls, "p", "r", small_stages.plan(), host)
with local_ray(2) as ray:
    asyncio.run(ending(place))
    asyncio.run(dying(place))
print(*ended)
print(*said, sep="\\n")
"""


def test_nobody_waits_without_end_for_actors_that_are_stopped_or_dead(
    settings: Settings, tmp_path: Path
) -> None:
    """Neither who ends the pools, nor who asks what sources are: he waits for a new process, and
    not for one that cannot start.
    """
    assert settings.database_url
    assert settings.redis_url
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}",
            "CASEGRAPH_HOME": str(settings.home),
            "CASEGRAPH_DATABASE_URL": settings.database_url.get_secret_value(),
            "CASEGRAPH_REDIS_URL": settings.redis_url.get_secret_value(),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    ended, first, *rest = result.stdout.splitlines()
    assert ended.split() == ["SIGSTOP", "SIGKILL"]
    told = "the ocr process died while it looked at documents: "
    assert first.startswith(told)
    size = rest.index("5")
    assert rest[-1].startswith("NoStartError ocr could not start: ")
    assert "the model is gone" in rest[-1]
    assert all(line.startswith(told) for line in [*rest[:size], *rest[size + 1 : -1]])
