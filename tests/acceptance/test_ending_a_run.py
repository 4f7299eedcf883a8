"""The end of a run on Ray whose actors are stopped or dead by then: it neither hangs nor fails."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.settings import Settings

ENDING = """
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


def test_actors_that_are_stopped_or_dead_do_not_hold_up_the_end(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url
    assert settings.redis_url
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", ENDING, str(tmp_path)],
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
    assert result.stdout.split() == ["SIGSTOP", "SIGKILL"], result.stderr
    assert result.returncode == 0, result.stderr
