"""Near misses: pairs of names that a comparison brought together and that are not one thing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pipeline.registry.comparing import Comparison
from pipeline.registry.components import Edge
from pipeline.registry.decisions import Constraints


class Why(StrEnum):
    """Why two names that a comparison brought together are not in one entity."""

    UNSURE = "unsure"
    AMBIGUOUS = "ambiguous"
    APART = "apart"
    DECIDED = "decided"
    CROWDED = "crowded"
    TOLD = "told"


class NearMiss(NamedTuple):
    """A pair that stayed apart and might be one thing."""

    one: str
    other: str
    comparison: Comparison
    why: Why
    decision: int | None = None


def near_miss(edge: Edge, why: Why, constraints: Constraints) -> NearMiss:
    """Say why an edge joined nothing: a decision, if there is one that keeps it apart."""
    ban = constraints.ban(edge.one, edge.other)
    return NearMiss(*edge[:3], why if ban is None else Why.DECIDED, ban)
