"""A cluster of two raylets for all tests, whose nodes have the endpoints in their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import redis
from databases import Databases
from faults.small_cli import ON_RAY
from s3_case import CREDENTIALS, serving

from cluster.on_cluster import OnCluster
from cluster.ray_cluster import RAY, cluster
from pipeline.stores.embedded import ServiceUrls

REDIS = "?db=15"


@pytest.fixture(scope="package")
def on_cluster(
    databases: Databases, services: ServiceUrls, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OnCluster]:
    folder = tmp_path_factory.mktemp("cluster")
    command = folder / "bin" / "casegraph"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m faults.small_cli "$@"\n')
    command.chmod(0o755)
    redis_url = services.redis_url.replace("?db=0", REDIS)
    with databases.fresh() as database_url, serving(folder, {"store": {}}) as s3:
        endpoints = CREDENTIALS | {
            "CASEGRAPH_DATABASE_URL": database_url,
            "CASEGRAPH_REDIS_URL": redis_url,
            "CASEGRAPH_S3_ENDPOINT_URL": s3.url,
            "CASEGRAPH_OBJECT_STORE_URL": "s3://store/objects",
            ON_RAY: "1",
            # What a job calls `casegraph` has small stages, too.
            "PATH": f"{command.parent}:{RAY.parent}:{os.environ['PATH']}",
        }
        with redis.Redis.from_url(redis_url) as client:
            client.flushdb()
        with cluster(endpoints) as started:
            yield OnCluster(started, endpoints, s3, database_url, folder)
