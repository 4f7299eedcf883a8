"""Whom a letter addresses and who signs it: "Dear Bob,", "Regards, Jane Doe", "/s/ Jane Doe"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.repair import CLOSE, GREETING, trim
from pipeline.extraction.words import ADDRESSED, CROWDS, DESK, NOBODY

MODEL = "letter form"
LINE = r"(?:^|(?<=[\n\r]))[ \t>]*"
CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w.’'-]*"
NAME = rf"{CAPITAL}(?:[ \t]+(?:(?:de|van|von|der|al|bin|la|di|del)[ \t]+)*{CAPITAL}){{0,4}}"
SALUTATION = re.compile(
    rf"{LINE}{GREETING}(?P<names>{NAME}(?:(?:,|[ \t]+and|[ \t]+&)[ \t]+{NAME}){{0,3}})"
    r"[ \t]*(?:[,:;!]|[–—-]|(?=[\r\n]|$))"
)
SIGNED = re.compile(
    rf"{LINE}(?:{CLOSE})[,.!]?[ \t]*(?:\r?\n[ \t>]*){{1,6}}(?:/s/[ \t]*)?(?P<names>{NAME})"
    r"[ \t]*(?=,|[\r\n]|$)"
    rf"|/s/[ \t]*(?:\r?\n[ \t>_]*)?(?P<signature>{NAME})[ \t]*(?=[,;]|[\r\n]|$)"
)
PART = re.compile(rf"(?:^|(?:,|[ \t]and|[ \t]&)[ \t]+)({NAME})")
WORD = re.compile(r"[^\W\d_]+")


def correspondents(document: DocumentText, books: NameBooks) -> Iterator[Candidate]:
    """Yield the people that a letter's salutation and its signature name."""
    for pattern in (SALUTATION, SIGNED):
        for match in pattern.finditer(document.text):
            group = "names" if match["names"] else "signature"
            for name in PART.finditer(match[group]):
                start, end = (match.start(group) + at for at in name.span(1))
                person = trim(
                    document.text,
                    Candidate(start, end, MentionType.PERSON, Rank.RULE, MODEL),
                    books,
                )
                if person is not None and _is_person(document, person, books):
                    yield person


def _is_person(document: DocumentText, person: Candidate, books: NameBooks) -> bool:
    """Say whether a name there is one person's, and no desk's, crowd's or company's."""
    words = document.of_span(person)
    known = {word.lower() for word in WORD.findall(words)}
    nobody = known & (ADDRESSED | CROWDS | DESK | NOBODY)
    return (
        bool(known)
        and max(map(len, known)) > 1
        and not nobody
        and not books.has_legal_form(words)
        and not books.is_title(words)
        and books.territory(words) is None
        and document.in_one_sentence(person.start, person.end)
    )
