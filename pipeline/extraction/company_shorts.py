"""Companies by the first words of their names alone ("Castellan" of "Castellan Holdings Ltd.").

A model reads such a word as a person, a place or nothing. It is the company's unless the document
uses it for something else too: as a word, for a place, in somebody's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import without_written_form
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentence_starts import FINITE
from pipeline.engines.short_forms import WORD, distinctive_words
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.companies import MODEL
from pipeline.extraction.definitions import KINDS
from pipeline.extraction.evidence import IN_A_STATE, LOCATIVE, REACH, after_title
from pipeline.extraction.repetition import stands_free
from pipeline.extraction.words import (
    ADDRESSED,
    BARE_HEADS,
    LOOSE_WORDS,
    NOBODY,
    OFFICIAL,
    ORDINARY,
    PARTIES,
    PLACES,
)

NO_NAMES = ADDRESSED | BARE_HEADS | LOOSE_WORDS | NOBODY | OFFICIAL | ORDINARY | PARTIES
ACTS = re.compile(rf"\s+(?:then\s+|also\s+|never\s+)?{FINITE}")
SHARE_IN = re.compile(
    r"\b(?:shares?|stock|stakes?|interests?|investments?|invest(?:ed|ing|s)?|equity|holdings?|notes?"
    r"|bonds?|trust|confidence|partners?)\s+in\s+$"
)


def company_shorts(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield the places where the first words of a company's name stand for it."""
    words = {
        short
        for one in candidates
        if one.type is MentionType.ORG and (short := _short(document.of_span(one))) is not None
    }
    if not words:
        return
    around = {(one.start, one.end) for one in candidates}
    for short in sorted(words):
        places = [match.span() for match in re.finditer(rf"\b{re.escape(short)}\b", document.text)]
        if not _is_its_own(document, short, places, candidates, books):
            continue
        for start, end in places:
            inside = any(s <= start and end <= e and (s, e) != (start, end) for s, e in around)
            if not inside and stands_free(document, start, end, single=True):
                yield Candidate(start, end, MentionType.ORG, Rank.RULE, MODEL)


def _short(name: str) -> str | None:
    """Take the words that tell a company from others; None if the name has no legal form.

    Of a bank "Bank" says as much.
    """
    bare = without_written_form(name)
    if bare == name and not name.endswith(" Bank"):
        return None
    short = distinctive_words(bare)
    return short if short and len(short) > 2 and short[0].isupper() else None


def _is_its_own(
    document: DocumentText,
    short: str,
    places: Sequence[tuple[int, int]],
    candidates: Sequence[Candidate],
    books: NameBooks,
) -> bool:
    """Say whether nothing but the company goes by these words in a document."""
    words = {word.lower() for word in WORD.findall(short)}
    small: Mapping[str, int] = document.cases.small
    if all(word in NO_NAMES or word in KINDS or small.get(word) for word in words):
        return False
    if books.territory(short) is not None or books.is_title(short):
        return False
    if any(_is_somebody(document, one, short, words) for one in candidates):
        return False
    if any(after_title(document.text, start, books) for start, _ in places):
        return False
    read = {one.start for one in candidates if one.type in PLACES}
    return not _is_place(document.text, places, read, is_city=books.is_city(short))


def _is_place(
    text: str, places: Sequence[tuple[int, int]], read: Set[int], *, is_city: bool
) -> bool:
    """Say whether words name a place somewhere in a text, given where the model read one.

    It stands where a place would, or it is a city's name that does nothing as a company would.
    """
    for start, end in places:
        before = text[max(0, start - REACH) : start].replace("\n", " ")
        located = LOCATIVE.search(before) and not SHARE_IN.search(before)
        if (is_city or start in read) and (located or IN_A_STATE.match(text, end)):
            return True
    acting = any(ACTS.match(text, end) for _, end in places)
    return is_city and not acting and any(start in read for start, _ in places)


def _is_somebody(document: DocumentText, one: Candidate, short: str, words: set[str]) -> bool:
    """Say whether a candidate is a person with a word of a company's in the name: one word of
    more, or one that a rule found.
    """
    text = document.of_span(one)
    if one.type is not MentionType.PERSON or not words & {w.lower() for w in WORD.findall(text)}:
        return False
    return text != short or one.rank is not Rank.MODEL
