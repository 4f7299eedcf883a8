"""What computes on a GPU stands where Ray knows one, asks for it, and sees no other."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.small_stages import SEES
from waiting import until

from cluster.on_cluster import OnCluster
from cluster.ray_cluster import RayCluster, cluster

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

ON_GPU = {
    "CASEGRAPH_EXTRACT__EXTRACTOR": "transformers",
    "CASEGRAPH_EXTRACT__MODEL": "owner/name",
    "CASEGRAPH_EXTRACT__DEVICE": "cuda",
}
TAKE = """
import sys, time, ray
ray.init(sys.argv[1], logging_level="ERROR", log_to_driver=False)
@ray.remote(num_gpus=2)
class Taker:
    def here(self):
        return "taken"
taker = Taker.remote()
print(ray.get(taker.here.remote()), flush=True)
sys.stdin.read()
"""


@contextmanager
def taken(own: RayCluster) -> Iterator[None]:
    """Have another job take all GPUs within the block."""
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, own.address],
        env=own.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "taken\n"
        yield


@pytest.mark.long
def test_each_gpu_has_one_actor_which_sees_no_other(on_cluster: OnCluster, tmp_path: Path) -> None:
    on_cluster.documents(40, "seen")
    seen = tmp_path / "seen"
    run = ("run", "seen", "--json", "--project", "gpus", "--address")
    with cluster({**on_cluster.endpoints, SEES: str(seen)}, head_cpus=2, gpus=2) as own:
        joining = ON_GPU | {"RAY_AUTH_TOKEN": own.token, "RAY_TMPDIR": str(own.folder)}
        with taken(own):
            few = dict.fromkeys(("ocr", "chunk", "resolve", "relate"), 1)
            late = {
                "CASEGRAPH_LIMITS__START_SECONDS": "40",
                "CASEGRAPH_RUN__ACTORS": json.dumps(few),
            }
            refused = on_cluster(*run, own.address, status=1, **joining, **late)
        last = refused.stderr.strip().splitlines()[-1]
        assert "extract did not start in 40 s (limits.start_seconds)" in last
        assert "another run or job may have its GPU" in last
        seen.unlink()

        done = on_cluster(*run, own.address, **joining)
        assert json.loads(done.stdout)["documents"]["completed"] == 40
        lines = [line.partition(" ") for line in seen.read_text().splitlines()]
        assert sorted(gpus for stage, _, gpus in lines if stage == "extract") == ["0", "1"]
        # Those that compute on cores are on both nodes, and have no GPU.
        assert sum(stage == "chunk" for stage, _, _ in lines) == 4
        assert {gpus for stage, _, gpus in lines if stage != "extract"} == {""}

        seen.unlink()
        on_cluster.documents(40, "seen")
        shared = {"CASEGRAPH_RUN__ACTORS_PER_GPU": "3", "CASEGRAPH_RUN__ACTORS": '{"extract": 6}'}
        on_cluster(*run[:-2], "shared", "--address", own.address, **joining, **shared)
        lines = [line.partition(" ") for line in seen.read_text().splitlines()]
        gpus = sorted(gpus for stage, _, gpus in lines if stage == "extract")
        assert gpus == ["0"] * 3 + ["1"] * 3


def test_a_cluster_without_a_gpu_is_told_in_one_line(on_cluster: OnCluster) -> None:
    on_cluster.documents(1, "nogpu")
    run = ("run", "nogpu", "--json", "--project", "nogpu")
    soon = ON_GPU | {"CASEGRAPH_RUN__NODES_SECONDS": "1"}
    done = on_cluster(*run, "--address", on_cluster.cluster.address, status=1, **soon)
    last = done.stderr.strip().splitlines()[-1]
    assert "the Ray cluster has no node with a GPU, which extract.device=cuda needs" in last

    lack = "waiting for a node with a GPU"
    assert lack in done.stderr
    report = json.loads(on_cluster("report", "--project", "nogpu", "--json").stdout)
    assert (report["outcome"], report["summary"]["reason"]) == ("failed", last.partition(": ")[2])

    # A node may come, however long it takes to set it up: until then the run is alive.
    late = ON_GPU | {"CASEGRAPH_RUN__LEASE_SECONDS": "1"}
    process = on_cluster.start(*run, "--address", on_cluster.cluster.address, **late)
    try:
        assert process.stderr is not None
        while lack not in (said := process.stderr.readline()):
            assert said
        began = time.monotonic()
        until(lambda: time.monotonic() > began + 3.0, 30)  # longer than its lease
        status = json.loads(on_cluster("status", "--project", "nogpu", "--json").stdout)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert status["last_run"]["outcome"] == "running", status
    assert process.returncode == 130
    assert "stopped before the cluster had a node to work on" in said

    # Nor does a Ray of its own find one here, as none of the machines that test this has one.
    soon["CUDA_VISIBLE_DEVICES"] = ""
    done = on_cluster(*run, status=1, without=("RAY_AUTH_TOKEN",), **soon)
    last = done.stderr.strip().splitlines()[-1]
    assert "on this machine Ray finds no node with a GPU" in last
    assert "CASEGRAPH_EXTRACT__DEVICE=cpu" in last
