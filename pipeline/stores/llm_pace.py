"""How fast all processes together ask a language model: requests and tokens of the last minute.

They are counted in Redis. While that is away each process counts its own alone, so that together
they may ask faster than they should; the endpoint then says so, and is asked again later.
"""

from __future__ import annotations

from contextlib import suppress

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from pipeline.errors import RedisAwayError
from pipeline.identity import sha256_hex
from pipeline.llm.settings import LlmSettings
from pipeline.stores import keys
from pipeline.stores.redis_link import RedisLink

HASH_DIGITS = 16
BOUNDLESS = 1 << 50


class LlmPace:
    """The bounds of one endpoint and model. A minute slides: what is in it is known nearly, from
    two counters.
    """

    def __init__(self, endpoint: LlmSettings, link: RedisLink | None = None) -> None:
        self._requests = RateLimitItemPerMinute(
            endpoint.requests_per_minute or BOUNDLESS, namespace="requests"
        )
        self._tokens = RateLimitItemPerMinute(
            endpoint.tokens_per_minute or BOUNDLESS, namespace="tokens"
        )
        self._whose = sha256_hex(endpoint.base_url, endpoint.model)[:HASH_DIGITS]
        self._link = link
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = self._own
        if link is not None:
            pool = link.client.connection_pool
            self._shared = SlidingWindowCounterRateLimiter(
                RedisStorage("redis://", connection_pool=pool, key_prefix=keys.PACE)
            )

    def take(self, tokens: int) -> bool:
        """Take a turn for a question with so many tokens, if there is one now. One that has more
        than all tokens of a minute takes these.
        """
        if self._link is not None:
            with suppress(RedisAwayError), self._link.answering():
                return self._take(self._shared, tokens)
        return self._take(self._own, tokens)

    def correct(self, taken: int, used: int) -> None:
        """Count what a turn for so many tokens has used instead."""
        # No more is given back than was taken: else a small bound would be none.
        tokens = used - min(taken, self._tokens.amount)
        if self._link is not None:
            with suppress(RedisAwayError), self._link.answering():
                self._count(self._shared, tokens)
                return
        self._count(self._own, tokens)

    def _take(self, of: SlidingWindowCounterRateLimiter, tokens: int) -> bool:
        """Take tokens first, and give them back if there is no turn for the request."""
        cost = min(tokens, self._tokens.amount)
        if not self._count(of, cost):
            return False
        if of.hit(self._requests, self._whose):
            return True
        self._count(of, -cost)
        return False

    def _count(self, of: SlidingWindowCounterRateLimiter, tokens: int) -> bool:
        return of.hit(self._tokens, self._whose, cost=tokens)
