"""Generations of stages: how a user forces a stage to run again. Pure, no I/O.

The settings' own plan knows no generation; a project's stored plan keeps them. A raised generation
changes the stage's fingerprint and digest, and with them those of all stages that read from it.
"""

from __future__ import annotations

from pipeline.documents import StageName
from pipeline.stage import Plan


def kept(plan: Plan, stored: Plan) -> Plan:
    """Give a plan the generations of the stored one, so that what was forced is not undone."""
    return Plan(
        identities=tuple(
            mine.model_copy(update={"generation": stored.identity_of(mine.stage).generation})
            for mine in plan.identities
        )
    )


def raised(plan: Plan, first: StageName) -> Plan:
    """Raise the generation of one stage: it and all that follow get fingerprints never used."""
    return Plan(
        identities=tuple(
            mine.model_copy(update={"generation": mine.generation + 1})
            if mine.stage == first
            else mine
            for mine in plan.identities
        )
    )
