"""The table of patterns that stand in the words between two neighbouring mentions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    LITIGANTS,
    OFFICERS,
)
from pipeline.relationships.pattern import (
    ACTORS,
    BODIES,
    ORGS,
    PEOPLE,
    Types,
)
from pipeline.relationships.wording import (
    ABBREVIATED,
    ANY_TITLE,
    AREA,
    ARTICLE,
    BOTH,
    COUNSEL_WORD,
    LEADER_TITLE,
    LEADING,
    NO_PLACE_WHERE,
    NUMBER,
    OF,
    RANKS,
    SOLDIER,
    STAFF_TITLE,
    WORKERS,
    at_college,
    full_name,
    is_service,
    is_site,
    place_in,
    titles,
    words_of,
)

PLACE_RULE = "place, region"
_PLACES: Types = frozenset({Type.GPE, Type.LOC, Type.FAC})


@dataclass(frozen=True)
class Between:
    """Two types with an expression that matches all of the text between them.

    `before` must match up to the first mention, `after` from the end of the second; `reverse`
    makes the second mention the subject. `also` is a further test of the pair.
    """

    rule: str
    predicate: Says
    first: Types
    second: Types
    words: re.Pattern[str]
    score: float = 0.85
    reverse: bool = False
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    also: Callable[[Mention, Mention], bool] | None = None


PATTERNS: tuple[Between, ...] = (
    Between(
        "title before name",
        Says.LEADS,
        BODIES,
        PEOPLE,
        words_of(rf"(?:['’]s?)?\s+{titles(LEADING - RANKS)}{AREA}\s*,?\s+"),
        reverse=True,
        before=NO_PLACE_WHERE,
    ),
    Between(
        "title before name",
        Says.EMPLOYED_BY,
        BODIES,
        PEOPLE,
        words_of(rf"(?:['’]s?)?\s+{titles(WORKERS | RANKS)}{AREA}\s*,?\s+"),
        reverse=True,
        before=NO_PLACE_WHERE,
    ),
    Between(
        "rank before name",
        Says.MEMBER_OF,
        ORGS,
        PEOPLE,
        words_of(rf"\s+{SOLDIER}\s+"),
        reverse=True,
        also=is_service,
    ),
    Between(
        "contact",
        Says.EMPLOYED_BY,
        PEOPLE,
        ORGS,
        words_of(r"\s+(?:at|with|of)\s+(?:the\s+)?"),
        0.7,
        before=words_of(
            r"(?s:.*)\b(?:call|contact|e-?mail|reach|forward\s+\w+\s+to)\s+(?:(?:mr|ms|mrs|dr)\.\s+)?"
        ),
    ),
    Between(
        "title of body before name",
        Says.LEADS,
        ORGS,
        PEOPLE,
        words_of(rf"{ABBREVIATED},?\s+"),
        reverse=True,
        before=words_of(rf"(?s:.*)\b{LEADER_TITLE}\s+{OF}"),
        score=0.75,
        also=full_name,
    ),
    Between(
        "title after name",
        Says.LEADS,
        PEOPLE,
        BODIES,
        words_of(rf",\s+{ARTICLE}{BOTH}{LEADER_TITLE}\s+{OF}"),
        0.9,
    ),
    Between(
        "title after name",
        Says.EMPLOYED_BY,
        PEOPLE,
        BODIES,
        words_of(rf",\s+{ARTICLE}{BOTH}{STAFF_TITLE}\s+{OF}"),
        0.9,
    ),
    Between(
        "body's title after name",
        Says.LEADS,
        PEOPLE,
        BODIES,
        words_of(r",\s+(?:the\s+)?"),
        after=words_of(rf"(?:['’]s?)?\s+{LEADER_TITLE}\b"),
    ),
    Between(
        "body's title after name",
        Says.EMPLOYED_BY,
        PEOPLE,
        BODIES,
        words_of(r",\s+(?:the\s+)?"),
        after=words_of(rf"(?:['’]s?)?\s+{titles(WORKERS - OFFICERS)}\b"),
    ),
    Between(
        "signature",
        Says.EMPLOYED_BY,
        PEOPLE,
        ORGS,
        words_of(rf"\s*[,\n]\s*(?-i:(?=[A-Z])){ANY_TITLE}\s*[,\n]\s*"),
        0.75,
    ),
    Between(
        "counsel for",
        Says.REPRESENTS,
        PEOPLE,
        ACTORS,
        words_of(
            r",?\s+(?:esq(?:uire)?\.?[,;]?\s+)?(?:(?-i:[A-Z])[\w. ]*,\s+(?-i:[A-Z])[\w.]*[,;]\s+)?"
            rf"(?:(?:{COUNSEL_WORD}),?\s+(?:for|on\s+behalf\s+of)|on\s+behalf\s+of)\s+"
            rf"(?:the\s+)?(?:(?:{'|'.join(sorted(LITIGANTS))})s?,?\s+)?"
        ),
    ),
    Between(
        "on behalf of",
        Says.REPRESENTS,
        ACTORS,
        PEOPLE,
        words_of(r",\s+"),
        reverse=True,
        before=words_of(r"(?s:.*)\bon\s+behalf\s+of\s+(?:the\s+)?"),
        score=0.75,
    ),
    Between(
        "counsel for before name",
        Says.REPRESENTS,
        ACTORS,
        PEOPLE,
        words_of(r",\s+"),
        reverse=True,
        before=words_of(rf"(?s:.*)\b(?:{COUNSEL_WORD})\s+(?:for|to)\s+(?:the\s+)?"),
        after=words_of(r","),
    ),
    Between(
        "founder of before name",
        Says.FOUNDED,
        ORGS,
        PEOPLE,
        words_of(r",?\s+"),
        reverse=True,
        before=words_of(r"(?s:.*)\b(?:co-?)?founder\s+of\s+(?:the\s+)?"),
        score=0.75,
        also=full_name,
    ),
    Between(
        "party in case",
        Says.PARTY_TO,
        ACTORS,
        frozenset({Type.DOCKET, Type.CITATION}),
        words_of(
            rf",?\s+(?:(?:is|was)\s+)?{ARTICLE}(?:{'|'.join(sorted(LITIGANTS))})"
            rf"\s+in\s+{NUMBER}"
        ),
    ),
    Between(
        "caption",
        Says.SUED,
        ACTORS,
        ACTORS,
        words_of(r",?(?:\s+et\s+al\.?,?)?\s+(?:v\.?|vs\.?|versus)\s+"),
    ),
    Between(
        PLACE_RULE,
        Says.LOCATED_IN,
        _PLACES,
        frozenset({Type.GPE}),
        words_of(r"\s*,\s+"),
        also=place_in,
        before=words_of(r"(?s:.*)(?<!\),\s)"),
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
