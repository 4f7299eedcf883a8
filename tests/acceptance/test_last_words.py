"""What a process left behind is read on the node where it died, if that is still there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from actors.cluster import ENVIRONMENT
from actors.last_words import Whereabouts, last_words, whereabouts

ROOT = str(Path(__file__).parents[2])
pytestmark = pytest.mark.long


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (ENVIRONMENT | {"PYTHONPATH": ROOT}).items():
        monkeypatch.setenv(name, value)
    import ray
    from ray._raylet import AuthenticationTokenLoader
    from ray.cluster_utils import Cluster

    # Another test of this process may have been at a cluster with another token.
    AuthenticationTokenLoader.instance().reset_cache()
    of_nodes = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=of_nodes)
    try:
        ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def test_last_words_are_read_on_another_node_and_are_none_once_it_is_gone(cluster) -> None:
    import ray

    class Speaker:
        """Says something and dies."""

        def where(self) -> Whereabouts:
            return whereabouts()

        def die(self) -> None:
            os.write(2, b"these were its words\n")
            os._exit(1)

    there = cluster.add_node(num_cpus=1, object_store_memory=80 << 20, resources={"there": 1})
    cluster.wait_for_nodes()
    speaker = ray.remote(Speaker).options(resources={"there": 1}).remote()
    where = ray.get(speaker.where.remote())
    assert where.node != ray.get_runtime_context().get_node_id()
    with suppress(ray.exceptions.RayActorError):
        ray.get(speaker.die.remote())

    assert "these were its words\n" in asyncio.run(last_words(where)).log

    cluster.remove_node(there)
    assert asyncio.run(last_words(where)).log == ""
