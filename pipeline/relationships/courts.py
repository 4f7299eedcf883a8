"""Patterns of verbs and their nouns: suits, and who stands for whom in them."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import LITIGATION
from pipeline.relationships.pattern import ACTORS, CASES, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    SUIT,
    act,
    only,
    verb,
)

FILE = (
    "file bring lodge commence institute launch initiate pursue win lose settle start open seek "
    "maintain prosecute submit"
)

SUITS = LITIGATION - {"case", "charge", "action", "proceeding", "claim", "injunction"}

IN_SUIT = ("prep:in", only(SUITS))

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
    verb("accuse in suit", Says.SUED, "accuse name", ACTORS, ACTORS, requires=IN_SUIT),
    verb(
        "named in suit by",
        Says.SUED,
        "name accuse",
        ACTORS,
        ACTORS,
        subject=(*IN_SUIT, "clause", "agent"),
    ),
    verb(
        "named in suit from",
        Says.SUED,
        "name",
        ACTORS,
        ACTORS,
        subject=(*IN_SUIT, "phrase:by,from"),
    ),
    verb("named in its suit", Says.SUED, "name", ACTORS, ACTORS, subject=(*IN_SUIT, "poss")),
    verb(
        "defendant in its suit",
        Says.SUED,
        "name",
        ACTORS,
        ACTORS,
        subject=("prep:as", "only:defendant,respondent", IN_SUIT[0], IN_SUIT[1], "poss"),
    ),
    verb(
        "suit accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "clause", "agent"),
    ),
    verb(
        "its suit accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "poss"),
    ),
    verb(
        "suit by so accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "phrase:by,from"),
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
        "suit by",
        Says.SUED,
        LITIGATION - {"charge"},
        ACTORS,
        ("phrase:by,from",),
        ("phrase:against",),
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
        ("phrase:against",),
    ),
    act(
        "suit against so filed by",
        Says.SUED,
        SUITS,
        ACTORS,
        ("prep:against", "clause", only(FILE.replace(" ", ",")), "agent"),
        ("prep:against",),
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
    act(
        "target of suit",
        Says.SUED,
        "target subject",
        ACTORS,
        ("prep:of", only(SUITS), "phrase:by,from"),
        ("holder",),
    ),
    act(
        "plaintiff in suit against",
        Says.SUED,
        "plaintiff petitioner claimant complainant",
        ACTORS,
        ("holder",),
        ("prep:in", only(LITIGATION), "phrase:against"),
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
