"""`ray up cluster.local.yaml`, in an environment that its commands make: this machine is head and
worker, and what stands in for ssh and rsync does here what they would do there.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from s3_case import CREDENTIALS, serving

from cluster.ray_cluster import MARK, RAY, ROOT, RayCluster

SOURCES = "examples/corpus/state-department"
CONFIG = yaml.safe_load((ROOT / "cluster.local.yaml").read_text("utf-8"))
LEFT_OUT = shutil.ignore_patterns(*CONFIG["rsync_exclude"], "__pycache__", ".*_cache")
HEAD, WORKER = "127.0.0.1", "127.0.0.2"
SSH = """#!/bin/bash
while [[ $1 != *@* ]]; do shift; done
shift; cd ~; exec bash -c "$*" </dev/null
"""
RSYNC = """#!/bin/bash
from=${@: -2:1}; to=${@: -1}; to=${to#*:}; to=${to/#\\~/$HOME}
[[ -d $from || $from -ef $to ]] || cp "$from" "$to"
"""
JOINED_SECONDS = 300.0


class Machine:
    """This machine as those of the file: a home with what a person puts there, and a shell."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        self.cluster = RayCluster({})
        self.casegraph = home / "casegraph"
        shutil.copytree(ROOT, self.casegraph, ignore=LEFT_OUT)
        for folder in (".ray", ".casegraph", "bin"):
            (home / folder).mkdir()
        lines = (f"{name}='{value}'\n" for name, value in environment.items())
        (home / ".casegraph" / "cluster.env").write_text("".join(lines))
        (home / ".casegraph" / "cluster.key").write_text("nobody asks for it here\n")
        (home / ".ray" / "auth_token").write_text(self.cluster.token)
        for name, does in (("ssh", SSH), ("rsync", RSYNC)):
            (home / "bin" / name).write_text(does)
            (home / "bin" / name).chmod(0o755)
        path = f"{home}/bin:{os.environ['PATH']}"
        (home / ".bashrc").write_text(f"PATH='{path}'\n")  # which a login shell would set anew
        kept = ("LANG", "PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "PATH": path,
            "HOME": str(home),
            "PYTHON": sys.executable,
            "TMPDIR": str(self.cluster.folder),
            "RAY_TMPDIR": str(self.cluster.folder),
            MARK: self.cluster.mark,
        }

    def __call__(self, command: str) -> str:
        """Run a command, and give what it says."""
        done = self.tried(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tried(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            ["bash", "-c", command],
            env=self.environment,
            cwd=self.casegraph,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )

    def write(self) -> Path:
        """Fill the file in with addresses, and ports that are free here."""
        config = copy.deepcopy(CONFIG)
        config["provider"] |= {"head_ip": HEAD, "worker_ips": [WORKER]}
        head, worker = self.cluster.agents
        both = " --object-store-memory=80000000 --dashboard-agent-listen-port="
        own = {
            "head_start_ray_commands": f"{both}{head} --dashboard-port={self.cluster.jobs_port}",
            "worker_start_ray_commands": f"{both}{worker} --num-cpus=2 --node-ip-address={WORKER}"
            f" --temp-dir={self.cluster.second_folder}",
        }
        for kind, more in own.items():
            here = [one.replace("6379", str(self.cluster.port)) + more for one in config[kind]]
            config[kind] = here
        file = self.home / "cluster.local.yaml"
        file.write_text(yaml.safe_dump(config))
        return file

    def wait_for_worker(self) -> None:
        """Wait until the worker that the head starts has joined."""
        ask = f"RAY_AUTH_MODE=token {RAY} status --address {self.cluster.address}"
        late = time.monotonic() + JOINED_SECONDS
        while "0.0/2.0 CPU" not in (said := self.tried(ask).stdout):
            assert time.monotonic() < late, f"{said}\n{self.monitor}"
            time.sleep(1.0)

    @property
    def monitor(self) -> str:
        """Give what the head has said about starting workers."""
        logs = self.cluster.folder.glob("**/session_latest/logs/monitor*")
        return "\n".join(path.read_text("utf-8")[-5000:] for path in logs)


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

    file = machine.write()
    machine(f"RAY_AUTH_MODE=token {RAY} up --yes {file}")
    machine.wait_for_worker()
    twice = machine.tried(f"RAY_AUTH_MODE=token {RAY} up --yes {file}")
    assert twice.returncode != 0
    assert "is already running at" in twice.stdout + twice.stderr
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
