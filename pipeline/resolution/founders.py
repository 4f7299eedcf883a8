"""Surnames by which a company of the document is called too: "Dell" of Michael Dell and Dell Inc.

What such a word means is said by what stands around it, or by nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.resolution.name_keys import Key, follow
from pipeline.resolution.normal import GENERATION

PERSON, ORG = MentionType.PERSON, MentionType.ORG
HOLDINGS = r"(?:shares?|stocks?|stakes?|bonds?)"
STAFF = (
    r"(?:employees?|workers?|customers?|shareholders?|stockholders?|subsidiar(?:y|ies)|products?)"
)
COMPANY_BEFORE = re.compile(
    rf"\b(?:(?:{HOLDINGS}|{STAFF}|chief executive|CEO)\s+(?:of|in|at|from)"
    r"|joined|(?:works?|worked|working|job|jobs)\s+(?:at|for))\s+$",
    re.IGNORECASE,
)
COMPANY_AFTER = re.compile(
    rf"(?:['’]s)?\s+(?:{HOLDINGS}|{STAFF}|headquarters|spokes(?:man|woman|person))\b"
    r"|(?:\s+(?:now|also|then|currently))?\s+(?:employ(?:s|ed)|sells|makes|manufactures|produces"
    r"|ship(?:s|ped)|went public|filed for bankruptcy|reported\s+(?:an?\s+)?(?:\w+\s+)?"
    r"(?:profits?|loss(?:es)?|earnings|revenues?|sales))\b"
)
PERSON_AFTER = re.compile(
    r"['’]s\s+(?:wife|husband|widow|son|daughter|father|mother|parents|brother|sister|family"
    r"|death|childhood|lawyers?|attorneys?|testimony)\b"
    r"|(?:,\s+(?:now\s+|then\s+)?(?:\d\d\b|who\b))"
    r"|\s+(?:himself|herself|(?:was|is)\s+born|died|married|grew\s+up|graduated|testified"
    r"|resigned|retired|was\s+(?:arrested|convicted|sentenced|indicted))\b"
)
REACH = 60


def shared_surnames(keys: Iterable[Key], books: NameBooks) -> frozenset[str]:
    """Collect the surnames of the document's people that a company's name begins with."""
    surnames, heads = set(), set()
    for type_, normal in dict.fromkeys(keys):
        words = normal.split()
        if type_ is PERSON and len(words) > 1:
            surnames.add([word for word in words if word not in GENERATION or word == words[0]][-1])
        elif type_ is ORG and len(words) > 1 and books.without_legal_form(normal) != normal:
            heads.add(words[0])
    return frozenset(surnames & heads)


def shared_meaning(
    key: Key, kind: MentionType | None, links: Mapping[Key, tuple[Key, str]]
) -> tuple[Key, str | None]:
    """Give what a mention of such a surname stands for, and the rule: what it is shown to be, by
    the links of that kind; if nothing shows it, itself alone.
    """
    return (key, None) if kind is None else follow((kind, key[1]), links)


def shown_around(text: str, start: int, end: int) -> MentionType | None:
    """Tell whether a word at a span is a person or a company, by what stands right beside it; None
    if that does not say.
    """
    if PERSON_AFTER.match(text, end):
        return PERSON
    before = text[max(0, start - REACH) : start]
    return ORG if COMPANY_BEFORE.search(before) or COMPANY_AFTER.match(text, end) else None
