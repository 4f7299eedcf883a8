"""The Grafana dashboard shows what is measured, all of it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.metrics import METRICS, Kind

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "casegraph.json"
METRIC = re.compile(r"ray_(casegraph_\w+)(?:\{([^}]*)\})?")
BY = re.compile(r"by \(([^)]*)\)")


def panels() -> list[dict[str, Any]]:
    board = json.loads(DASHBOARD.read_text())
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str, str]]:
    """Give (expression, metric, what it is selected by) of all panels."""
    for panel in panels():
        for target in panel["targets"]:
            for found in METRIC.finditer(target["expr"]):
                yield target["expr"], found.group(1), found.group(2) or ""


def known(name: str) -> str:
    """Give the metric of whose buckets a name is."""
    base = name.removesuffix("_bucket")
    return base if base in METRICS else name


def test_what_it_queries_is_measured_and_what_is_measured_is_shown() -> None:
    assert {known(name) for _, name, _ in queries()} == set(METRICS)


def test_queries_fit_the_kind_of_their_metric_and_its_tags() -> None:
    for expression, name, selected in queries():
        metric = METRICS[known(name)]
        tags = {"project", *metric.tags}
        assert set(re.findall(r"(\w+)=", selected)) <= tags, expression
        assert 'project="$project"' in selected, expression
        by = {word.strip() for group in BY.findall(expression) for word in group.split(",")}
        assert by <= {*tags, "le"}, expression
        assert name.endswith("_bucket") == (metric.kind is Kind.HISTOGRAM), expression
        # A counter is first heard of at what it counted first, which is no increase.
        assert "increase(" not in expression, expression
        is_counted = "rate(" in expression or "max_over_time(" in expression
        assert is_counted == (metric.kind is not Kind.GAUGE), expression


def test_panels_have_a_place_of_their_own() -> None:
    board = json.loads(DASHBOARD.read_text())
    places = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert all(x < 24 for x, _ in places)
