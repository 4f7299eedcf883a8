"""A cluster without a worker starts one for a run that says how much it wants, and lets it go."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from cluster.on_cluster import OnCluster
from cluster.ray_cluster import OBJECT_STORE_BYTES, RayCluster

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

WORKER = {
    "resources": {"CPU": 2, "object_store_memory": OBJECT_STORE_BYTES},
    "node_config": {},
    "min_workers": 0,
    "max_workers": 2,
}
UNUSED = (
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
    "cluster_synced_files",
    "rsync_exclude",
    "rsync_filter",
)
GONE_SECONDS = 90.0


def config_of(cluster: RayCluster) -> dict[str, object]:
    """Say what a cloud of this machine has: Ray's own, whose nodes are raylets."""
    nothing: dict[str, object] = {name: [] for name in UNUSED}
    return nothing | {
        "cluster_name": "of-a-test",
        "max_workers": 2,
        "provider": {
            "type": "fake_multinode",
            "gcs_address": cluster.address,
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "available_node_types": {
            "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            "worker": WORKER,
        },
        "head_node_type": "ray.head.default",
        "auth": {},
        "docker": {},
        "file_mounts": {},
        "file_mounts_sync_continuously": False,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": 0.05,
    }


@pytest.fixture
def own(on_cluster: OnCluster) -> Iterator[RayCluster]:
    """Start a head whose autoscaler looks each second, and nothing else."""
    often = {"RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"}
    with ExitStack() as stack:
        own = RayCluster({**on_cluster.endpoints, **often})
        stack.callback(shutil.rmtree, own.folder, ignore_errors=True)
        stack.callback(own.kill)
        config = own.folder / "autoscaler.yaml"
        config.write_text(json.dumps(config_of(own)))
        own.start_head(0, f"--autoscaling-config={config}")
        yield own


def raylets(own: RayCluster) -> int:
    """Count the nodes, the head among them."""
    running = [one for one in own.processes if one.status() != psutil.STATUS_ZOMBIE]
    return sum(one.name() == "raylet" for one in running)


def gone(own: RayCluster) -> None:
    """Wait until the head is alone again."""
    late = time.monotonic() + GONE_SECONDS
    while raylets(own) > 1:
        assert time.monotonic() < late, "what the run asked for is still asked for"
        time.sleep(0.5)


@pytest.mark.long
def test_a_run_has_nodes_started_and_lets_them_go(on_cluster: OnCluster, own: RayCluster) -> None:
    on_cluster.documents(6, "grown")
    joining = {
        "RAY_AUTH_TOKEN": own.token,
        "RAY_TMPDIR": str(own.folder),
        "CASEGRAPH_RUN__CPUS": "2",
    }
    run = ("run", "grown", "--json", "--project", "grown", "--address", own.address)
    assert raylets(own) == 1

    # What a node lacks ends a run as soon as there is one: also then it is let go.
    secret = {"CASEGRAPH_OCR__PDF_PASSWORD": "secret"}
    refused = on_cluster(*run, status=1, **joining, **secret)
    assert "has no CASEGRAPH_OCR__PDF_PASSWORD" in refused.stderr.splitlines()[-1]
    gone(own)

    done = on_cluster(*run, **joining)
    assert json.loads(done.stdout)["documents"]["completed"] == 6
    gone(own)
