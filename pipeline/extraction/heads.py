"""The people and addresses in the head of a mail."""

from __future__ import annotations

import re

from pipeline.documents import HeaderSpan, MentionType
from pipeline.engines.name_books import NameBooks, fold
from pipeline.extraction.candidates import Candidate, Rank
from pipeline.extraction.repair import trim
from pipeline.extraction.words import DESK, PARTICLES

MODEL = "mail header"
NAME_WORD = re.compile(r"[^\W\d_][^\W\d_.'’-]*(?:[.'’-][^\W\d_]*)*,?")


def header_candidate(head: HeaderSpan, text: str, books: NameBooks) -> Candidate | None:
    """Make the candidate of a header's span: an address, a person, else an organisation.

    None for a span that is empty once quotes are left out.
    """
    words = text[head.start : head.end]
    type_ = MentionType.EMAIL if "@" in words else _kind(words, books)
    candidate = Candidate(head.start, head.end, type_, Rank.HEADER, MODEL, role=head.role)
    return trim(text, candidate, books)


def _kind(words: str, books: NameBooks) -> MentionType:
    """Tell a person's name from that of a desk or a list by its form."""
    name = words.strip(" \t\"'<>")
    parts = name.split()
    known = [part.strip(",.").lower() for part in parts]
    person = (
        2 <= len(parts) <= 5
        and all(NAME_WORD.fullmatch(part) for part in parts)
        and all(part[0].isupper() or part in PARTICLES for part in parts)
        and not DESK.intersection(known)
        and not books.has_legal_form(name)
        and books.territory(fold(name)) is None
    )
    # A mailbox of one small word ("rjsmith") is a person's more often than not.
    mailbox = len(parts) == 1 and not DESK.intersection(known) and name.islower()
    return MentionType.PERSON if person or mailbox else MentionType.ORG
