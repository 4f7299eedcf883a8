"""Patterns of verbs and their nouns: meetings and marriages."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import word_set
from pipeline.relationships.pattern import PEOPLE, Pattern
from pipeline.relationships.phrasing import (
    PATIENT,
    PERSON_ORG,
    TALK_NOUNS,
    TALKS,
    act,
    only,
    verb,
)

PRIZE = re.compile(r"(?i)\b(?:awards?|prize|medal|star|emmy|grammy|oscar|cross|honou?rs?|ph\.?d)\b")

SPEAKING = "speak talk confer consult dine din lunch huddle converse"

TRAVELLING = "travel,go,fly,come,arrive,return,sit,gather,visit,be,head,stop"

MEETINGS = "meeting encounter interview"

AT_MEETING = ("prep:for,at,in,during", only(TALK_NOUNS))


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
    act("meeting with", Says.MET, TALK_NOUNS, PEOPLE, ("poss",), ("phrase:with",), 0.6),
    act("meeting of with", Says.MET, MEETINGS, PEOPLE, ("prep:of",), ("phrase:with",), 0.6),
    act(
        "in a meeting with",
        Says.MET,
        TALK_NOUNS,
        PEOPLE,
        ("up:during,in,after,at,following", "up", "agent"),
        ("prep:with",),
        0.6,
    ),
    act(
        "travel for a meeting with",
        Says.MET,
        TALK_NOUNS,
        PEOPLE,
        ("up:for", f"up:{TRAVELLING}", "agent"),
        ("prep:with",),
        0.6,
        presupposed=False,
    ),
    act(
        "travel to a place for a meeting with",
        Says.MET,
        TALK_NOUNS,
        PEOPLE,
        ("up:for", "up", "up:in,to,at", f"up:{TRAVELLING}", "agent"),
        ("prep:with",),
        0.6,
        presupposed=False,
    ),
    act(
        "meeting between",
        Says.MET,
        TALK_NOUNS,
        PERSON_ORG,
        ("prep:between",),
        ("only:none",),
        0.6,
        symmetric=True,
    ),
    verb(
        "attend with",
        Says.MET,
        "attend",
        PEOPLE,
        PEOPLE,
        ("only:none",),
        requires=TALKS,
        symmetric=True,
        score=0.6,
    ),
    verb("join for a meeting", Says.MET, "join", PEOPLE, PEOPLE, requires=AT_MEETING, score=0.65),
    verb(
        "speak to by phone",
        Says.MET,
        "speak talk",
        PEOPLE,
        PEOPLE,
        ("prep:to",),
        0.65,
        requires=("prep:by,on,over", "only:phone,telephone,call,video,videoconference"),
    ),
    verb(
        "speak together by phone",
        Says.MET,
        "speak talk",
        PEOPLE,
        PEOPLE,
        ("only:none",),
        0.65,
        requires=("prep:by,on,over", "only:phone,telephone,video,videoconference"),
        symmetric=True,
    ),
    verb("phone", Says.MET, "phone telephone", PEOPLE, PEOPLE, score=0.65),
    verb(
        "introduced to",
        Says.MET,
        "introduce",
        PEOPLE,
        PEOPLE,
        ("prep:to",),
        0.65,
        subject=PATIENT,
    ),
    verb(
        "exchange words with",
        Says.MET,
        "exchange",
        PEOPLE,
        PEOPLE,
        ("prep:with",),
        0.65,
        requires=("patient", "only:view,greeting,word,pleasantry,opinion"),
    ),
    verb(
        "exchange words so with",
        Says.MET,
        "exchange",
        PEOPLE,
        PEOPLE,
        ("patient", "only:view,greeting,word,pleasantry,opinion", "prep:with"),
        0.65,
    ),
    verb(
        "pay a visit to",
        Says.MET,
        "pay make",
        PEOPLE,
        PEOPLE,
        ("prep:to",),
        0.7,
        requires=("patient", "only:visit,call"),
    ),
    verb(
        "pay a visit so to",
        Says.MET,
        "pay make",
        PEOPLE,
        PEOPLE,
        ("patient", "only:visit,call", "prep:to,on"),
        0.7,
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
