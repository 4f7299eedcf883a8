"""One process's way to Redis: a client, and a circuit breaker around each use of it.

While Redis is away, hangs, is slow, or could lose what it is given, it is left alone, and asked
again now and then. Whoever is told so by a RedisAwayError goes on with PostgreSQL alone. No two
processes need to agree: where a checkpoint is, `put` says.
"""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pybreaker
import redis

from pipeline.errors import RedisAwayError, UnavailableError
from pipeline.stores.redis_connection import (
    ANSWER_SECONDS,
    answering,
    check_server,
    client_of,
    masked,
    memory_limit,
    trouble_of,
)

FAILURES = 2
PROBE_SECONDS, LONGEST_PROBE_SECONDS = 2.0, 30.0
SLOW_SECONDS = 1.0
UNPERSISTED_SHARE = 0.75

logger = logging.getLogger(__name__)


class _SlowError(Exception):
    """Tell the breaker, and nobody else, that an answer came too late."""


class RedisLink:
    """Redis as one process reaches it.

    The first use after each outage sees whether the server keeps what it is given: one that may
    drop unpersisted checkpoints counts as away. `probe_seconds` is how long Redis is left alone at
    first; each failed probe doubles it, up to half a minute.
    """

    def __init__(
        self,
        url: str,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        # redis-py's types allow for decoded answers, which `client_of` excludes.
        self.client: Any = client_of(url, answer_seconds)
        self.answer_seconds = answer_seconds
        self.room = 0
        self.memory = 0
        self._name = masked(url)
        self._checked = False
        self._trouble = ""
        self._probe_seconds = probe_seconds
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES,
            reset_timeout=probe_seconds,
            exclude=[_is_no_outage],
            listeners=[_Patience(self)],
            throw_new_error_on_trip=False,
        )

    @property
    def trouble(self) -> str:
        """Say why Redis is not used at this moment; empty while it is."""
        return self._trouble

    @contextmanager
    def answering(self, waiting_seconds: float = 0.0) -> Iterator[Any]:
        """Give the client for one exchange, which may be meant to wait for so long.

        Raises RedisAwayError while Redis is left alone, does not answer, is full or refuses.
        """
        try:
            with answering(), self._breaker.calling():
                self._check()
                began = time.monotonic()
                yield self.client
                if time.monotonic() - began - waiting_seconds > SLOW_SECONDS:
                    raise _SlowError  # noqa: TRY301 - the breaker has to see it
        except pybreaker.CircuitBreakerError as error:
            raise RedisAwayError(self._trouble) from error
        except _SlowError:
            self._trouble = f"answers take over {SLOW_SECONDS:g} s"
        except UnavailableError as error:
            self._fail(str(error))
            raise RedisAwayError(str(error)) from error
        except RedisAwayError as error:
            if not isinstance(error.__cause__, redis.exceptions.OutOfMemoryError):
                self._fail(str(error))
            raise
        else:
            self._trouble = ""

    def _check(self) -> None:
        """See once, and again after each outage, whether this server will do."""
        if self._checked:
            return
        check_server(self.client)
        self.memory = memory_limit(self.client)
        self.room = int(self.memory * UNPERSISTED_SHARE)
        self._checked = True

    def _fail(self, why: str) -> None:
        self._trouble = why
        self._checked = False

    def reason(self, error: BaseException) -> None:
        """Keep why an exchange failed, before the breaker says that it opens."""
        self._fail(trouble_of(error) or str(error))

    def doubt(self) -> None:
        """See again at the next use whether the server will do: it may be another one by then."""
        self._checked = False

    def wait_longer(self) -> None:
        """Leave Redis alone for longer after a probe that failed."""
        doubled = self._breaker.reset_timeout * 2
        self._breaker.reset_timeout = min(doubled, LONGEST_PROBE_SECONDS)

    def wait_as_at_first(self) -> None:
        """Forget how long Redis was away."""
        self._breaker.reset_timeout = self._probe_seconds

    def tell(self, open_: bool) -> None:
        """Write into the log what mode this process is in, and why."""
        if open_:
            logger.warning("database mode: %s at %s", self._trouble or "Redis is away", self._name)
        else:
            logger.warning("accelerated mode: Redis answers at %s", self._name)


class _Patience(pybreaker.CircuitBreakerListener):
    """Hears when the breaker opens and closes. It does not keep its link alive: a link that nobody
    holds any more closes its connections at once.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link: RedisLink = weakref.proxy(link)

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        """Adapt how long Redis is left alone, and log a change of mode."""
        old, new = (state.name if state else "" for state in (old_state, new_state))
        if new == pybreaker.STATE_OPEN:
            self._link.doubt()
        if new == pybreaker.STATE_CLOSED:
            self._link.wait_as_at_first()
            self._link.tell(open_=False)
        elif new == pybreaker.STATE_OPEN and old == pybreaker.STATE_HALF_OPEN:
            self._link.wait_longer()
        elif new == pybreaker.STATE_OPEN:
            self._link.tell(open_=True)

    def failure(self, cb: Any, exc: BaseException) -> None:
        """Keep the reason before the change of state is told."""
        if not isinstance(exc, _SlowError):
            self._link.reason(exc)


def _is_no_outage(error: BaseException) -> bool:
    """Say whether Redis serves, if only to say that a command is wrong, or that it is full."""
    return not (isinstance(error, UnavailableError | _SlowError) or trouble_of(error))
