"""Patterns of verbs and their nouns: firms bought, owned and founded."""

from __future__ import annotations

from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.pattern import ACTORS, ORGS, PEOPLE, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    FIRMS,
    PATIENT,
    PERSON_ORG,
    SHARE,
    act,
    only,
    verb,
)

BUYING = "acquisition takeover purchase buyout"


FIRM_DEALS: tuple[Pattern, ...] = (
    verb("acquire", Says.ACQUIRED, "acquire purchase buy", ACTORS, FIRMS),
    verb("snap up", Says.ACQUIRED, "snap gobble swallow", ACTORS, FIRMS, requires=("particle:up",)),
    verb(
        "acquire share",
        Says.ACQUIRED,
        "acquire purchase buy take",
        ACTORS,
        FIRMS,
        (*SHARE, "prep:of,in"),
        0.7,
    ),
    verb("take over", Says.ACQUIRED, "take", ORGS, ORGS, requires=("particle:over",)),
    verb(
        "take control",
        Says.ACQUIRED,
        "take acquire gain obtain",
        PERSON_ORG,
        ORGS,
        ("patient", "only:control,ownership", "prep:of"),
        0.7,
    ),
    verb("sold to", Says.ACQUIRED, "sell divest", ACTORS, FIRMS, PATIENT, subject=("prep:to",)),
    verb("sold whom", Says.ACQUIRED, "sell", ACTORS, FIRMS, PATIENT, subject=("dative",)),
    verb(
        "merged into",
        Says.ACQUIRED,
        "merge absorb fold",
        ORGS,
        ORGS,
        PATIENT,
        subject=("prep:into",),
        score=0.7,
    ),
    verb(
        "merges into", Says.ACQUIRED, "merge", ORGS, ORGS, AGENT, subject=("prep:into",), score=0.7
    ),
    verb("merge with", Says.ACQUIRED, "merge", ORGS, ORGS, ("prep:with",), 0.7),
    verb("absorb", Says.ACQUIRED, "absorb", ORGS, ORGS, score=0.7),
    verb(
        "complete acquisition",
        Says.ACQUIRED,
        "complete close finalize finalise consummate",
        ACTORS,
        FIRMS,
        ("patient", only("acquisition,takeover,purchase,buyout"), "prep:of"),
    ),
    act("acquisition of", Says.ACQUIRED, BUYING, ORGS, ("poss",), ("prep:of",)),
    act(
        "acquisition of share",
        Says.ACQUIRED,
        BUYING,
        ORGS,
        ("poss",),
        ("prep:of", SHARE[1], "prep:in,of"),
    ),
    act("acquisition by", Says.ACQUIRED, BUYING, ORGS, ("prep:by",), ("prep:of",)),
    act("its acquisition by", Says.ACQUIRED, BUYING, ORGS, ("prep:by",), ("poss",)),
    act("sale to", Says.ACQUIRED, "sale", ACTORS, ("prep:to",), ("prep:of",), object_types=FIRMS),
    act(
        "its sale to", Says.ACQUIRED, "sale", PERSON_ORG, ("prep:to",), ("poss",), object_types=ORGS
    ),
    act("merger with", Says.ACQUIRED, "merger", ORGS, ("poss",), ("prep:with",), 0.65),
    act(
        "merger of",
        Says.ACQUIRED,
        "merger",
        ORGS,
        ("prep:of,between",),
        ("only:none",),
        0.65,
        symmetric=True,
    ),
    verb("own", Says.OWNS, "own", ACTORS, FIRMS),
    verb("control", Says.OWNS, "control", PERSON_ORG, ORGS, score=0.65),
    verb(
        "own share",
        Says.OWNS,
        "own hold have control retain",
        ACTORS,
        FIRMS,
        (*SHARE, "chain:of,in"),
        0.75,
    ),
    verb(
        "belong to", Says.OWNS, "belong", PERSON_ORG, FIRMS, AGENT, subject=("prep:to",), score=0.75
    ),
    verb("found", Says.FOUNDED, "found co-found cofound", PERSON_ORG, FIRMS | {Type.GPE}),
    verb(
        "establish",
        Says.FOUNDED,
        "establish create start launch incorporate",
        PEOPLE,
        ORGS,
        score=0.7,
    ),
    verb("set up", Says.FOUNDED, "set start", PEOPLE, FIRMS, score=0.7, requires=("particle:up",)),
)
