"""Words between parties, spouses, owners, and those who stand for them."""

from __future__ import annotations

from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    LITIGANTS,
    SPOUSES,
)
from pipeline.relationships.pattern import (
    ACTORS,
    ORGS,
    PEOPLE,
)
from pipeline.relationships.surface import Between
from pipeline.relationships.wording import (
    ARTICLE,
    COUNSEL_WORD,
    HONORIFIC,
    NUMBER,
    full_name,
    words_of,
)

PARTIES: tuple[Between, ...] = (
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
        before=words_of(rf"(?s:.*)\b(?:{COUNSEL_WORD})s?\s+(?:for|to)\s+(?:the\s+)?"),
        after=words_of(r","),
    ),
    Between(
        "counsel for: name",
        Says.REPRESENTS,
        ACTORS,
        PEOPLE,
        words_of(rf"(?:\s*:|\s+(?:is|was))\s+{HONORIFIC}"),
        reverse=True,
        before=words_of(
            rf"(?s:.*)\b(?:{COUNSEL_WORD})s?\s+(?:for|to)\s+(?:the\s+)?"
            rf"(?:(?:{'|'.join(sorted(LITIGANTS))})s?,?\s+)?"
        ),
    ),
    Between(
        "for the party",
        Says.REPRESENTS,
        PEOPLE,
        ACTORS,
        words_of(rf",?\s+for\s+(?:the\s+)?(?:{'|'.join(sorted(LITIGANTS))})s?,?\s+"),
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
        words_of(
            rf",?(?:\s+et\s+al\.?,?)?(?:\s+(?:{'|'.join(sorted(LITIGANTS))})s?"
            rf"(?:[-/](?:{'|'.join(sorted(LITIGANTS))})s?)?,?)?\s+(?:v\.?|vs\.?|versus)\s+"
            r"(?:the\s+)?"
        ),
        before=words_of(r"(?s:.*)(?<![\"“‘])(?<![\"“‘]\s)"),
    ),
    Between(
        "owned before name",
        Says.OWNS,
        ORGS,
        ORGS,
        words_of(r"-(?:owned|controlled)\s+"),
        0.8,
    ),
    Between(
        "agreement between",
        Says.PARTY_TO,
        frozenset({Type.LAW}),
        ACTORS,
        words_of(
            r"[^.;]{0,60}\s(?:between|among)\s+(?:the\s+)?"
            r"(?:[^.;]{2,60}(?:,|,?\s+and)\s+(?:the\s+)?)?"
        ),
        0.75,
        reverse=True,
    ),
    Between(
        "and his wife",
        Says.MARRIED_TO,
        PEOPLE,
        PEOPLE,
        words_of(
            r"(?:,\s+\d\d,)?\s+and\s+(?:his|her)\s+(?:late\s+|former\s+|ex-)?"
            rf"(?:{'|'.join(sorted(SPOUSES))}),?\s+"
        ),
    ),
    Between(
        "husband and wife",
        Says.MARRIED_TO,
        PEOPLE,
        PEOPLE,
        words_of(r"\s+and\s+"),
        after=words_of(r",?\s+(?:(?:were|are)\s+)?(?:husband\s+and\s+wife|a\s+married\s+couple)"),
    ),
    Between(
        "league's club",
        Says.MEMBER_OF,
        ORGS,
        ORGS,
        words_of(r"\s+(?:club|team|side|member|affiliate\s+member|franchise)s?\s+"),
        0.7,
        reverse=True,
    ),
)
