"""Has the vectors computed that published chunks lack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from actors.actor_pools import ActorPools
from actors.pulse import RETRY_SECONDS, Pulse
from pipeline.errors import TemporaryError


async def filled(pools: ActorPools, pulse: Pulse) -> AsyncIterator[bool]:
    """Go on until every chunk has one; say before each step, and after one that found no store,
    whether a model computes some.
    """
    while True:
        try:
            if await pools.fill_from_cache():
                return
            yield True
            if not await pools.fill_vectors():
                return
        except TemporaryError as error:
            pulse.no_answer(error)
            await asyncio.sleep(RETRY_SECONDS)
            yield False
        else:
            pulse.heard()
