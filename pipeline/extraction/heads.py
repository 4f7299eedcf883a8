"""The people and addresses in the head of a mail, and in heads that its text quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.documents import HeaderSpan, MentionType
from pipeline.engines.letters import fold
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.repair import trim
from pipeline.extraction.words import DESK, PARTICLES

MODEL = "mail header"
NAME_WORD = re.compile(r"[^\W\d_][^\W\d_.'’-]*(?:[.'’-][^\W\d_]*)*,?")
ADDRESS = r"[<\[](?:mailto:)?[^\s<>\[\]@]{1,64}@[^\s<>\[\]@]{1,255}[>\]]"
# "Lee, Ann" <ann@acme.com>: the quotes say how far the name reaches.
QUOTED_NAME = re.compile(rf"[\"“]([^\"“”<>\[\]\n]{{2,60}})[\"”]\s{{0,2}}{ADDRESS}")
HEAD_LINE = re.compile(r"^[>|\s]*\*?(?:From|To|Cc|Bcc|Reply-To|Sender):\*?[^\n]*", re.MULTILINE)
NAME_IN_LINE = re.compile(rf"(?<=[:;>\]])[,\s]*([^\W\d_][^:;<>\[\]\"“”\n]{{1,60}}?)\s*{ADDRESS}")


def shown_names(document: DocumentText, books: NameBooks) -> Iterator[Candidate]:
    """Yield the names that stand before an address in a text: in quotes anywhere, and without
    them in the lines of a head that was quoted or forwarded.
    """
    text = document.text
    spans = [match.span(1) for match in QUOTED_NAME.finditer(text)]
    for line in HEAD_LINE.finditer(text):
        spans += [match.span(1) for match in NAME_IN_LINE.finditer(text, *line.span())]
    for start, end in spans:
        words = text[start:end]
        if "@" in words or not document.in_one_sentence(start, end):
            continue
        shown = Candidate(start, end, _kind(words, books), Rank.HEADER, MODEL)
        if (candidate := trim(text, shown, books)) is not None:
            yield candidate


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
