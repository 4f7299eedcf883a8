"""The live state of a project read from Redis, by any process on any node."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel

from pipeline.documents import MentionType
from pipeline.errors import RedisAwayError
from pipeline.registry.live import (
    PATTERNS_SHOWN,
    Canonical,
    Context,
    Extraction,
    LiveState,
    Neighbour,
    Neighbours,
    Pattern,
    Recent,
    most_frequent,
)
from pipeline.stores import keys
from pipeline.stores.redis_connection import value_at
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_registry import read_value
from pipeline.stores.redis_values import script

Model = TypeVar("Model", bound=BaseModel)


class RedisLiveState:
    """The copies of one project. None where they are not there, or Redis is away."""

    def __init__(self, link: RedisLink, project: str) -> None:
        self._link = link
        self._project = project
        self._entities: Any = link.client.register_script(script("live_entities"))

    def canonicals(self, ids: Collection[str]) -> Mapping[str, Canonical] | None:
        """Give the entities that have these ids, or these names."""
        return self._led(keys.canonicals(self._project), Canonical, ids)

    def neighbours(self, id_: str) -> Sequence[Neighbour] | None:
        """Give the strongest neighbours of an entity, by its id or that of one of its names."""
        found = self._led(keys.graph(self._project), Neighbours, [id_])
        return None if found is None else found[id_].strongest if id_ in found else ()

    def patterns(self, type_: str) -> Sequence[Pattern] | None:
        """Give the ways in which most names of a type are written."""
        if type_ not in set(MentionType):
            return ()
        with suppress(RedisAwayError), self._link.answering() as client:
            fields = client.hgetall(keys.patterns(self._project, type_))
            if fields.pop(b"@stamp", None) is not None:
                counts = {name.decode(): int(number) for name, number in fields.items()}
                return most_frequent(counts, PATTERNS_SHOWN)
        return None

    def recent(self) -> Sequence[Extraction] | None:
        """Give the last extractions, newest first."""
        found = self._value(keys.recent(self._project), Recent)
        return None if found is None else found.extractions

    def context(self) -> Context | None:
        """Sum up the project."""
        return self._value(keys.project_context(self._project), Context)

    def _led(self, key: str, model: type[Model], ids: Collection[str]) -> dict[str, Model] | None:
        """Read the fields of a hash that ids lead to."""
        asked = list(dict.fromkeys(ids))
        try:
            with self._link.answering():
                values = self._entities(keys=[keys.names(self._project), key], args=asked)
        except RedisAwayError:
            return None
        if values is None:
            return None
        found: dict[str, Model] = {}
        for id_, value in zip(asked, values, strict=True):
            if value is not None:
                one = read_value(model, value)
                if one is None:  # of another version
                    return None
                found[id_] = one
        return found

    def _value(self, key: str, model: type[Model]) -> Model | None:
        """Read one value."""
        with suppress(RedisAwayError), self._link.answering() as client:
            value = value_at(client, key)
            return None if value is None else read_value(model, value)
        return None


class FallingBackLiveState:
    """Asks Redis, and PostgreSQL what Redis cannot tell."""

    def __init__(self, fast: LiveState, sure: LiveState) -> None:
        self._fast = fast
        self._sure = sure

    def canonicals(self, ids: Collection[str]) -> Mapping[str, Canonical] | None:
        """Give the entities that have these ids, or these names."""
        found = self._fast.canonicals(ids)
        return self._sure.canonicals(ids) if found is None else found

    def neighbours(self, id_: str) -> Sequence[Neighbour] | None:
        """Give the strongest neighbours of an entity, by its id or that of one of its names."""
        found = self._fast.neighbours(id_)
        return self._sure.neighbours(id_) if found is None else found

    def patterns(self, type_: str) -> Sequence[Pattern] | None:
        """Give the ways in which most names of a type are written."""
        found = self._fast.patterns(type_)
        return self._sure.patterns(type_) if found is None else found

    def recent(self) -> Sequence[Extraction] | None:
        """Give the last extractions, newest first."""
        found = self._fast.recent()
        return self._sure.recent() if found is None else found

    def context(self) -> Context | None:
        """Sum up the project."""
        found = self._fast.context()
        return self._sure.context() if found is None else found
