"""Patterns of nouns that name a role: what the holder is to where the role is held."""

from __future__ import annotations

import re
from typing import Any

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    AGREEMENTS,
    BUYERS,
    COUNSEL,
    DIPLOMATS,
    KIN,
    LEADERS,
    LITIGANTS,
    MEMBERS,
    MILITARY,
    OWNERS,
    SCHOLARS,
    SPOUSES,
    STAFF,
    STATES,
    TOWNS,
    TRADES,
    TROOPS,
    UNITS,
    word_set,
)
from pipeline.relationships.pattern import (
    ACTORS,
    BODIES,
    CASES,
    DATES,
    ORGS,
    PEOPLE,
    PLACES,
    TREATIES,
    Pattern,
    Types,
)
from pipeline.relationships.walk import Path

NOUN = frozenset({"NOUN", "PROPN"})
PUBLIC = word_set("district state city county prosecuting united u.s.")
LAW_FIRM = re.compile(
    r"\b(?:law|llp|legal|attorneys|solicitors|chambers|advocates)\b", re.IGNORECASE
)
FIRMS: Types = ORGS | {Type.FAC}
COUNTRIES: Types = frozenset({Type.GPE})


def _is_military(_: Mention, body: Mention) -> bool:
    """Say whether soldiers serve in a body, by its name."""
    return MILITARY.search(body.text) is not None


def _is_law_firm(_: Mention, body: Mention) -> bool:
    """Say whether lawyers work for a body, by its name."""
    return LAW_FIRM.search(body.text) is not None


def _is_client(lawyer: Mention, body: Mention) -> bool:
    """Say whether a body is more likely a client than the lawyer's own firm."""
    return not _is_law_firm(lawyer, body)


def _role(
    rule: str,
    predicate: Says,
    lemmas: frozenset[str],
    holder: Types,
    place: Types,
    object_: Path,
    score: float = 0.8,
    subject: Path = ("holder",),
    **options: Any,
) -> Pattern:
    """Write a role's pattern in a line."""
    return Pattern(rule, predicate, lemmas, NOUN, subject, object_, holder, place, score, **options)


ROLES: tuple[Pattern, ...] = (
    _role("leader", Says.LEADS, LEADERS, PEOPLE, BODIES, ("at:of,for,at",)),
    _role("diplomat", Says.EMPLOYED_BY, DIPLOMATS, PEOPLE, BODIES, ("at:of,from",)),
    _role("staff", Says.EMPLOYED_BY, STAFF - DIPLOMATS, PEOPLE, ORGS, ("at:of,for,at,with",)),
    _role(
        "official",
        Says.EMPLOYED_BY,
        STAFF - DIPLOMATS - TRADES,
        PEOPLE,
        COUNTRIES,
        ("at:of,for,at,with",),
    ),
    _role("scholar", Says.EMPLOYED_BY, SCHOLARS, PEOPLE, ORGS, ("at:at,with",)),
    _role(
        "partner",
        Says.EMPLOYED_BY,
        word_set("partner associate shareholder worker"),
        PEOPLE,
        ORGS,
        ("prep:at,with,in",),
        0.7,
    ),
    _role(
        "public attorney",
        Says.EMPLOYED_BY,
        COUNSEL,
        PEOPLE,
        BODIES,
        ("at:of,for",),
        0.7,
        requires=("modifier:district,state,city,county,assistant,prosecuting",),
    ),
    _role(
        "counsel",
        Says.REPRESENTS,
        COUNSEL,
        PEOPLE | ORGS,
        ACTORS,
        ("at:for,of,to",),
        unless=PUBLIC,
        also=_is_client,
    ),
    _role("lawyer at", Says.EMPLOYED_BY, COUNSEL, PEOPLE, ORGS, ("prep:at,with",), 0.75),
    _role(
        "lawyer of", Says.EMPLOYED_BY, COUNSEL, PEOPLE, ORGS, ("at:of",), 0.75, also=_is_law_firm
    ),
    _role("member", Says.MEMBER_OF, MEMBERS, ACTORS, ORGS, ("at:of,for,in,with",)),
    _role(
        "member of its board",
        Says.MEMBER_OF,
        MEMBERS | {"director"},
        PEOPLE,
        ORGS,
        ("chain:of,on",),
        0.7,
        requires=("chain:of,on", "only:board,council,committee,staff"),
    ),
    _role("member state", Says.MEMBER_OF, STATES, COUNTRIES, ORGS, ("at:of,in,to",)),
    _role(
        "soldier", Says.MEMBER_OF, TROOPS, PEOPLE, ORGS, ("at:in,of,with,from",), also=_is_military
    ),
    _role(
        "representative",
        Says.REPRESENTS,
        word_set("representative agent"),
        PEOPLE,
        ORGS,
        ("prep:for,of",),
        0.7,
    ),
    _role("kin", Says.RELATED_TO, KIN, PEOPLE, PEOPLE, ("at:of,to",), 0.85),
    _role("spouse", Says.MARRIED_TO, SPOUSES, PEOPLE, PEOPLE, ("at:of,to",), 0.85),
    _role("party", Says.PARTY_TO, LITIGANTS, ACTORS, CASES, ("at:in,of,to",), 0.75),
    _role(
        "agreement between",
        Says.PARTY_TO,
        AGREEMENTS,
        ACTORS,
        TREATIES,
        ("holder",),
        0.8,
        ("prep:between,among",),
    ),
    _role("signatory", Says.SIGNED, word_set("signatory"), ACTORS, TREATIES, ("at:of,to",)),
    _role(
        "signatory is party", Says.PARTY_TO, word_set("signatory"), ACTORS, TREATIES, ("at:of,to",)
    ),
    _role("unit", Says.PART_OF, UNITS, FIRMS, BODIES, ("at:of",), 0.75),
    _role(
        "part of a place",
        Says.LOCATED_IN,
        word_set("part"),
        COUNTRIES,
        COUNTRIES,
        ("prep:of",),
        0.7,
    ),
    _role(
        "part of a body",
        Says.MEMBER_OF,
        word_set("part"),
        COUNTRIES | PEOPLE,
        ORGS,
        ("prep:of",),
        0.7,
    ),
    _role(
        "parent",
        Says.OWNS,
        OWNERS,
        PEOPLE | ORGS,
        FIRMS,
        ("at:of,in",),
        0.75,
        unless=word_set("store dog boat"),
    ),
    _role(
        "parent company",
        Says.OWNS,
        word_set("company corporation firm"),
        ORGS,
        ORGS,
        ("at:of",),
        0.75,
        requires=("modifier:parent,holding",),
    ),
    _role(
        "property",
        Says.OWNS,
        word_set("property possession"),
        PEOPLE | ORGS,
        FIRMS,
        ("holder",),
        0.75,
        ("at:of",),
    ),
    _role("buyer", Says.ACQUIRED, BUYERS, PEOPLE | ORGS, FIRMS, ("at:of",), 0.75),
    _role(
        "founder",
        Says.FOUNDED,
        word_set("founder co-founder cofounder creator"),
        PEOPLE,
        FIRMS,
        ("at:of",),
    ),
    _role(
        "town",
        Says.LOCATED_IN,
        TOWNS,
        PLACES,
        PLACES,
        ("at:in,of",),
        0.75,
        unless=word_set("satellite twin sister partner neighboring neighbouring rival"),
    ),
    _role(
        "town of that name",
        Says.LOCATED_IN,
        word_set("city town village capital hamlet port"),
        PLACES,
        PLACES,
        ("named",),
        0.75,
        ("prep:of",),
    ),
    _role(
        "resident",
        Says.LOCATED_IN,
        word_set("resident inhabitant citizen"),
        PEOPLE,
        COUNTRIES,
        ("at:of,in",),
        0.75,
    ),
    _role("native", Says.BORN_IN, word_set("native"), PEOPLE, PLACES, ("at:of",), 0.75),
    _role(
        "birth", Says.BORN_ON, word_set("birth"), PEOPLE, DATES, ("prep:in,on",), 0.75, ("poss",)
    ),
    _role(
        "date of birth",
        Says.BORN_ON,
        word_set("date dob birthdate birthday"),
        PEOPLE,
        DATES,
        ("holder",),
        0.75,
        ("poss",),
    ),
)
