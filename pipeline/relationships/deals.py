"""Patterns of verbs and their nouns: agreements, who signs them and who is bound."""

from __future__ import annotations

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import AGREEMENTS
from pipeline.relationships.pattern import ACTORS, ORGS, PEOPLE, TREATIES, Pattern
from pipeline.relationships.phrasing import (
    DEAL,
    INTO_DEAL,
    PATIENT,
    PERSON_ORG,
    act,
    beside,
    verb,
)

LAWS = frozenset({Type.LAW})

SIGNING = "sign conclude ink execute"

MAKING = (
    f"{SIGNING} reach strike have finalize finalise make forge renew announce agree close cut "
    "clinch seal land"
)


def _is_agreement(_: Mention, law: Mention) -> bool:
    """Say whether a law is an agreement by its name: "the Lease", not "the Clean Water Act"."""
    return law.text.lower().split()[-1] in AGREEMENTS


DEALS: tuple[Pattern, ...] = (
    verb(
        "sign",
        Says.SIGNED,
        f"{SIGNING} ratify co-sign cosign initial countersign",
        ACTORS,
        TREATIES,
    ),
    verb("sign with", Says.SIGNED, MAKING, ACTORS, ACTORS, (*DEAL, "phrase:with")),
    verb("sign deal with", Says.SIGNED, MAKING, ACTORS, ACTORS, ("prep:with",), requires=DEAL),
    verb("sign treaty of", Says.SIGNED, SIGNING, ACTORS, TREATIES, (*DEAL, "prep:of")),
    verb(
        "sign on",
        Says.SIGNED,
        "sign re-sign",
        PEOPLE,
        ORGS,
        ("objectless", "prep:with,to,for"),
        0.7,
    ),
    verb("sign whom", Says.SIGNED, "sign re-sign", ORGS, PEOPLE, score=0.7),
    verb("contract with", Says.SIGNED, "contract", ORGS, PERSON_ORG, ("prep:with",), 0.7),
    verb(
        "put signature to",
        Says.SIGNED,
        "put affix set add append place",
        ACTORS,
        TREATIES,
        ("phrase:to,on",),
        requires=("patient", "only:signature,seal"),
    ),
    verb(
        "put signature so to",
        Says.SIGNED,
        "put affix set add append place",
        ACTORS,
        TREATIES,
        ("patient", "only:signature,seal", "prep:to,on"),
    ),
    act(
        "its signing of",
        Says.SIGNED,
        "signing signature ratification",
        ACTORS,
        ("poss",),
        ("prep:of",),
        object_types=TREATIES,
    ),
    act(
        "signing of by",
        Says.SIGNED,
        "signing signature ratification",
        ACTORS,
        ("phrase:by",),
        ("prep:of",),
        object_types=TREATIES,
    ),
    verb(
        "signing of",
        Says.SIGNED,
        "sign ratify",
        ACTORS,
        TREATIES,
        ("prep:of",),
        subject=("poss",),
    ),
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
    verb(
        "come to deal with",
        Says.SIGNED,
        "come agree",
        ACTORS,
        ACTORS,
        ("prep:to,on", DEAL[1], "phrase:with"),
    ),
    verb(
        "came to deal with",
        Says.SIGNED,
        "come agree",
        ACTORS,
        ACTORS,
        ("prep:with",),
        requires=("prep:to,on", DEAL[1]),
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
    verb("enter into", Says.PARTY_TO, "enter", ACTORS, TREATIES, ("prep:into",)),
    verb("accede to", Says.PARTY_TO, "accede adhere", ACTORS, TREATIES, ("prep:to",)),
    verb("join treaty", Says.PARTY_TO, "join rejoin leave exit", ACTORS, LAWS, score=0.7),
    verb("leave treaty", Says.PARTY_TO, "withdraw", ACTORS, LAWS, ("prep:from",), 0.7),
    verb(
        "breach",
        Says.PARTY_TO,
        "breach terminate rescind renew extend amend perform honor violate repudiate",
        ACTORS,
        LAWS,
        score=0.7,
        also=_is_agreement,
    ),
    verb("bound by", Says.PARTY_TO, "bind", ACTORS, LAWS, ("agent",), 0.7, subject=PATIENT),
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
        LAWS,
        subject=("pobj",),
        object_=("before",),
        score=0.75,
    ),
    beside(
        "treaty with",
        Says.PARTY_TO,
        "with",
        ACTORS,
        LAWS,
        subject=("pobj",),
        object_=("before",),
        presupposed=False,
    ),
)
