"""A Ray cluster on this machine: a head without cores, and nodes that can be killed and joined."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.cluster import imported

ROOT = Path(__file__).resolve().parents[2]
STORE_BYTES = 80 << 20
# One for all clusters of a process: Ray reads it once.
TOKEN = secrets.token_hex(16)
# Ray's own are for networks that falter: it takes a node for dead after some seconds only.
FAST_HEALTH = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_timeout_ms": 1_000,
    "health_check_failure_threshold": 3,
}


@dataclass
class Nodes:
    """A cluster that stands. `joining` is the environment of who wants to use it, `environment`
    that of its nodes.
    """

    cluster: Any
    joining: Mapping[str, str]
    environment: Mapping[str, str]
    cores: int
    alive: list[Any] = field(default_factory=list)
    joined: int = 0

    def add(self, **options: Any) -> Any:
        """Let a node join, and wait until it has; return it."""
        self.joined += 1
        with environment(self.environment):
            node = self.cluster.add_node(
                # An address of its own: who joins from this machine is then the head's neighbour,
                # and outlives each of these.
                node_ip_address=f"127.0.0.{1 + self.joined}",
                num_cpus=self.cores,
                object_store_memory=STORE_BYTES,
                **options,
            )
        self.alive.append(node)
        return node

    def kill(self, dice: random.Random) -> bool:
        """End all processes of a node at once; False where only one is left."""
        if len(self.alive) < 2:
            return False
        node = self.alive.pop(dice.randrange(len(self.alive)))
        self.cluster.remove_node(node, allow_graceful=False)
        return True


@contextmanager
def environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Give the processes that are started in the block an environment, and none of our settings."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("CASEGRAPH_")]:
        del os.environ[name]
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def ray_nodes(
    count: int,
    settings: Mapping[str, str],
    cores: int = 1,
    health: Mapping[str, int] = FAST_HEALTH,
) -> Iterator[Nodes]:
    """Start a head and so many nodes, whose processes have these settings; end them all."""
    auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    theirs = {
        **auth,
        **settings,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with environment(theirs):
        imported()
        from ray.cluster_utils import Cluster

        cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "object_store_memory": STORE_BYTES,
                "include_dashboard": False,
                "_system_config": dict(health),
            },
        )
    nodes = Nodes(cluster, {**auth, "RAY_ADDRESS": cluster.address}, theirs, cores)
    try:
        for _ in range(count):
            nodes.add()
        yield nodes
    finally:
        cluster.shutdown()
