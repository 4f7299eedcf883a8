"""Patterns of verbs and their nouns: agreements, who signs them and who is bound."""

from __future__ import annotations

from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import AGREEMENTS
from pipeline.relationships.pattern import ACTORS, ORGS, PEOPLE, TREATIES, Pattern
from pipeline.relationships.phrasing import (
    DEAL,
    INTO_DEAL,
    act,
    beside,
    verb,
)

SIGNING = "sign conclude ink execute"

MAKING = f"{SIGNING} reach strike have finalize finalise make forge negotiate renew announce agree"


DEALS: tuple[Pattern, ...] = (
    verb(
        "sign",
        Says.SIGNED,
        f"{SIGNING} ratify co-sign cosign initial countersign",
        ACTORS,
        TREATIES,
    ),
    verb("sign with", Says.SIGNED, MAKING, ACTORS, ACTORS, (*DEAL, "prep:with")),
    verb("sign deal with", Says.SIGNED, MAKING, ACTORS, ACTORS, ("prep:with",), requires=DEAL),
    verb(
        "sign together",
        Says.SIGNED,
        f"{SIGNING} reach strike forge",
        ACTORS,
        ACTORS,
        ("only:none",),
        requires=(*DEAL, "bare"),
        symmetric=True,
    ),
    verb(
        "enter into together",
        Says.SIGNED,
        "enter",
        ACTORS,
        ACTORS,
        ("only:none",),
        requires=(*INTO_DEAL, "bare"),
        symmetric=True,
    ),
    verb(
        "signed between",
        Says.SIGNED,
        f"{SIGNING} reach strike make",
        ACTORS,
        ACTORS,
        ("only:none",),
        subject=("prep:between",),
        requires=DEAL,
        symmetric=True,
    ),
    verb("sign treaty of", Says.SIGNED, SIGNING, ACTORS, TREATIES, (*DEAL, "prep:of")),
    verb("sign on", Says.SIGNED, "sign", PEOPLE, ORGS, ("prep:with,to",), 0.7),
    verb("enter into with", Says.SIGNED, "enter", ACTORS, ACTORS, (*INTO_DEAL, "prep:with")),
    verb(
        "enter into deal with",
        Says.SIGNED,
        "enter",
        ACTORS,
        ACTORS,
        ("prep:with",),
        requires=INTO_DEAL,
    ),
    verb("award deal", Says.SIGNED, "award", ACTORS, ACTORS, ("dative",), 0.7, requires=DEAL),
    verb("award deal to", Says.SIGNED, "award", ACTORS, ACTORS, ("prep:to",), 0.7, requires=DEAL),
    verb(
        "was awarded deal",
        Says.SIGNED,
        "award",
        ACTORS,
        ACTORS,
        ("prep:by",),
        0.7,
        subject=("subject",),
        requires=("dobj", DEAL[1]),
    ),
    verb(
        "win deal from",
        Says.SIGNED,
        "win receive secure",
        ACTORS,
        ACTORS,
        (*DEAL, "prep:from"),
        0.7,
    ),
    act(
        "deal with",
        Says.SIGNED,
        AGREEMENTS - {"alliance", "settlement", "partnership"},
        ACTORS,
        ("poss",),
        ("prep:with",),
        0.65,
    ),
    act(
        "deal between",
        Says.SIGNED,
        AGREEMENTS - {"alliance", "partnership"},
        ACTORS,
        ("prep:between",),
        ("only:none",),
        0.65,
        symmetric=True,
    ),
    verb("enter into", Says.PARTY_TO, "enter", ACTORS, TREATIES, ("prep:into",)),
    verb("accede to", Says.PARTY_TO, "accede adhere", ACTORS, TREATIES, ("prep:to",)),
    verb(
        "enter into with another",
        Says.PARTY_TO,
        "enter",
        ACTORS,
        TREATIES,
        ("prep:into",),
        subject=("prep:with",),
    ),
    verb(
        "made between",
        Says.PARTY_TO,
        "make enter date conclude sign execute",
        ACTORS,
        TREATIES,
        ("subject",),
        subject=("prep:between,among",),
    ),
    beside(
        "treaty between",
        Says.PARTY_TO,
        "between among",
        ACTORS,
        frozenset({Type.LAW}),
        subject=("pobj",),
        object_=("before",),
        score=0.75,
    ),
)
