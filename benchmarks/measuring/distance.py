"""Runs with a PostgreSQL that is far away: the real one, behind the proxy of the tests."""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from measuring.databases import own_database
from measuring.memory import PeakMemory
from measuring.whole import run_under
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.protocols import CheckpointKey
from pipeline.stores.redis_connection import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from faults.proxy import proxy_for

READS = 50


@dataclass(frozen=True)
class DistantRun:
    """What a run took, and the URLs that it had; they answer until the block ends."""

    figures: Mapping[str, Any]
    urls: ServiceUrls


@contextlib.contextmanager
def run_at_a_distance(
    settings: Settings,
    urls: ServiceUrls,
    folder: Path,
    delay_seconds: float,
    environment: Mapping[str, str],
) -> Iterator[DistantRun]:
    """Run a folder into a new database, with a delay added to each round trip to PostgreSQL and
    an empty Redis that has none.
    """
    with closing(connect(urls.redis_url)) as client:
        client.flushall()
    with own_database(urls) as own, proxy_for(own.database_url) as proxy:
        proxy.delay(delay_seconds)
        distant = own.model_copy(update={"database_url": proxy.url(own.database_url)})
        told, _ = run_under(
            settings,
            folder,
            PeakMemory,
            {**environment, "CASEGRAPH_DATABASE_URL": distant.database_url},
        )
        yield DistantRun(_figures(told, proxy.traffic), distant)


def _figures(told: Mapping[str, Any], traffic: Any) -> dict[str, Any]:
    """Take from a run's report and the proxy's counts what is asked for."""
    documents = told["documents"]["completed"]
    wait, latency = told["store_wait_seconds"], told["latency_seconds"]
    return {
        "documents": documents,
        "mode_at_the_end": told["mode"],
        "startup_seconds": told["startup_seconds"],
        "seconds": told["seconds"] - told["startup_seconds"],
        "documents_per_second": told["documents_per_second"],
        "wait_median_ms": wait["median"] * 1000,
        "wait_p95_ms": wait["p95"] * 1000,
        "latency_median_s": latency["median"],
        "latency_p95_s": latency["p95"],
        "transactions_per_document": (traffic.commits + traffic.rollbacks) / documents,
        "round_trips_per_document": traffic.round_trips / documents,
    }


def checkpoint_reads(settings: Settings, urls: ServiceUrls) -> dict[str, float]:
    """Read single checkpoints from both stores: milliseconds each, the median."""
    stores = assembly.open_stores(settings, urls)
    wanted = _some_keys(urls)
    fast, durable = stores.checkpoints.fast, stores.checkpoints.durable
    if fast is None:
        raise SystemExit("checkpoints are read from both stores: unset CASEGRAPH_ACCELERATION")
    return {
        "redis_read_ms": _median_ms(fast.get, wanted),
        "postgres_read_ms": _median_ms(durable.get, wanted),
    }


def _some_keys(urls: ServiceUrls) -> list[CheckpointKey]:
    with closing(psycopg2.connect(urls.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT content_id::text, stage, fingerprint FROM stage_results "
            "ORDER BY content_id, stage LIMIT %s",
            (READS,),
        )
        return [CheckpointKey(id_, StageName(stage), of) for id_, stage, of in cursor.fetchall()]


def _median_ms(
    read: Callable[[Sequence[CheckpointKey]], Mapping[CheckpointKey, Any]],
    wanted: Sequence[CheckpointKey],
) -> float:
    """Time reads one by one. Raises SystemExit where one finds nothing: that would be no read."""
    read(wanted[:1])  # opens the connection
    took = []
    for key in wanted:
        began = time.perf_counter()
        found = read([key])
        took.append(time.perf_counter() - began)
        if key not in found:
            raise SystemExit(f"{key} is not there")
    return statistics.median(took) * 1000
