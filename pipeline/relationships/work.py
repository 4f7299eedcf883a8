"""Patterns of verbs and their nouns: jobs, command, membership, parts of bodies."""

from __future__ import annotations

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    LEADERS,
    MILITARY,
    UNIT_NAME,
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
    BE,
    BOARD,
    FIRMS,
    ON_BOARD,
    PATIENT,
    act,
    beside,
    only,
    verb,
)

COUNTRIES = frozenset({Type.GPE})


def _near(first: Mention, second: Mention) -> bool:
    """Say whether little more than a preposition stands between two mentions."""
    return 0 < second.start - first.end <= len(" from the ") + 2


def _unit_of(part: Mention, whole: Mention) -> bool:
    """Say whether the first is a part of something larger, by its name, and stands beside it."""
    return _near(part, whole) and UNIT_NAME.search(part.text) is not None


def _in_uniform(_: Mention, body: Mention) -> bool:
    """Say whether one serves in a body."""
    return MILITARY.search(body.text) is not None


WORK: tuple[Pattern, ...] = (
    verb("work for", Says.EMPLOYED_BY, "work", PEOPLE, BODIES, ("prep:for",)),
    verb(
        "work at",
        Says.EMPLOYED_BY,
        "work teach employ practice practise lecture intern",
        PEOPLE,
        FIRMS,
        ("prep:at,with",),
        subject=("subject",),
    ),
    verb(
        "hired by",
        Says.EMPLOYED_BY,
        "hire employ recruit dismiss fire sack",
        PEOPLE,
        ORGS,
        ("agent",),
        subject=PATIENT,
    ),
    verb("join as", Says.EMPLOYED_BY, "join", PEOPLE, ORGS, requires=("prep:as",)),
    verb("leave", Says.EMPLOYED_BY, "leave quit", PEOPLE, ORGS, score=0.65),
    verb("resign from", Says.EMPLOYED_BY, "resign retire", PEOPLE, ORGS, ("prep:from",), 0.7),
    verb(
        "serve in",
        Says.MEMBER_OF,
        "serve enlist fight deploy enroll",
        PEOPLE,
        ORGS,
        ("prep:in,with",),
        0.75,
        also=_in_uniform,
    ),
    verb(
        "assigned to",
        Says.MEMBER_OF,
        "assign attach transfer post",
        PEOPLE,
        ORGS,
        ("prep:to",),
        0.75,
        subject=PATIENT,
        also=_in_uniform,
    ),
    Pattern(
        "be with",
        Says.EMPLOYED_BY,
        word_set("be"),
        BE,
        ("subject",),
        ("prep:with",),
        PEOPLE,
        ORGS,
        0.6,
    ),
    verb(
        "lead", Says.LEADS, "lead head chair command run spearhead oversee", PEOPLE, ORGS, score=0.7
    ),
    verb(
        "take command",
        Says.LEADS,
        "take assume have hold retain",
        PEOPLE,
        ORGS,
        ("patient", only("command,leadership,helm,chairmanship,presidency,charge"), "prep:of"),
        0.75,
    ),
    verb(
        "take over lead",
        Says.LEADS,
        "take",
        PEOPLE,
        ORGS,
        ("prep:as", only(LEADERS), "at:of,for,at"),
        0.75,
        requires=("particle:over",),
    ),
    verb(
        "join",
        Says.MEMBER_OF,
        "join rejoin",
        frozenset({Type.PERSON, Type.GPE}),
        ORGS,
        score=0.75,
        unless=frozenset({"as"}),
    ),
    verb("join board", Says.MEMBER_OF, "join", PEOPLE, ORGS, (*BOARD, "chain:of")),
    verb(
        "sit on board",
        Says.MEMBER_OF,
        "sit serve appoint elect name join",
        PEOPLE,
        ORGS,
        ON_BOARD,
        subject=("subject",),
    ),
    verb("sit on", Says.MEMBER_OF, "sit serve", PEOPLE, ORGS, ("prep:on",), 0.75),
    verb(
        "elected to",
        Says.MEMBER_OF,
        "elect admit induct appoint recruit",
        PEOPLE,
        ORGS,
        ("prep:to,into",),
        subject=PATIENT,
    ),
    verb("play for", Says.MEMBER_OF, "play", PEOPLE, ORGS, ("prep:for,with",)),
    verb(
        "seasons with",
        Says.MEMBER_OF,
        "play spend join leave",
        PEOPLE,
        ORGS,
        ("prep:after,for,over", only("season,year,spell,stint"), "prep:with,at"),
        0.65,
    ),
    verb("member belongs", Says.MEMBER_OF, "belong", PEOPLE | COUNTRIES, ORGS, ("prep:to",)),
    verb("enlist", Says.MEMBER_OF, "enlist enrol enroll", PEOPLE, ORGS, ("prep:in,with",)),
    verb(
        "include member",
        Says.MEMBER_OF,
        "include comprise encompass unite",
        COUNTRIES,
        ORGS,
        ("agent",),
        0.7,
        subject=PATIENT,
    ),
    verb(
        "consist of member",
        Says.MEMBER_OF,
        "consist compose",
        COUNTRIES,
        ORGS,
        ("subject",),
        0.7,
        subject=("prep:of",),
    ),
    verb(
        "participate", Says.MEMBER_OF, "participate contribute", COUNTRIES, ORGS, ("prep:in",), 0.7
    ),
    verb(
        "nations in",
        Says.MEMBER_OF,
        "participate contribute take",
        COUNTRIES,
        ORGS,
        ("prep:in,to",),
        0.7,
        subject=("agent", "holder"),
    ),
    verb(
        "take part",
        Says.MEMBER_OF,
        "take",
        COUNTRIES,
        ORGS,
        ("patient", "only:part", "prep:in"),
        0.65,
    ),
    act(
        "membership",
        Says.MEMBER_OF,
        "membership accession",
        ACTORS,
        ("poss",),
        ("prep:in,of,to",),
        object_types=ORGS,
    ),
    verb(
        "operate under",
        Says.PART_OF,
        "operate fall sit house function work subordinate",
        ORGS,
        ORGS,
        ("prep:under,within",),
        0.65,
        subject=("subject",),
    ),
    verb("report to", Says.PART_OF, "report answer", ORGS, ORGS, ("prep:to",), 0.65),
    beside(
        "under command of",
        Says.PART_OF,
        "under",
        ORGS,
        ORGS,
        subject=("before",),
        object_=("pobj", only("command,control,authority,umbrella,auspices"), "prep:of"),
    ),
    beside(
        "unit of",
        Says.PART_OF,
        "of within at under",
        ORGS | {Type.FAC},
        ORGS,
        alone=True,
        subject=("before",),
        also=_unit_of,
    ),
)
