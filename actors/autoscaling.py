"""Asks a cluster's autoscaler for what a run wants, for as long as it works.

Actors of a run ask Ray for no core, so that the system shares cores between them; and so no
autoscaler would start a node for them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.topology import Ask

logger = logging.getLogger(__name__)


def bundles_of(ask: Ask, cores: int | None) -> list[dict[str, float]]:
    """List what a cluster should have at least: so many cores, where they are said, and for what
    computes on a GPU as many as a person wants actors for, one without that.
    """
    gpus = sum(
        math.ceil(ask.actors.get(stage, 1) / ask.actors_per_gpu) for stage in sorted(ask.on_gpu)
    )
    return [{"CPU": 1.0}] * (cores or 0) + [{"GPU": 1.0}] * gpus


@contextmanager
def requested(ask: Ask, cores: int | None, is_there: Callable[[], bool]) -> Iterator[None]:
    """Have the cluster that was joined grow to what is wanted within the block, and take that back
    at its end if it `is_there` still. What it has is left as it is where nothing is wanted.

    A cluster has one such request: a later run's takes the place of this one.
    """
    from ray.autoscaler.sdk import request_resources
    from ray.exceptions import RayError

    wanted = bundles_of(ask, cores)
    if not wanted:
        yield
        return
    request_resources(bundles=wanted)
    logger.info("asked the autoscaler for %d cores and GPUs", len(wanted))
    try:
        yield
    finally:
        # Ray waits for a cluster that is gone for a minute, and then ends this process.
        if is_there():
            try:
                request_resources(bundles=[])
            except RayError as error:
                logger.warning("the autoscaler keeps what this run has asked for: %s", error)
