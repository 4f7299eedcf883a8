"""Names everything that is measured of a run while it goes on, and writes it where Ray's agents
export it for Prometheus: with `ray_` before each name, on the port that each node has for it.

All of it is written by the coordinator, which hears of everything: so a number is there once,
however many processes there are, and does not go when one of them dies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""The upper bounds of the histograms' buckets."""


class Kind(StrEnum):
    """What a metric is to Prometheus. A counter only grows, a gauge is what was last said."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric: what it is, in words, and by what it is told apart. `project` is always there."""

    kind: Kind
    help: str
    tags: tuple[str, ...] = ()


METRICS: Mapping[str, Metric] = {
    "casegraph_documents": Metric(
        Kind.GAUGE,
        "Documents of the run: found, processed, completed, failed.",
        ("state",),
    ),
    "casegraph_contents_total": Metric(
        Kind.COUNTER,
        "Contents that came out of a stage's calls: made, reused (there was a checkpoint), failed, "
        "sent_back (an input was gone), in_ranges (of pages), lost (with their "
        "process).",
        ("stage", "outcome"),
    ),
    "casegraph_service_seconds": Metric(
        Kind.HISTOGRAM, "Seconds that a stage worked on a content.", ("stage",)
    ),
    "casegraph_queue_seconds": Metric(
        Kind.HISTOGRAM, "Seconds that a content waited until a call took it up.", ("stage",)
    ),
    "casegraph_store_wait_seconds": Metric(
        Kind.HISTOGRAM, "Seconds that a call waited for checkpoints.", ("stage",)
    ),
    "casegraph_slots": Metric(Kind.GAUGE, "Calls that a stage's actors can have.", ("stage",)),
    "casegraph_slots_used": Metric(Kind.GAUGE, "Calls that they have.", ("stage",)),
    "casegraph_oldest_call_seconds": Metric(
        Kind.GAUGE, "For how long a stage's oldest call has been under way.", ("stage",)
    ),
    "casegraph_ready": Metric(Kind.GAUGE, "Contents that wait for a stage.", ("stage",)),
    "casegraph_write_behind_entries": Metric(
        Kind.GAUGE, "Results that wait to be written to PostgreSQL."
    ),
    "casegraph_write_behind_bytes": Metric(Kind.GAUGE, "Bytes of results that only Redis has."),
    "casegraph_changes": Metric(Kind.GAUGE, "Changes of names that entities do not show yet."),
    "casegraph_cache_asked_total": Metric(
        Kind.COUNTER, "What a cache was asked for: checkpoint, embedding, answer.", ("cache",)
    ),
    "casegraph_cache_found_total": Metric(Kind.COUNTER, "What of that it had.", ("cache",)),
    "casegraph_without_redis": Metric(
        Kind.GAUGE, "Processes whose circuit breaker is open; by choice all of them count as one."
    ),
    "casegraph_mode_changes_total": Metric(
        Kind.COUNTER, "Changes to a mode: accelerated, database.", ("mode",)
    ),
    "casegraph_stalled_seconds": Metric(
        Kind.GAUGE,
        "For how long nothing has moved, at the stage that is stuck; 0 while all goes on.",
        ("stage",),
    ),
    "casegraph_llm_tokens_total": Metric(
        Kind.COUNTER, "Tokens of language models: in, cached (a part of in), out.", ("kind",)
    ),
    "casegraph_llm_dollars_total": Metric(Kind.COUNTER, "What they cost, in US dollars."),
    "casegraph_llm_calls_total": Metric(
        Kind.COUNTER, "Questions to language models: answered, failed, lost.", ("outcome",)
    ),
}

Make = Callable[[str, Metric], Any]


def on_ray(name: str, metric: Metric) -> Any:
    """Make a metric that Ray exports. Some microseconds a call."""
    from ray.util import metrics

    tags = ("project", *metric.tags)
    if metric.kind is Kind.COUNTER:
        return metrics.Counter(name, description=metric.help, tag_keys=tags)
    if metric.kind is Kind.GAUGE:
        return metrics.Gauge(name, description=metric.help, tag_keys=tags)
    return metrics.Histogram(name, description=metric.help, boundaries=list(SECONDS), tag_keys=tags)


class Meters:
    """The metrics of one run of a project, by its name, which is what people know of it. `make`
    makes one when it is first written; without it nothing is measured: a run outside of Ray has
    nobody who would export it.
    """

    def __init__(self, project: str, make: Make | None = None) -> None:
        self._project = project
        self._make = make
        self._made: dict[str, Any] = {}
        self._last: dict[tuple[str, tuple[str, ...]], float] = {}

    def count(self, name: str, amount: float = 1, **tags: str) -> None:
        """Add to a counter."""
        if amount > 0 and (counter := self._of(name, Kind.COUNTER)):
            counter.inc(amount, tags={"project": self._project, **tags})

    def count_to(self, name: str, total: float, **tags: str) -> None:
        """Bring a counter up to a sum that is counted elsewhere."""
        key = name, tuple(tags.values())
        self.count(name, total - self._last.get(key, 0), **tags)
        self._last[key] = max(total, self._last.get(key, 0))

    def set(self, name: str, value: float, **tags: str) -> None:
        """Say what a gauge shows."""
        if gauge := self._of(name, Kind.GAUGE):
            gauge.set(value, tags={"project": self._project, **tags})

    def observe(self, name: str, value: float, **tags: str) -> None:
        """Add a value to a histogram."""
        if histogram := self._of(name, Kind.HISTOGRAM):
            histogram.observe(value, tags={"project": self._project, **tags})

    def _of(self, name: str, kind: Kind) -> Any:
        """Find a metric; None where nothing is measured. Raises KeyError for one without a name
        here, and ValueError for one of another kind.
        """
        metric = METRICS[name]
        if metric.kind is not kind:
            raise ValueError(f"{name} is a {metric.kind}")
        if self._make is not None and name not in self._made:
            self._made[name] = self._make(name, metric)
        return self._made.get(name)
