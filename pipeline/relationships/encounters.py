"""Patterns of verbs and their nouns: meetings, violence, marriages."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    BLOWS,
    word_set,
)
from pipeline.relationships.pattern import (
    ACTORS,
    BODIES,
    ORGS,
    PEOPLE,
    Pattern,
)
from pipeline.relationships.phrasing import (
    BLAST,
    BLOW,
    PATIENT,
    PERSON_ORG,
    TALKS,
    TARGETS,
    act,
    only,
    verb,
)

STRIKING = (
    "attack bomb raid shell assault invade ambush assassinate bombard storm stab shoot kill fight "
    "murder kidnap abduct behead torture besiege strafe torpedo injure"
)

HITTING = "strike hit target engage destroy pound blast wound neutralize"

STAGING = "conduct launch carry mount stage execute perform perpetrate direct lead order commit"

PRIZE = re.compile(r"(?i)\b(?:awards?|prize|medal|star|emmy|grammy|oscar|cross|honou?rs?|ph\.?d)\b")

SPEAKING = "speak talk confer consult dine lunch huddle converse"


def _no_prize(_: Mention, guest: Mention) -> bool:
    """Doubt that who is received is a person: "received a Bronze Star"."""
    return PRIZE.search(guest.text) is None


ENCOUNTERS: tuple[Pattern, ...] = (
    verb("meet", Says.MET, "meet", PERSON_ORG, PERSON_ORG, symmetric=True),
    verb("meet with", Says.MET, "meet", PERSON_ORG, PERSON_ORG, ("prep:with",)),
    verb(
        "go to meet",
        Says.MET,
        "meet",
        PEOPLE,
        PERSON_ORG,
        ("prep:with",),
        subject=("up:travel,go,fly,come,arrive,return,sit,gather,visit", "agent"),
        presupposed=True,
        score=0.7,
    ),
    verb(
        "host",
        Says.MET,
        "host receive welcome greet visit interview",
        PEOPLE,
        PEOPLE,
        score=0.7,
        also=_no_prize,
    ),
    verb(
        "talk with",
        Says.MET,
        "hold have host conduct convene attend",
        PEOPLE,
        PERSON_ORG,
        (*TALKS, "prep:with"),
    ),
    verb(
        "talks with",
        Says.MET,
        "hold have conduct convene",
        PEOPLE,
        PERSON_ORG,
        ("prep:with",),
        requires=TALKS,
    ),
    verb(
        "talk together",
        Says.MET,
        "hold have conduct",
        PEOPLE,
        PEOPLE,
        ("only:none",),
        requires=(*TALKS, "bare"),
        symmetric=True,
    ),
    verb("speak with", Says.MET, SPEAKING, PEOPLE, PEOPLE, ("prep:with",), 0.65),
    verb(
        "speak in person with",
        Says.MET,
        SPEAKING,
        PEOPLE,
        PEOPLE,
        ("prep:by,over,in", "prep:with"),
        0.65,
    ),
    verb(
        "sit down with",
        Says.MET,
        "sit huddle",
        PEOPLE,
        PERSON_ORG,
        ("prep:with",),
        requires=("particle:down",),
    ),
    verb("sat with", Says.MET, "sit", PEOPLE, PEOPLE, ("prep:with",), 0.65),
    verb("discuss with", Says.MET, "discuss", PEOPLE, PEOPLE, ("prep:with",), 0.65),
    verb("discussed with", Says.MET, "discuss", PEOPLE, PEOPLE, ("patient", "prep:with"), 0.65),
    act("meeting with", Says.MET, "meeting", PEOPLE, ("poss",), ("prep:with",), 0.6),
    act(
        "in a meeting with",
        Says.MET,
        "meeting talk",
        PEOPLE,
        ("up:during,in,after,at,following", "up", "agent"),
        ("prep:with",),
        0.6,
    ),
    act(
        "meeting between",
        Says.MET,
        "meeting talk",
        PEOPLE,
        ("prep:between",),
        ("only:none",),
        0.6,
        symmetric=True,
    ),
    verb("attack", Says.ATTACKED, STRIKING, ACTORS, TARGETS, loose=True),
    verb("hit", Says.ATTACKED, HITTING, BODIES, TARGETS, loose=True),
    verb("execute", Says.ATTACKED, "execute", ORGS, PEOPLE),
    verb(
        "strike against",
        Says.ATTACKED,
        STAGING,
        ACTORS,
        TARGETS,
        (*BLOW, "prep:against,on"),
        loose=True,
    ),
    verb(
        "struck against",
        Says.ATTACKED,
        STAGING,
        ACTORS,
        TARGETS,
        ("prep:against,on",),
        requires=BLOW,
        loose=True,
    ),
    verb(
        "fire at",
        Says.ATTACKED,
        "fire launch lob drop",
        ACTORS,
        TARGETS,
        ("prep:at,into,on,against",),
        requires=BLAST,
        loose=True,
    ),
    verb(
        "missile at",
        Says.ATTACKED,
        "fire launch lob drop open",
        ACTORS,
        TARGETS,
        (*BLAST, "prep:at,into,on,against"),
        loose=True,
    ),
    verb(
        "open fire on",
        Says.ATTACKED,
        "open",
        ACTORS,
        TARGETS,
        ("prep:on,at",),
        requires=BLAST,
        loose=True,
    ),
    verb(
        "claim",
        Says.ATTACKED,
        "claim",
        ORGS,
        TARGETS,
        ("patient", "only:responsibility,credit", "prep:for", only(BLOWS), "prep:on,against"),
        0.7,
        loose=True,
    ),
    act(
        "attack on",
        Says.ATTACKED,
        BLOWS,
        ACTORS,
        ("at",),
        ("prep:on,against",),
        object_types=TARGETS,
        loose=True,
    ),
    act(
        "invasion of",
        Says.ATTACKED,
        BLOWS - {"offensive", "strike", "attack"},
        ACTORS,
        ("poss",),
        ("prep:of",),
        object_types=TARGETS,
    ),
    act("attack by", Says.ATTACKED, BLOWS, TARGETS, ("prep:by",), ("prep:on,against,of",)),
    act(
        "attack by so on",
        Says.ATTACKED,
        BLOWS,
        TARGETS,
        ("prep:by",),
        ("prep:by", "prep:on,against"),
    ),
    verb(
        "killed in attack",
        Says.ATTACKED,
        "kill wound injure",
        ORGS,
        TARGETS,
        PATIENT,
        0.65,
        subject=("prep:in", only(BLOWS), "prep:by"),
    ),
    verb(
        "killed in its attack",
        Says.ATTACKED,
        "kill wound injure",
        ORGS,
        TARGETS,
        PATIENT,
        0.65,
        subject=("prep:in", only(BLOWS), "at"),
    ),
    verb("marry", Says.MARRIED_TO, "marry wed divorce", PEOPLE, PEOPLE, symmetric=True),
    verb(
        "married together",
        Says.MARRIED_TO,
        "marry wed divorce",
        PEOPLE,
        PEOPLE,
        ("only:none",),
        subject=PATIENT,
        symmetric=True,
    ),
    verb("married to", Says.MARRIED_TO, "marry", PEOPLE, PEOPLE, ("prep:to",), subject=PATIENT),
    Pattern(
        "is married to",
        Says.MARRIED_TO,
        word_set("married"),
        frozenset({"ADJ", "VERB"}),
        ("up:be", "subject"),
        ("prep:to",),
        PEOPLE,
        PEOPLE,
        0.8,
    ),
)
