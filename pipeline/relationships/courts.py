"""Patterns of verbs and their nouns: suits, and who stands for whom in them."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import LITIGATION
from pipeline.relationships.pattern import ACTORS, CASES, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    SUIT,
    only,
    verb,
)

FILE = (
    "file bring lodge commence institute launch initiate pursue win lose settle start open seek "
    "maintain prosecute submit"
)

DEFENDING = "face defend fight answer contest"


COURTS: tuple[Pattern, ...] = (
    verb("sue", Says.SUED, "sue countersue counter-sue", ACTORS, ACTORS),
    verb(
        "take to court",
        Says.SUED,
        "take haul hale drag bring",
        ACTORS,
        ACTORS,
        requires=("prep:to,into,before", "only:court,tribunal"),
    ),
    verb(
        "pursue in court",
        Says.SUED,
        "pursue",
        ACTORS,
        ACTORS,
        requires=("prep:in,through", "only:court"),
    ),
    verb(
        "take legal action against",
        Says.SUED,
        "take",
        ACTORS,
        ACTORS,
        ("phrase:against",),
        requires=("patient", "only:action,step", "modifier:legal,court"),
    ),
    verb(
        "take legal action so against",
        Says.SUED,
        "take",
        ACTORS,
        ACTORS,
        ("patient", "only:action,step", "prep:against"),
        requires=("patient", "modifier:legal,court"),
    ),
    verb(
        "seek damages from",
        Says.SUED,
        "seek claim",
        ACTORS,
        ACTORS,
        ("phrase:from,against",),
        0.65,
        requires=("patient", "only:damage,damages,injunction"),
    ),
    verb(
        "seek damages so from",
        Says.SUED,
        "seek claim",
        ACTORS,
        ACTORS,
        ("patient", "only:damage,damages,injunction", "phrase:from,against"),
        0.65,
    ),
    verb(
        "apply for injunction against",
        Says.SUED,
        "apply file move petition",
        ACTORS,
        ACTORS,
        ("prep:for", "only:injunction,damage,damages", "phrase:against"),
    ),
    verb(
        "filed for injunction against",
        Says.SUED,
        "apply file move petition",
        ACTORS,
        ACTORS,
        ("prep:against",),
        requires=("prep:for", "only:injunction,damage,damages"),
    ),
    verb(
        "go to court against",
        Says.SUED,
        "go",
        ACTORS,
        ACTORS,
        ("phrase:against",),
        requires=("prep:to", "only:court"),
    ),
    verb(
        "litigate against",
        Says.SUED,
        "litigate counterclaim cross-claim crossclaim",
        ACTORS,
        ACTORS,
        ("prep:against",),
    ),
    verb(
        "serve with suit",
        Says.SUED,
        "serve hit slap",
        ACTORS,
        ACTORS,
        requires=(
            "prep:with",
            only(LITIGATION - {"claim", "charge", "case"} | {"summons", "summon"}),
        ),
    ),
    verb(
        "win judgment against",
        Says.SUED,
        "obtain win secure get",
        ACTORS,
        ACTORS,
        ("patient", "only:judgment,judgement,verdict,injunction", "prep:against"),
    ),
    verb(
        "won judgment against",
        Says.SUED,
        "obtain win secure get",
        ACTORS,
        ACTORS,
        ("prep:against",),
        requires=("patient", "only:judgment,judgement,verdict,injunction"),
    ),
    verb("file suit against", Says.SUED, FILE, ACTORS, ACTORS, (*SUIT, "chain:against,for")),
    verb("file against", Says.SUED, FILE, ACTORS, ACTORS, ("prep:against",), requires=SUIT),
    verb(
        "drag into suit",
        Says.SUED,
        "file bring",
        ACTORS,
        ACTORS,
        ("agent", "prep:against"),
        subject=("prep:by",),
    ),
    verb(
        "face suit",
        Says.SUED,
        DEFENDING,
        ACTORS,
        ACTORS,
        AGENT,
        subject=(*SUIT, "prep:from,by"),
    ),
    verb(
        "face suit brought by",
        Says.SUED,
        f"{DEFENDING} settle lose win dismiss",
        ACTORS,
        ACTORS,
        AGENT,
        subject=(*SUIT, "clause", only(FILE.replace(" ", ",")), "agent"),
    ),
    verb(
        "name as defendant",
        Says.SUED,
        "name join add implead",
        ACTORS,
        ACTORS,
        requires=("prep:as", only("defendant,respondent")),
    ),
    verb(
        "party to case",
        Says.PARTY_TO,
        "testify intervene appeal prevail",
        ACTORS,
        CASES,
        ("prep:in",),
        0.6,
    ),
)
