"""Patterns of verbs: who stands for whom in court, and in business."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.pattern import ACTORS, ORGS, PEOPLE, Pattern
from pipeline.relationships.phrasing import AGENT, PATIENT, PERSON_ORG, only, verb

PLEADING = (
    "appear argue act sign speak file plead testify petition intercede submit move write lobby "
    "execute brief respond negotiate"
)

COUNSEL_AS = ("prep:as", only("counsel,attorney,lawyer,solicitor,barrister"))

COUNSEL_VERBS: tuple[Pattern, ...] = (
    verb("represent", Says.REPRESENTS, "represent defend", PERSON_ORG, PERSON_ORG),
    verb("advise", Says.REPRESENTS, "advise counsel", ORGS, PERSON_ORG, score=0.65),
    verb(
        "appear for", Says.REPRESENTS, "appear argue act plead", PERSON_ORG, ACTORS, ("prep:for",)
    ),
    verb(
        "argue cause for",
        Says.REPRESENTS,
        "argue plead present",
        PEOPLE,
        ACTORS,
        ("patient", "only:cause,case,appeal,motion", "prep:for"),
    ),
    verb(
        "on behalf of",
        Says.REPRESENTS,
        PLEADING,
        PEOPLE,
        ACTORS,
        ("prep:on", "only:behalf", "prep:of"),
        0.75,
    ),
    verb(
        "on whose behalf",
        Says.REPRESENTS,
        PLEADING,
        PEOPLE,
        ACTORS,
        ("prep:on", "only:behalf", "poss"),
        0.75,
    ),
    verb(
        "on behalf after object",
        Says.REPRESENTS,
        PLEADING,
        PEOPLE,
        ACTORS,
        ("patient", "prep:on", "only:behalf", "prep:of"),
        0.75,
    ),
    verb(
        "retained",
        Says.REPRESENTS,
        "retain hire engage appoint",
        PERSON_ORG,
        PERSON_ORG,
        AGENT,
        subject=PATIENT,
        requires=COUNSEL_AS,
    ),
)
