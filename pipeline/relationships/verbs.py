"""Patterns whose trigger is a verb, or a noun made of one ("lawsuit", "acquisition")."""

from __future__ import annotations

from typing import Any

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import GATHERING, SITE, territories, word_set
from pipeline.relationships.pattern import (
    ACTORS,
    BODIES,
    CASES,
    DATES,
    MONEY,
    ORGS,
    PEOPLE,
    PLACES,
    SITES,
    TREATIES,
    Pattern,
    Types,
)
from pipeline.relationships.walk import Path

VERB = frozenset({"VERB"})
BE = frozenset({"AUX", "VERB"})
NOUN = frozenset({"NOUN", "PROPN"})
PREPOSITION = frozenset({"ADP"})

PERSON_ORG: Types = PEOPLE | ORGS
FIRMS: Types = ORGS | {Type.FAC}
TARGETS: Types = ACTORS | PLACES

AGENT: Path = ("agent",)
PATIENT: Path = ("patient",)
SUIT: Path = ("patient", "only:lawsuit,suit,complaint,action,claim,petition,proceeding,charge")
DEAL: Path = (
    "patient",
    "only:agreement,treaty,contract,deal,accord,memorandum,pact,mou,convention,lease,settlement",
)
INTO_DEAL: Path = ("prep:into", DEAL[1])
TALKS: Path = ("patient", "only:talk,meeting,discussion,consultation,summit")
BLOW: Path = ("patient", "only:strike,airstrike,attack,raid,assault")
SHARE: Path = ("patient", "only:percent,stake,share,half,majority,interest,%")
BOARD: Path = ("patient", "only:board,council,committee,faculty,staff,team,ranks")


def _verb(
    rule: str,
    predicate: Says,
    lemmas: str,
    subject_types: Types,
    object_types: Types,
    object_: Path = PATIENT,
    score: float = 0.8,
    subject: Path = AGENT,
    **options: Any,
) -> Pattern:
    """Write a verb's pattern in a line."""
    return Pattern(
        rule, predicate, word_set(lemmas), VERB, subject, object_, subject_types, object_types,
        score, **options,
    )


def _act(
    rule: str,
    predicate: Says,
    lemmas: str,
    types: Types,
    subject: Path,
    object_: Path,
    score: float = 0.7,
    **options: Any,
) -> Pattern:
    """Write the pattern of a noun that names an act, in a line."""
    return Pattern(
        rule, predicate, word_set(lemmas), NOUN, subject, object_, types, types, score,
        presupposed=True, **options,
    )


def _stands_there(body: Mention, place: Mention) -> bool:
    """Doubt that what is no building is "in" a country ("it aired on ABC in the United States"),
    and that a gathering is anywhere for good.
    """
    if GATHERING.search(body.text):
        return False
    if body.type != Type.ORG or SITE.search(body.text):
        return True
    return place.text.lower() not in territories()[0]


def _beside(first: Mention, second: Mention) -> bool:
    """Say whether little more than a preposition stands between two mentions."""
    return 0 < second.start - first.end <= len(" from the ") + 2


FILE = "file bring lodge commence institute launch"
SUITS = "lawsuit suit complaint"
PAYING = "pay wire transfer remit contribute donate grant hand award give send"
STRIKING = (
    "attack bomb raid shell assault invade ambush assassinate bombard storm stab shoot kill fight"
)
BUYING = "acquisition takeover purchase"
BLOWS = "attack assault raid invasion bombing airstrike strike"
SIGNING = "sign conclude ink execute"

COURTS: tuple[Pattern, ...] = (
    _verb("sue", Says.SUED, "sue", ACTORS, ACTORS),
    _verb("file suit against", Says.SUED, FILE, ACTORS, ACTORS, (*SUIT, "prep:against")),
    _verb(
        "file against", Says.SUED, FILE, ACTORS, ACTORS, ("prep:against",), requires=SUIT
    ),
    _act("suit against", Says.SUED, SUITS, ACTORS, ("poss",), ("prep:against",)),
    _act("suit by", Says.SUED, SUITS, ACTORS, ("prep:by",), ("prep:against",)),
    _act("suit by so against", Says.SUED, SUITS, ACTORS, ("prep:by",),
         ("prep:by", "prep:against")),
    _verb("name as defendant", Says.SUED, "name", ACTORS, ACTORS,
          requires=("prep:as", "only:defendant,respondent")),
    _verb("represent", Says.REPRESENTS, "represent defend", PERSON_ORG, PERSON_ORG),
    _verb("appear for", Says.REPRESENTS, "appear", PERSON_ORG, ACTORS, ("prep:for",)),
    _verb(
        "retained", Says.REPRESENTS, "retain hire engage", PEOPLE, PERSON_ORG, AGENT,
        subject=PATIENT, requires=("prep:as", "only:counsel,attorney,lawyer,solicitor"),
    ),
    _verb("party to case", Says.PARTY_TO, "testify intervene", ACTORS, CASES, ("prep:in",), 0.6),
)

DEALS: tuple[Pattern, ...] = (
    _verb("sign", Says.SIGNED, f"{SIGNING} ratify co-sign cosign", ACTORS, TREATIES),
    _verb("sign with", Says.SIGNED, SIGNING, ACTORS, ACTORS, (*DEAL, "prep:with")),
    _verb("sign deal with", Says.SIGNED, SIGNING, ACTORS, ACTORS, ("prep:with",), requires=DEAL),
    _verb(
        "sign together", Says.SIGNED, SIGNING, ACTORS, ACTORS, ("only:none",),
        requires=(*DEAL, "bare"), symmetric=True,
    ),
    _verb("sign treaty of", Says.SIGNED, SIGNING, ACTORS, TREATIES, (*DEAL, "prep:of")),
    _verb("sign on", Says.SIGNED, "sign", PEOPLE, ORGS, ("prep:with,to",), 0.7),
    _verb("enter into with", Says.SIGNED, "enter", ACTORS, ACTORS, (*INTO_DEAL, "prep:with")),
    _verb("enter into", Says.PARTY_TO, "enter", ACTORS, TREATIES, ("prep:into",)),
    _verb(
        "enter into with another", Says.PARTY_TO, "enter", ACTORS, TREATIES, ("prep:into",),
        subject=("prep:with",),
    ),
    _verb(
        "made between", Says.PARTY_TO, "make enter date conclude sign", ACTORS, TREATIES,
        ("subject",), subject=("prep:between",),
    ),
    _verb("pay", Says.PAID, "pay reimburse compensate", ACTORS, ACTORS, ("dative",)),
    _verb("pay to", Says.PAID, "pay", ACTORS, ACTORS, ("prep:to",)),
    _verb("pay whom", Says.PAID, "pay reimburse compensate", ACTORS, ACTORS),
    _verb("pay sum", Says.PAID, PAYING, ACTORS, MONEY, score=0.75),
    _verb("fee of whom", Says.PAID, "pay", ACTORS, ACTORS,
          ("patient", "only:fee,salary,wage,tuition,rent,bill,bonus", "poss"), 0.7),
    _verb("fee paid", Says.PAID, "pay", ACTORS, MONEY, ("patient", "prep:of"), 0.7),
    _verb(
        "send money to", Says.PAID, PAYING, ACTORS, ACTORS, ("prep:to",), requires=PATIENT,
        requires_types=MONEY,
    ),
    _verb(
        "give money", Says.PAID, PAYING, ACTORS, ACTORS, ("dative",), requires=PATIENT,
        requires_types=MONEY,
    ),
    _verb(
        "receive money from", Says.PAID, "receive collect get accept", ACTORS, ACTORS, AGENT,
        subject=("prep:from",), requires=PATIENT, requires_types=MONEY,
    ),
    _verb(
        "money received", Says.PAID, "receive collect get accept", ACTORS, MONEY,
        subject=("prep:from",),
    ),
)

FIRM_DEALS: tuple[Pattern, ...] = (
    _verb("acquire", Says.ACQUIRED, "acquire purchase buy", ACTORS, FIRMS),
    _verb("acquire share", Says.ACQUIRED, "acquire purchase buy", ACTORS, FIRMS,
          (*SHARE, "prep:of,in"), 0.7),
    _verb("take over", Says.ACQUIRED, "take", ORGS, ORGS, requires=("particle:over",)),
    _verb("sold to", Says.ACQUIRED, "sell", ACTORS, FIRMS, PATIENT, subject=("prep:to",)),
    _verb("merged into", Says.ACQUIRED, "merge absorb", ORGS, ORGS, PATIENT,
          subject=("prep:into",), score=0.7),
    _act("acquisition of", Says.ACQUIRED, BUYING, ORGS, ("poss",), ("prep:of",)),
    _act("acquisition of share", Says.ACQUIRED, BUYING, ORGS, ("poss",),
         ("prep:of", SHARE[1], "prep:in,of")),
    _act("acquisition by", Says.ACQUIRED, BUYING, ORGS, ("prep:by",), ("prep:of",)),
    _verb("own", Says.OWNS, "own", ACTORS, FIRMS),
    _verb("own share", Says.OWNS, "own hold have", ACTORS, FIRMS, (*SHARE, "prep:of,in"), 0.75),
    _verb("belong to", Says.OWNS, "belong", PERSON_ORG, FIRMS, AGENT, subject=("prep:to",),
          score=0.75),
    _verb("found", Says.FOUNDED, "found co-found cofound", PERSON_ORG, FIRMS | {Type.GPE}),
    _verb("establish", Says.FOUNDED, "establish", PEOPLE, FIRMS, score=0.7),
)

WORK: tuple[Pattern, ...] = (
    _verb("work for", Says.EMPLOYED_BY, "work", PEOPLE, BODIES, ("prep:for",)),
    _verb("work at", Says.EMPLOYED_BY, "work teach", PEOPLE, FIRMS, ("prep:at,with",)),
    _verb(
        "hired by", Says.EMPLOYED_BY, "hire employ recruit dismiss fire", PEOPLE, ORGS, AGENT,
        subject=PATIENT,
    ),
    _verb("lead", Says.LEADS, "lead head chair command run", PEOPLE, ORGS, score=0.7),
    _verb("join", Says.MEMBER_OF, "join", frozenset({Type.PERSON, Type.GPE}), ORGS, score=0.75),
    _verb("join board", Says.MEMBER_OF, "join", PEOPLE, ORGS, (*BOARD, "prep:of")),
    _verb("elected to", Says.MEMBER_OF, "elect admit", PEOPLE, ORGS, ("prep:to",),
          subject=PATIENT),
    _verb("play for", Says.MEMBER_OF, "play", PEOPLE, ORGS, ("prep:for",)),
    _verb("member belongs", Says.MEMBER_OF, "belong", PEOPLE, ORGS, ("prep:to",)),
)

ENCOUNTERS: tuple[Pattern, ...] = (
    _verb("meet", Says.MET, "meet", PERSON_ORG, PERSON_ORG, symmetric=True),
    _verb("meet with", Says.MET, "meet", PERSON_ORG, PERSON_ORG, ("prep:with",)),
    _verb("host", Says.MET, "host", PEOPLE, PEOPLE, score=0.7),
    _verb("talk with", Says.MET, "hold have host conduct", PEOPLE, PERSON_ORG,
          (*TALKS, "prep:with")),
    _verb("talks with", Says.MET, "hold have conduct", PEOPLE, PERSON_ORG, ("prep:with",),
          requires=TALKS),
    _act("meeting with", Says.MET, "meeting", PEOPLE, ("poss",), ("prep:with",), 0.6),
    _act("meeting between", Says.MET, "meeting", PEOPLE, ("prep:between",), ("only:none",), 0.6,
         symmetric=True),
    _verb("attack", Says.ATTACKED, STRIKING, ACTORS, TARGETS),
    _verb("strike against", Says.ATTACKED, "conduct launch carry mount stage", ACTORS, TARGETS,
          (*BLOW, "prep:against,on")),
    _verb("struck against", Says.ATTACKED, "conduct launch carry mount stage", ACTORS, TARGETS,
          ("prep:against",), requires=BLOW),
    _act("attack on", Says.ATTACKED, BLOWS, TARGETS, ("poss",), ("prep:on,against",)),
    _act("attack by", Says.ATTACKED, BLOWS, TARGETS, ("prep:by",), ("prep:on,against,of",)),
    _verb("marry", Says.MARRIED_TO, "marry wed", PEOPLE, PEOPLE, symmetric=True),
    _verb("married to", Says.MARRIED_TO, "marry", PEOPLE, PEOPLE, ("prep:to",), subject=PATIENT),
    Pattern(
        "is married to", Says.MARRIED_TO, word_set("married"), frozenset({"ADJ", "VERB"}),
        ("up:be", "subject"), ("prep:to",), PEOPLE, PEOPLE, 0.8,
    ),
)

BORN = "bear born"
PLACE: tuple[Pattern, ...] = (
    _verb("located in", Says.LOCATED_IN, "locate base headquarter situate", SITES, PLACES,
          ("prep:in,at",), 0.85, PATIENT),
    _verb("lies in", Says.LOCATED_IN, "lie stand sit", SITES, PLACES, ("prep:in",), 0.7),
    _verb("lives in", Says.LOCATED_IN, "live reside", PEOPLE, PLACES, ("prep:in,at",), 0.7),
    _verb("born on", Says.BORN_ON, BORN, PEOPLE, DATES, ("prep:on,in",), 0.9, PATIENT),
    _verb("born on the same day", Says.BORN_ON, BORN, PEOPLE, DATES, ("prep:in,at", "prep:on,in"),
          0.85, PATIENT),
    _verb("born at date", Says.BORN_ON, BORN, PEOPLE, DATES, ("when",), 0.85, PATIENT),
    _verb("born in", Says.BORN_IN, BORN, PEOPLE, PLACES, ("first:in,at",), 0.9, PATIENT),
    _verb("born on in", Says.BORN_IN, BORN, PEOPLE, PLACES, ("prep:on,in", "prep:in"), 0.8,
          PATIENT),
    _verb("born to", Says.RELATED_TO, BORN, PEOPLE, PEOPLE, ("prep:to",), 0.85, PATIENT),
    Pattern(
        "is in", Says.LOCATED_IN, word_set("be"), BE, ("subject",), ("prep:in",), SITES, PLACES,
        0.7,
    ),
    Pattern(
        "in place", Says.LOCATED_IN, word_set("in"), PREPOSITION, ("anchor",), ("pobj",),
        frozenset({Type.ORG, Type.FAC, Type.GPE}), PLACES, 0.65, presupposed=True, alone=True,
        also=_stands_there,
    ),
    Pattern(
        "of employer", Says.EMPLOYED_BY, word_set("of at from"), PREPOSITION, ("anchor",),
        ("pobj",), PEOPLE, ORGS, 0.6, presupposed=True, alone=True, also=_beside,
    ),
)

VERBS = (*COURTS, *DEALS, *FIRM_DEALS, *WORK, *ENCOUNTERS, *PLACE)
"""In the order in which a reader looks for them; matching does not depend on it."""
