"""Patterns of verbs and their nouns: where things are, and where and when people were born."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    GATHERING,
    MILITARY,
    SITE,
    territories,
    word_set,
)
from pipeline.relationships.pattern import (
    DATES,
    ORGS,
    PEOPLE,
    PLACES,
    SITES,
    Pattern,
)
from pipeline.relationships.phrasing import (
    BE,
    PATIENT,
    act,
    beside,
    verb,
)
from pipeline.relationships.wording import FIRM_ENDING

COUNTRIES = frozenset({Type.GPE})

OFFICE = "office headquarters hq base seat residence campus branch facility plant home"

BORN = "bear born"

TITLED = re.compile(
    r"(?:st|saint|san|santa|baron|viscount|lord|lady|earl|marquess|duke|duchess|prince|princess|"
    r"count|countess|king|queen|emperor|empress|sultan|emir|khan|pope|bishop|archbishop|abbot)\b",
    re.IGNORECASE,
)
"""Whose "of" names a title or a see, not a home."""
NEARBY = len(" in the northern province of ")
ROMAN = re.compile(r"[IVX]+")


def _stands_there(body: Mention, place: Mention) -> bool:
    """Doubt that what is no building is "in" a place: "ministers of the Coalition in London",
    "sued Acme in Boston", "it aired on ABC in the United States" say where something took place;
    and that a gathering is anywhere for good.
    """
    if GATHERING.search(body.text) or place.start - body.end > NEARBY:
        return False
    return body.type != Type.ORG or SITE.search(body.text) is not None


def _sits_there(body: Mention, place: Mention) -> bool:
    """Believe of what one is "at" that it is there: "a clerk at Acme in Detroit"; not of a
    gathering or a force, nor of a country.
    """
    if GATHERING.search(body.text) or not _near(body, place):
        return False
    if MILITARY.search(body.text) or body.text.isupper():
        return False
    return place.text.lower() not in territories()[0]


def _near(first: Mention, second: Mention) -> bool:
    """Say whether little more than a preposition stands between two mentions."""
    return 0 < second.start - first.end <= len(" from the ") + 2


def _town_of_firm(body: Mention, place: Mention) -> bool:
    """Say whether "of" says where a firm sits: "Acme Co. of Detroit", not "Bank of America", nor
    an office ("the Vicar Apostolic of Pondicherry").
    """
    firm = FIRM_ENDING.search(body.text) or SITE.search(body.text)
    return firm is not None and " of " not in body.text and _beside_town(body, place)


def _beside_town(first: Mention, place: Mention) -> bool:
    """Say whether a place beside a name is a town, as far as it is no known country or state."""
    name = place.text.lower().removeprefix("state of ")
    known = any(name in names for names in territories())
    return _near(first, place) and not known


def _of_employer(person: Mention, body: Mention) -> bool:
    """Say whether a preposition ties a person to a body: not "Albert of Brandenburg-Ansbach"."""
    return _near(person, body) and len(person.text.split()) > 1


def _of_town(person: Mention, place: Mention) -> bool:
    """Say whether "of" says where a person lives: "John Smith of Springfield", not "Louis XV of
    France", "Helen of Troy".
    """
    words = person.text.split()
    titled = TITLED.match(person.text) or ROMAN.fullmatch(words[-1])
    return len(words) > 1 and titled is None and _beside_town(person, place)


PLACE: tuple[Pattern, ...] = (
    verb(
        "located in",
        Says.LOCATED_IN,
        "locate base headquarter situate",
        SITES,
        PLACES,
        ("prep:in,at",),
        0.85,
        PATIENT,
    ),
    verb("lies in", Says.LOCATED_IN, "lie stand sit", SITES, PLACES, ("prep:in",), 0.7),
    verb("lives in", Says.LOCATED_IN, "live reside dwell", PEOPLE, PLACES, ("prep:in,at",), 0.7),
    verb(
        "flows through",
        Says.LOCATED_IN,
        "flow run",
        frozenset({Type.LOC}),
        COUNTRIES,
        ("prep:through",),
        0.6,
    ),
    verb(
        "has its seat in",
        Says.LOCATED_IN,
        "have maintain keep",
        ORGS,
        PLACES,
        ("patient", "only:headquarters,hq,headquarter,seat,place,office,campus", "chain:of,in"),
        0.75,
    ),
    verb(
        "has seat in",
        Says.LOCATED_IN,
        "have maintain keep",
        ORGS,
        PLACES,
        ("prep:in",),
        0.75,
        requires=("patient", "only:headquarters,hq,headquarter,seat,place,office,campus"),
    ),
    act(
        "its office in",
        Says.LOCATED_IN,
        "headquarters hq headquarter",
        ORGS,
        ("at",),
        ("prep:in,at",),
        object_types=PLACES,
    ),
    act(
        "with offices in",
        Says.LOCATED_IN,
        OFFICE,
        ORGS,
        ("up:with", "anchor"),
        ("prep:in",),
        object_types=COUNTRIES,
    ),
    verb("born on", Says.BORN_ON, BORN, PEOPLE, DATES, ("prep:on,in",), 0.9, PATIENT),
    verb(
        "born on the same day",
        Says.BORN_ON,
        BORN,
        PEOPLE,
        DATES,
        ("prep:in,at", "prep:on,in"),
        0.85,
        PATIENT,
    ),
    verb("born at date", Says.BORN_ON, BORN, PEOPLE, DATES, ("when",), 0.85, PATIENT),
    verb(
        "came into the world",
        Says.BORN_ON,
        "come",
        PEOPLE,
        DATES,
        ("prep:on,in",),
        0.75,
        requires=("prep:into", "only:world"),
    ),
    verb("born in", Says.BORN_IN, BORN, PEOPLE, PLACES, ("first:in,at",), 0.9, PATIENT),
    verb(
        "born when in",
        Says.BORN_IN,
        BORN,
        PEOPLE,
        PLACES,
        ("prep:in",),
        0.8,
        PATIENT,
        requires=("first:in",),
        requires_types=DATES,
    ),
    verb("born on in", Says.BORN_IN, BORN, PEOPLE, PLACES, ("prep:on,in", "prep:in"), 0.8, PATIENT),
    verb("born to", Says.RELATED_TO, BORN, PEOPLE, PEOPLE, ("prep:to",), 0.85, PATIENT),
    verb("hails from", Says.BORN_IN, "hail", PEOPLE, PLACES, ("prep:from",), 0.7),
    Pattern(
        "is in", Says.LOCATED_IN, word_set("be"), BE, ("subject",), ("prep:in",), SITES, PLACES, 0.7
    ),
    beside(
        "in place",
        Says.LOCATED_IN,
        "in",
        frozenset({Type.ORG, Type.FAC, Type.GPE}),
        PLACES,
        alone=True,
        also=_stands_there,
    ),
    beside(
        "at firm in place",
        Says.LOCATED_IN,
        "in",
        ORGS,
        PLACES,
        subject=("anchor", "governed:at"),
        alone=True,
        also=_sits_there,
    ),
    beside(
        "person of town",
        Says.LOCATED_IN,
        "of",
        PEOPLE,
        COUNTRIES,
        0.6,
        subject=("before",),
        alone=True,
        also=_of_town,
    ),
    beside(
        "firm of town", Says.LOCATED_IN, "of", ORGS, COUNTRIES, 0.6, alone=True, also=_town_of_firm
    ),
    beside(
        "of employer",
        Says.EMPLOYED_BY,
        "of at from",
        PEOPLE,
        ORGS,
        0.6,
        alone=True,
        also=_of_employer,
    ),
)
