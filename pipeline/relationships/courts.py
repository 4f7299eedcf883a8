"""Patterns of verbs and their nouns: suits, and who stands for whom in them."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import LITIGATION
from pipeline.relationships.pattern import ACTORS, CASES, ORGS, PEOPLE, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    PATIENT,
    PERSON_ORG,
    SUIT,
    act,
    only,
    verb,
)

FILE = (
    "file bring lodge commence institute launch initiate pursue win lose settle start open seek "
    "maintain prosecute submit"
)

PLEADING = (
    "appear argue act sign speak file plead testify petition intercede submit move write lobby "
    "execute brief respond negotiate"
)

COUNSEL_AS = ("prep:as", only("counsel,attorney,lawyer,solicitor,barrister"))


COURTS: tuple[Pattern, ...] = (
    verb("sue", Says.SUED, "sue countersue counter-sue", ACTORS, ACTORS),
    verb(
        "take to court", Says.SUED, "take haul", ACTORS, ACTORS, requires=("prep:to", "only:court")
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
    act(
        "suit against",
        Says.SUED,
        LITIGATION - {"case", "charge"},
        ACTORS,
        ("poss",),
        ("prep:against",),
    ),
    act(
        "suit by", Says.SUED, LITIGATION - {"charge"}, ACTORS, ("prep:by,from",), ("prep:against",)
    ),
    act(
        "suit by so against",
        Says.SUED,
        LITIGATION - {"charge"},
        ACTORS,
        ("prep:by",),
        ("prep:by", "prep:against"),
    ),
    act(
        "defendant in suit by",
        Says.SUED,
        "defendant respondent",
        ACTORS,
        ("prep:in,to", only(LITIGATION), "clause", "agent"),
        ("holder",),
    ),
    act(
        "defendant in suit of",
        Says.SUED,
        "defendant respondent",
        ACTORS,
        ("prep:in,to", only(LITIGATION), "prep:by,of,from"),
        ("holder",),
    ),
    act(
        "suit filed against",
        Says.SUED,
        LITIGATION - {"case", "charge"},
        ACTORS,
        ("clause", "agent"),
        ("prep:against",),
    ),
    verb(
        "face suit",
        Says.SUED,
        "face defend",
        ACTORS,
        ACTORS,
        AGENT,
        subject=(*SUIT, "prep:from,by"),
    ),
    verb(
        "name as defendant",
        Says.SUED,
        "name join add implead",
        ACTORS,
        ACTORS,
        requires=("prep:as", only("defendant,respondent")),
    ),
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
