"""What the patterns between two mentions are made of: expressions of titles, tests of pairs."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.relationships.lexicon import (
    ADMINISTRATIVE,
    COUNSEL,
    GATHERING,
    LEADERS,
    MILITARY,
    SCHOLARS,
    SERVICE,
    SITE,
    STAFF,
    UNIT_NAME,
    territories,
)

# The expressions ignore case but where they say (?-i:…).
RANK = r"(?:(?-i:[A-Z][\w.&-]*)|former|acting|deputy|vice|senior|chief|executive|then|associate)"
AREA = r"(?:\s+(?:of|for|to)\s+(?:the\s+)?(?-i:[A-Z][\w&]*)(?:\s+(?:and\s+)?(?-i:[A-Z]\w*)){0,3})?"
OF = r"(?:of|at|for|with)\s+(?:the\s+)?"
ABBREVIATED = r"(?:\s+\((?-i:[A-Z]+)\))?"


def titles(nouns: frozenset[str]) -> str:
    """Write the expression of a title built on one of the nouns."""
    return rf"(?:{RANK}[\s-]+){{0,4}}(?:{'|'.join(sorted(nouns))})(?:\s+general)?"


LEADING = LEADERS | {
    "chief executive",
    "chief executive officer",
    "commanding general",
    "commanding officer",
}
WORKERS = STAFF | SCHOLARS
RANKS = {"commander", "chief"}
"""Before a name these are ranks: "Army Chief Warrant Officer", "Navy Commander"."""
# Titles of those who lead, of those who work, and of either.
LEADER_TITLE, STAFF_TITLE, ANY_TITLE = titles(LEADING), titles(WORKERS), titles(LEADING | WORKERS)
COUNSEL_WORD = "|".join(sorted(COUNSEL))
ARTICLE = r"(?:the\s+|an?\s+)?"
BOTH = rf"(?:{ANY_TITLE}(?:\s+of\s+the\s+board)?\s+and\s+)?"
SOLDIER = (
    r"(?:(?:lt|lieutenant|maj|major|brig|brigadier|vice|rear|master|staff|first|chief)\.?\s+)?"
    r"(?:gen|general|col|colonel|capt|captain|cmdr|commander|adm|admiral|maj|major|sgt|sergeant|"
    r"lt|lieutenant|cpl|corporal|pfc|private)\.?"
)
MILITARY_UNITS = ("battalion", "regiment", "brigade", "squadron", "company", "platoon", "division")
FIRM_ENDING = re.compile(
    r"\b(?:inc|corp|ltd|llc|plc|gmbh|ag|s\.a|co|company|group|holdings|bank|partners|energy|"
    r"industries|systems|technologies|airlines|motors)\.?$",
    re.IGNORECASE,
)
"""How the names of firms end."""
HONORIFIC = (
    rf"(?:(?:{SOLDIER}|mr|mrs|ms|dr|sen|rep|gov|prof|sir|dame|the\s+hon|hon|rev)\.?\s+){{0,2}}"
)
OCCUPATION = (
    r"(?!(?:member|plaintiff|defendant|brother|sister|father|mother|daughter|opponent|founder|"
    r"owner|supporter|player|winner|graduate|student|customer|shareholder|center|number|letter|"
    r"leader|client|partner|other|former|author|letter|matter|order|offer|dinner|paper|"
    r"september|october|november|december|summer|winter|chapter|lawyer|applicant|tenant|creator|co-founder|producer|actor|director|singer|bassist|guitarist|"
    r"participant|assistant|restaurant|fighter|debtor|creditor|competitor|investor|ancestor)\b)"
    r"[a-z-]*(?:[a-z]{2}(?:er|or|ist|ian|ant|yst|eer|man|woman|person)|partner|agent|clerk|nurse|"
    r"chef|aide|fellow|intern|spokesperson|executive|representative|guard|assistant|cook|pilot)"
)
"""A trade by its ending: "geologist", "driver"; not who stands in some other relation."""
ADJECTIVES = (
    r"(?:(?!(?:is|was|are|were|by|and|or|with|for|to|from|in|on|at|the|an?|of|as|has|had|have|said|"
    r"that|who|which|but|after|when|while|before|than|under|over|into|against|told)\b)"
    r"[a-z-]+\s+){0,3}"
)
WHERE_WORDS = (
    r"(?:the\s+)?(?:(?:central|(?:north|south|east|west|north-?east|south-?east|north-?west|"
    r"south-?west)(?:ern)?|upper|lower|downtown|nearby|rural)\s+)?"
)
TOWN = (
    r"(?:capital|city|town|village|suburb|municipality|district|province|county|region|"
    r"neighbou?rhood|hamlet|governorate|island)"
)
BORN_WORDS = r"(?:born|b\.|d\.?o\.?b\.?:?|(?:date|year)\s+of\s+birth:?)\s*(?:on\s+|in\s+|is\s+)?"
NUMBER = r"(?:(?:civil\s+action\s+|case\s+|docket\s+)?nos?\.?\s+)?"


def words_of(expression: str) -> re.Pattern[str]:
    """Compile an expression that ignores case."""
    return re.compile(expression, re.IGNORECASE)


def place_in(inner: Mention, outer: Mention) -> bool:
    """Say whether the second is a country or state, and the first is none of that rank."""
    if any(letter.isdigit() for letter in inner.text):
        return False  # a road: "I-44, US 169"
    countries, parts = territories()
    a, b = (" ".join(mention.text.lower().split()) for mention in (inner, outer))
    if a in countries:
        return False
    if b in countries:
        return True
    return a not in parts and (b in parts or ADMINISTRATIVE.search(b) is not None)


def is_unit(part: Mention, _: Mention) -> bool:
    """Say whether the first is a part of something larger, by its name."""
    return UNIT_NAME.search(part.text) is not None


def is_command(part: Mention, whole: Mention) -> bool:
    """Say whether both are military ("3rd Battalion, 5th Marines"), or school and university."""
    if MILITARY.search(part.text) and MILITARY.search(whole.text):
        return part.text[:1].isdigit() or part.text.lower().endswith(MILITARY_UNITS)
    whole_words = {"university", "college"} & set(whole.text.lower().split())
    return bool(whole_words) and UNIT_NAME.search(part.text) is not None


def is_firm(_: Mention, body: Mention) -> bool:
    """Say whether the second is a firm by its ending."""
    return FIRM_ENDING.search(body.text) is not None


def out_place(outer: Mention, inner: Mention) -> bool:
    """Say whether the first is a country or state that may hold the second."""
    return inner.type != Type.GPE or place_in(inner, outer)


def is_part(_: Mention, part: Mention) -> bool:
    """Say whether the second may be a part of the first: no gathering, no office of a person."""
    return GATHERING.search(part.text) is None


def is_party(_: Mention, party: Mention) -> bool:
    """Say whether the second is a political party."""
    return party.text.lower().endswith(("party", "parties", "union", "front", "alliance"))


def is_country(_: Mention, place: Mention) -> bool:
    """Say whether the second is a country."""
    return " ".join(place.text.lower().split()) in territories()[0]


def in_town(body: Mention, place: Mention) -> bool:
    """Say whether the first may stand in the second: sites anywhere, towns in regions."""
    if GATHERING.search(body.text):
        return False
    if body.type == Type.ORG:
        return SITE.search(body.text) is not None
    return body.type == Type.FAC or place_in(body, place)


def full_name(_: Mention, person: Mention) -> bool:
    """Say whether the second has a name of two words or more."""
    return len(person.text.split()) > 1


def is_service(body: Mention, _: Mention) -> bool:
    """Say whether the first is an armed service: "Navy Capt. Jeff Davis"."""
    return SERVICE.search(body.text) is not None


def is_site(_: Mention, site: Mention) -> bool:
    """Say whether the second is something that stands at a place."""
    return site.type == Type.FAC or SITE.search(site.text) is not None


def at_college(site: Mention, college: Mention) -> bool:
    """Say whether a school has a museum, a library or the like."""
    words = college.text.lower().split()
    return SITE.search(site.text) is not None and bool({"university", "college"} & set(words))


# "in Iraq President Obama said": a place where, not an office.
NO_PLACE_WHERE = words_of(r"(?s:.*)(?<!\bin\s)(?<!\bat\s)(?<!\bacross\s)")
