"""Actors on Ray that are stopped or dead: nobody waits for them without end."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings import Settings

HEAD = """
import asyncio, signal, sys, time
from pathlib import Path
import psutil
from actors.actor_pools import ActorPools
from actors.cluster import local_ray
from actors.workplace import Workplace
from faults import small_stages
from faults.small_run import SmallRun
from pipeline.documents import StageName
from pipeline.settings import load_settings
from pipeline.stage import STAGES

def actors(kind):
    return [
        process for process in psutil.Process().children(recursive=True)
        if process.cmdline() and process.cmdline()[0].startswith(f"ray::{kind}")
    ]

"""
ENDING = (
    HEAD
    + """
async def main(place):
    pools = ActorPools(place, dict.fromkeys(STAGES, 1) | {StageName.OCR: 2})
    await asyncio.gather(*await pools.start(lambda stage: None))
    for number in (signal.SIGSTOP, signal.SIGKILL):
        hurt = actors("StageActor") + actors("PersistenceActor")
        assert len(hurt) >= 6, hurt
        for process in hurt:
            process.send_signal(number)
        await asyncio.wait_for(pools.close(), 20)
        ended.append(number.name)

ended = []
settings = load_settings()
urls = SmallRun(settings, Path(sys.argv[1])).urls
with local_ray(2) as ray:
    asyncio.run(main(Workplace(settings, urls, "p", "r", small_stages.plan(), small_stages.host)))
print(*ended)
"""
)
DYING = (
    HEAD
    + """
from pipeline.errors import TemporaryError
from pipeline.sources import Located

FLAG = sys.argv[1] + "/flag"

def host(stage, settings, stores):
    if Path(FLAG).exists():
        raise RuntimeError("the model is gone")
    return small_stages.host(stage, settings, stores)

async def identified(pools, located):
    for process in actors("StageActor"):
        process.send_signal(signal.SIGKILL)
    while True:
        try:
            return await pools.identify([located])
        except TemporaryError as error:
            said.append(str(error))

async def main(place):
    pools = ActorPools(place, dict.fromkeys(STAGES, 1))
    await asyncio.gather(*await pools.start(lambda stage: None))
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

said = []
settings = load_settings()
urls = SmallRun(settings, Path(sys.argv[1])).urls
with local_ray(2) as ray:
    asyncio.run(main(Workplace(settings, urls, "p", "r", small_stages.plan(), host)))
print(*said, sep="\\n")
"""
)


def done(program: str, settings: Settings, tmp_path: Path) -> str:
    """Carry a program out to its end and give what it printed."""
    assert settings.database_url
    assert settings.redis_url
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
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
        timeout=200,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_actors_that_are_stopped_or_dead_do_not_hold_up_the_end(
    settings: Settings, tmp_path: Path
) -> None:
    assert done(ENDING, settings, tmp_path).split() == ["SIGSTOP", "SIGKILL"]


def test_who_asks_what_sources_are_waits_for_a_new_process_and_not_for_one_that_cannot_start(
    settings: Settings, tmp_path: Path
) -> None:
    first, *rest = done(DYING, settings, tmp_path).splitlines()
    told = "the ocr process died while it looked at documents: "
    assert first.startswith(told)
    size = rest.index("5")
    assert rest[-1].startswith("UnavailableError ocr could not start: ")
    assert "the model is gone" in rest[-1]
    assert all(line.startswith(told) for line in [*rest[:size], *rest[size + 1 : -1]])
