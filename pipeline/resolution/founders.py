"""People's names by which a company of the document is called too: "Dell" of Michael Dell and Dell
Inc., John Rigby and John Rigby LLC. What stands around them says what they mean, or nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.name_marks import GENERATION
from pipeline.resolution.name_keys import Key, follow

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
    r"|,\s+(?:now\s+|then\s+)?(?:\d\d\b|who\b)"
    r"|,\s+(?:the\s+|its\s+|an?\s+)?(?:co-?)?(?:founder|chairman|president|chief\s+executive|CEO)\b"
    r"|\s+(?:himself|herself|(?:was|is)\s+born|died|married|grew\s+up|graduated|testified"
    r"|resigned|retired|was\s+(?:arrested|convicted|sentenced|indicted))\b"
)
REACH = 60


def shared_surnames(keys: Iterable[Key], books: NameBooks) -> frozenset[str]:
    """Collect the surnames of the document's people that a company's name begins with."""
    every = set(keys)
    people = [normal.split() for type_, normal in every if type_ is PERSON and " " in normal]
    surnames = {
        [word for word in words if word not in GENERATION or word == words[0]][-1]
        for words in people
    }
    return frozenset(surnames & {name.split()[0] for name in _companies(every, books)})


def namesakes(keys: Iterable[Key], books: NameBooks) -> frozenset[str]:
    """Collect the full names that companies of the document have too ("John Rigby LLC")."""
    return frozenset(name for name in _companies(set(keys), books) if " " in name)


def _companies(keys: Set[Key], books: NameBooks) -> Iterator[str]:
    """Yield the names with a legal form, without it."""
    for type_, normal in keys:
        bare = books.without_legal_form(normal) if type_ is ORG else normal
        if bare != normal:
            yield bare


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
