"""Words that say where and when: places, parts of bodies, births."""

from __future__ import annotations

from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.pattern import (
    ORGS,
    PEOPLE,
    Types,
)
from pipeline.relationships.surface import Between
from pipeline.relationships.wording import (
    ADJECTIVES,
    ARTICLE,
    BORN_WORDS,
    TOWN,
    WHERE_WORDS,
    at_college,
    in_town,
    is_command,
    is_firm,
    is_part,
    is_site,
    out_place,
    place_in,
    words_of,
)

PLACE_RULE = "place, region"
_PLACES: Types = frozenset({Type.GPE, Type.LOC, Type.FAC})

PLACED: tuple[Between, ...] = (
    Between(
        PLACE_RULE,
        Says.LOCATED_IN,
        _PLACES,
        frozenset({Type.GPE}),
        words_of(rf"(?:\s+(?-i:{TOWN}))?\s*,\s+"),
        also=place_in,
        before=words_of(r"(?s:.*)(?<!\),\s)"),
        after=words_of(r"(?!\s+native\b)"),
    ),
    Between(
        "based",
        Says.LOCATED_IN,
        frozenset({Type.GPE}),
        ORGS,
        words_of(r"-based\s+"),
        reverse=True,
    ),
    Between(
        "place's site",
        Says.LOCATED_IN,
        frozenset({Type.GPE}),
        ORGS | {Type.FAC},
        words_of(r"['’]s\s+"),
        0.75,
        reverse=True,
        also=is_site,
    ),
    Between(
        "body's site",
        Says.PART_OF,
        ORGS,
        ORGS | {Type.FAC},
        words_of(r"['’]s\s+"),
        0.75,
        reverse=True,
        also=is_site,
    ),
    Between(
        "site at college",
        Says.PART_OF,
        ORGS | {Type.FAC},
        ORGS,
        words_of(r"\s+at\s+(?:the\s+)?"),
        0.7,
        also=at_college,
    ),
    Between(
        "age, of town",
        Says.LOCATED_IN,
        PEOPLE,
        frozenset({Type.GPE}),
        words_of(
            r"(?:\s*\(?,?\s*(?:age\s+|aged\s+)?\d\d\)?,?)(?:\s+years\s+old,)?\s+(?:of|from)\s+"
        ),
        0.75,
    ),
    Between(
        "birth after name",
        Says.BORN_ON,
        PEOPLE,
        frozenset({Type.DATE}),
        words_of(rf",?\s+\(?{BORN_WORDS}"),
        0.85,
    ),
    Between(
        "birthplace after name",
        Says.BORN_IN,
        PEOPLE,
        frozenset({Type.GPE}),
        words_of(r",?\s+\((?:born|b\.)\s+(?:in\s+|at\s+)?"),
        0.85,
    ),
    Between(
        "birthplace and date",
        Says.BORN_ON,
        PEOPLE,
        frozenset({Type.DATE}),
        words_of(r",?\s+\((?:born|b\.)\s+(?:in\s+|at\s+)?[^)(\d]{2,40},\s+(?:on\s+)?"),
        0.8,
    ),
    Between(
        "born before name",
        Says.BORN_IN,
        frozenset({Type.GPE}),
        PEOPLE,
        words_of(rf"-born\s+{ADJECTIVES}"),
        reverse=True,
    ),
    Between(
        "body's part",
        Says.PART_OF,
        ORGS,
        ORGS,
        words_of(r"['’]s\s+"),
        0.6,
        reverse=True,
        also=is_part,
    ),
    Between(
        "unit, body",
        Says.PART_OF,
        ORGS,
        ORGS,
        words_of(r",\s+"),
        0.65,
        also=is_command,
    ),
    Between(
        "place in region",
        Says.LOCATED_IN,
        _PLACES | ORGS,
        frozenset({Type.GPE}),
        words_of(rf"(?:\s+(?-i:{TOWN}))?,?\s+in\s+{WHERE_WORDS}(?:{TOWN}\s+of\s+)?"),
        0.75,
        also=in_town,
        before=words_of(r"(?s:(?!.*\b(?:north|south|east|west)\w*\s+of\s+(?:the\s+)?$).*)"),
    ),
    Between(
        "place, a town in",
        Says.LOCATED_IN,
        _PLACES,
        frozenset({Type.GPE, Type.LOC}),
        words_of(rf",\s+{ARTICLE}{ADJECTIVES}{TOWN}\s+(?:[a-z]+\s+)?(?:in|of)\s+{WHERE_WORDS}"),
        0.8,
    ),
    Between(
        "region's town",
        Says.LOCATED_IN,
        frozenset({Type.GPE}),
        _PLACES,
        words_of(rf"(?:['’]s)?\s+(?:[a-z]+\s+)?(?:{TOWN}|airport|camp)(?:\s+of|,)?\s+"),
        0.7,
        reverse=True,
        also=out_place,
    ),
    Between(
        "place's firm",
        Says.LOCATED_IN,
        frozenset({Type.GPE}),
        ORGS,
        words_of(r"['’]s\s+"),
        0.6,
        reverse=True,
        also=is_firm,
    ),
    Between(
        "born in brackets",
        Says.BORN_ON,
        PEOPLE,
        frozenset({Type.DATE}),
        words_of(r",?\s+\((?:(?:born|b\.|dob:?)\s+(?:on\s+|in\s+)?)"),
        0.9,
    ),
    Between(
        "years in brackets",
        Says.BORN_ON,
        PEOPLE,
        frozenset({Type.DATE}),
        words_of(r",?\s+\("),
        0.85,
        after=words_of(
            r"\s*[–—-]\s*\d|\s*[–—-]\s*(?:january|february|march|april|may|june|july|"
            r"august|september|october|november|december)"
        ),
    ),
)
