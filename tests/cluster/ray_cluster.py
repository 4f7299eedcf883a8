"""A Ray cluster of a test's own on this machine: a head with its job server, and other raylets.

They are started by `ray start`, as on machines of one's own, and ended by their process ids: what
a cluster starts is known by a mark in its environment. Its folder and its `current cluster` are its
own, so that no other Ray here is found, and none finds it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
RAY = Path(sys.executable).parent / "ray"
MARK = "CLUSTER_OF_A_TEST"
OBJECT_STORE_BYTES = 80 << 20
GONE_SECONDS = 30.0
PATIENT = 240.0
"""For so long a test waits for a command of Ray's: some wait for an answer without end."""


class RayCluster:
    """A cluster whose nodes have this environment. Its token is its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.mark = uuid.uuid4().hex
        self.folder = Path(tempfile.mkdtemp(prefix="cg-", dir="/tmp"))
        self.token = secrets.token_hex(16)
        self.port, self.jobs_port, *self.agents = _free_ports(4)
        self.nodes_environment = dict(environment)

    @property
    def address(self) -> str:
        """Where the cluster is joined."""
        return f"127.0.0.1:{self.port}"

    @property
    def second_folder(self) -> Path:
        """Where the second raylet keeps its own: it would write anew what the first runs from."""
        return self.folder / "second"

    @property
    def jobs(self) -> str:
        """Where jobs are submitted."""
        return f"http://127.0.0.1:{self.jobs_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process has that knows the cluster's token, and is none of its nodes'."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CASEGRAPH_", "RAY_"))
        }
        return kept | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_TMPDIR": str(self.folder),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PATH": f"{RAY.parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        }

    def start_head(self, cpus: int = 0, *more: str) -> None:
        """Start the head, with its job server, and `more` arguments."""
        self._start(
            "--head",
            f"--port={self.port}",
            "--dashboard-host=127.0.0.1",
            f"--dashboard-port={self.jobs_port}",
            f"--dashboard-agent-listen-port={self.agents[0]}",
            f"--num-cpus={cpus}",
            *more,
        )

    def start_node(self, cpus: int = 2, gpus: int = 0) -> None:
        """Have another raylet join, one at most."""
        self._start(
            f"--address={self.address}",
            f"--temp-dir={self.second_folder}",
            f"--dashboard-agent-listen-port={self.agents[1]}",
            f"--num-cpus={cpus}",
            f"--num-gpus={gpus}",
        )

    def _start(self, *arguments: str) -> None:
        done = subprocess.run(
            [RAY, "start", *arguments, f"--object-store-memory={OBJECT_STORE_BYTES}"],
            env=self.environment | self.nodes_environment | {MARK: self.mark},
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            timeout=PATIENT,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    @property
    def processes(self) -> list[psutil.Process]:
        """List what the cluster has started, daemons and workers."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark:
                    found.append(process)
        return found

    def kill(self) -> None:
        """End all its processes by SIGKILL, and wait until they are gone."""
        late = time.monotonic() + GONE_SECONDS
        while left := [one for one in self.processes if one.status() != psutil.STATUS_ZOMBIE]:
            assert time.monotonic() < late, f"not gone after SIGKILL: {left}"
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.1)


@contextmanager
def cluster(
    environment: Mapping[str, str], head_cpus: int = 0, gpus: int = 0
) -> Iterator[RayCluster]:
    """Run a cluster of a head and a worker; afterwards it is gone, whatever happened. Ray believes
    in `gpus` of the worker that nobody has looked for.
    """
    with ExitStack() as stack:
        started = RayCluster(environment)
        stack.callback(shutil.rmtree, started.folder, ignore_errors=True)
        stack.callback(started.kill)
        started.start_head(head_cpus)
        started.start_node(gpus=gpus)
        yield started


def _free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in free]
