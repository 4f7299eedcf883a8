"""Where runs are harmed: servers, the lines to them, nodes if it is a cluster, and the run."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psutil

from faults import history, stage_processes
from faults.nodes import Nodes, ray_nodes
from faults.proxy import Proxy, proxy_for
from faults.ray_process import reap
from faults.servers import OwnPostgres, OwnValkey, own_postgres, own_valkey
from faults.small_stages import SECONDS
from pipeline.settings import RunSettings, ServiceSettings, Settings
from pipeline.stores import migrating, postgres

PAUSES = (0.2, 3.5)
RUN = RunSettings(shared_files=True, window=16, persist_seconds=0.05, lease_seconds=2.0, attempts=4)


@dataclass
class Scene:
    """The servers, the lines to them, and the run that is on."""

    valkey: OwnValkey
    postgres: OwnPostgres
    redis_line: Proxy
    postgres_line: Proxy
    dice: random.Random
    nodes: Nodes | None = None
    process: subprocess.Popen[str] | None = None

    @property
    def settings(self) -> Settings:
        """Give the settings of who looks from beside, past the lines."""
        return Settings(
            home=self.valkey.home / "home",
            database_url=self.postgres.url,  # type: ignore[arg-type]
            redis_url=self.valkey.url,  # type: ignore[arg-type]
            run=RUN,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Give the settings of a run, which are also those of the nodes that it runs on."""
        joined = {} if self.nodes is None else self.nodes.joining
        folder = self.valkey.home / "stage-processes"
        folder.mkdir(exist_ok=True)
        return joined | {
            SECONDS: "0.03",
            stage_processes.FOLDER: str(folder),
            "CASEGRAPH_HOME": str(self.valkey.home / "home"),
            "CASEGRAPH_DATABASE_URL": self.postgres_line.url(self.postgres.url),
            "CASEGRAPH_REDIS_URL": self.redis_line.url(self.valkey.url),
            "CASEGRAPH_RUN": RUN.model_dump_json(),
            "CASEGRAPH_SERVICES": ServiceSettings(redis_answer_seconds=0.5).model_dump_json(),
        }

    def actors(self, title: str, stage: str = "") -> list[psutil.Process]:
        """Find the run's processes of these actors, or those of a stage: children of the run's own
        Ray, or of nodes that this program has started.
        """
        if self.process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            above = psutil.Process(self.process.pid if self.nodes is None else None)
            children = above.children(recursive=True)
            named = [child for child in children if _title(child).startswith(title)]
            return [child for child in named if not stage or self._works_for(stage, child)]
        return []

    def _works_for(self, stage: str, process: psutil.Process) -> bool:
        folder = self.valkey.home / "stage-processes"
        return stage_processes.stage_of(folder, process.pid) == stage

    def wait(self, least: float = PAUSES[0], most: float = PAUSES[1]) -> None:
        """Let a fault last."""
        time.sleep(self.dice.uniform(least, most))

    def heal(self) -> None:
        """End every fault."""
        for server in (self.valkey, self.postgres):
            server.resume()
            if not server.processes:
                server.start()
        self.valkey.limit_memory(1 << 30)
        for line in (self.redis_line, self.postgres_line):
            line.heal()


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


@contextmanager
def opened(dice: random.Random, nodes: int) -> Iterator[Scene]:
    """Start servers, lines and nodes; end them, and the run that is on, whatever happens."""
    with ExitStack() as stack:
        database, valkey = stack.enter_context(own_postgres()), stack.enter_context(own_valkey())
        lines = [stack.enter_context(proxy_for(url)) for url in (valkey.url, database.url)]
        migrating.migrate(database.url)
        engine = postgres.engine_of(database.url, pool_size=1)
        with engine.begin() as connection:
            history.count_endings(connection)
        engine.dispose()
        scene = Scene(valkey, database, lines[0], lines[1], dice)
        if nodes:
            scene.nodes = stack.enter_context(ray_nodes(nodes, scene.environment))
        try:
            yield scene
        finally:
            scene.heal()
            if scene.process is not None:
                reap(scene.process)
