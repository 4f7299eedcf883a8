"""The examples that projects use, in Redis before PostgreSQL: what every node has at hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pipeline import codec
from pipeline.errors import PermanentError, TemporaryError
from pipeline.llm.example_sets import ExampleSet, Task, shipped_set
from pipeline.stores import keys
from pipeline.stores.example_pins import ExamplePins
from pipeline.stores.redis_link import RedisLink


@dataclass(frozen=True)
class CachedExamples:
    """Pins whose sets Redis has too, for a while, each under the hash of what it says: so it has
    nothing that is out of date. Which of them a project uses, PostgreSQL says. While Redis is away
    PostgreSQL serves.
    """

    pins: ExamplePins
    link: RedisLink
    ttl_seconds: int

    def used(self, project: str, domain: str, task: Task) -> ExampleSet:
        """See `UsedExamples`."""
        return self.set_of(project, domain, task, self.pins.hash_of(project, domain, task))

    def set_of(self, project: str, domain: str, task: Task, hash_: str) -> ExampleSet:
        """See `UsedExamples`."""
        shipped = shipped_set(domain, task)
        if hash_ == shipped.hash:
            return shipped
        key, value = keys.examples(domain, task.value), None
        with suppress(TemporaryError), self.link.answering() as client:
            value = client.hget(key, hash_)
        if value is not None:
            with suppress(PermanentError):
                known = codec.decode(ExampleSet, value)
                if known.hash == hash_:
                    return known
        known = self.pins.set_of(project, domain, task, hash_)
        with (
            suppress(TemporaryError),
            self.link.answering() as client,
            client.pipeline(transaction=True) as pipe,
        ):
            pipe.hset(key, hash_, codec.encode(known))
            pipe.expire(key, self.ttl_seconds)
            pipe.execute()
        return known
