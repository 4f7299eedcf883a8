"""The commands of cluster.local.yaml, run as the launcher does, in an environment they make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from s3_case import CREDENTIALS, serving

from cluster.ray_cluster import MARK, ROOT, RayCluster

SOURCES = "examples/corpus/state-department"
CONFIG = yaml.safe_load((ROOT / "cluster.local.yaml").read_text("utf-8"))
LEFT_OUT = shutil.ignore_patterns(*CONFIG["rsync_exclude"], "__pycache__", ".*_cache")


class Machine:
    """This machine as one of the file's: a home with what is copied there, and a shell."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        self.cluster = RayCluster({})
        self.casegraph = home / "casegraph"
        shutil.copytree(ROOT, self.casegraph, ignore=LEFT_OUT)
        lines = (f"{name}='{value}'\n" for name, value in environment.items())
        (home / "casegraph.env").write_text("".join(lines))
        (home / ".ray").mkdir()
        (home / ".ray" / "auth_token").write_text(self.cluster.token)
        kept = ("PATH", "LANG", "PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(home),
            "PYTHON": sys.executable,
            "RAY_TMPDIR": str(self.cluster.folder),
            "RAY_HEAD_IP": "127.0.0.1",
            MARK: self.cluster.mark,
        }

    def __call__(self, command: str) -> str:
        """Run a command, and give what it says."""
        done = subprocess.run(
            ["bash", "-c", command],
            env=self.environment,
            cwd=self.casegraph,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, kind: str, agent: int) -> None:
        """Start a node as the file says, but on ports that are free here."""
        for command in CONFIG[kind]:
            own = f" --dashboard-agent-listen-port={agent} --object-store-memory=80000000"
            if kind.startswith("head"):
                own += f" --dashboard-port={self.cluster.jobs_port}"
            else:
                own += f" --num-cpus=2 --temp-dir={self.cluster.second_folder}"
            self(command.replace("6379", str(self.cluster.port)) + own)


@pytest.fixture
def machine(migrated_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Machine]:
    with serving(tmp_path, {"store": {}}) as s3:
        environment = CREDENTIALS | {
            "CASEGRAPH_DATABASE_URL": migrated_url,
            "CASEGRAPH_REDIS_URL": valkey_url,
            "CASEGRAPH_S3_ENDPOINT_URL": s3.url,
            "CASEGRAPH_OBJECT_STORE_URL": "s3://store/objects",
        }
        home = tmp_path / "home"
        home.mkdir()
        machine = Machine(home, environment)
        try:
            yield machine
        finally:
            machine.cluster.kill()
            shutil.rmtree(machine.cluster.folder, ignore_errors=True)


@pytest.mark.long
def test_setup_start_join_and_submit(machine: Machine) -> None:
    stamp = machine.casegraph / ".venv" / ".installed"
    for command in CONFIG["setup_commands"]:
        machine(command)
        made = stamp.stat().st_mtime_ns
        machine(command)  # on a machine where it was run before
        assert stamp.stat().st_mtime_ns == made

    first, second = machine.cluster.agents
    machine.start("head_start_ray_commands", first)
    machine.start("worker_start_ray_commands", second)
    ours = f"{machine.casegraph}/.venv/bin"
    said = machine(
        f"RAY_AUTH_MODE=token {ours}/ray job submit --address {machine.cluster.jobs} "
        f"--working-dir . -- casegraph run {SOURCES} --project joined --json"
    )
    assert '"outcome": "finished"' in said

    alone = f"set -a; . ~/casegraph.env; {ours}/casegraph"
    machine(f"{alone} run {SOURCES} --project alone")
    joined, other = (machine(f"{alone} digest --project {name}") for name in ("joined", "alone"))
    assert joined == other
