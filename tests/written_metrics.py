"""Keeps what a run of the project "p" measures, where Ray's metrics are otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.metrics import Metric


@dataclass
class Written:
    """Stands where Ray's metrics are, and keeps what is written, by name and tags."""

    values: dict[tuple[str, ...], list[float]] = field(default_factory=lambda: defaultdict(list))

    def make(self, name: str, metric: Metric) -> _One:
        return _One(name, metric, self)

    def __call__(self, name: str, **tags: str) -> list[float]:
        return self.values[(name, *sorted(tags.values()))]


@dataclass
class _One:
    name: str
    metric: Metric
    written: Written

    def inc(self, value: float, tags: Mapping[str, str]) -> None:
        assert value > 0
        self._write(value, tags)

    def set(self, value: float, tags: Mapping[str, str]) -> None:
        self._write(value, tags)

    def observe(self, value: float, tags: Mapping[str, str]) -> None:
        self._write(value, tags)

    def _write(self, value: float, tags: Mapping[str, str]) -> None:
        assert set(tags) == {"project", *self.metric.tags}
        assert tags["project"] == "p"
        words = [word for key, word in tags.items() if key != "project"]
        self.written.values[(self.name, *sorted(words))].append(value)
