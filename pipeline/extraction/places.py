"""Places that the model overlooked: those that everybody knows, and roads that go by a number."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import in_a_place
from pipeline.extraction.words import LOOSE_WORDS

MODEL = "known place"
CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w'’-]*[^\W\d_]"
RUN = re.compile(rf"(?<![\w.@/-]){CAPITAL}(?: (?:(?:and|of|the) ){{0,2}}{CAPITAL})*(?![\w@/-])")
SHORTEST = 4
SHORT = frozenset({"US", "UK"})
ROAD = re.compile(
    r"\b(?:(?:[A-Z]\w+|U\.\s?S\.|US)\s)?(?:(?:State|County|Trunk|National|Provincial|Federal)\s)?"
    r"(?:Route|Highway|Interstate|Autobahn|Motorway|Expressway)\s[A-Z]?\d{1,4}[A-Z]?\b"
    r"(?![.,:]\d|\s?%|-\d)"
)


def unseen_places(
    document: DocumentText, standing: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield the places that no candidate covers: countries and their parts anywhere, and cities
    where a place would stand.
    """
    taken = [(one.start, one.end) for one in standing]
    for run in RUN.finditer(document.text):
        start, end = _without_loose_word(run)
        words = document.text[start:end]
        at = bisect_left(taken, (start, end))
        covered = (at < len(taken) and taken[at][0] < end) or (at > 0 and taken[at - 1][1] > start)
        if covered or not (_may_be_place(document, words) and document.in_one_sentence(start, end)):
            continue
        known = books.territory(words) is not None
        # A city's name counts as where the model saw a person: many are both.
        if known or in_a_place(document.text, start, end, MentionType.PERSON, books):
            yield Candidate(start, end, MentionType.GPE, Rank.REPEATED, MODEL)


def _may_be_place(document: DocumentText, words: str) -> bool:
    """Say whether words are long enough for a known place, and no word that the document writes
    small too.
    """
    if words in SHORT:
        return True
    return len(words) >= SHORTEST and not document.cases.small.get(words.lower())


def _without_loose_word(match: re.Match[str]) -> tuple[int, int]:
    """Leave out a word at the head of a sentence that begins no name ("In Malta")."""
    first, _, rest = match[0].partition(" ")
    loose = rest and first.lower() in LOOSE_WORDS
    return match.end() - len(rest.removeprefix("the ")) if loose else match.start(), match.end()


def roads(document: DocumentText) -> Iterator[Candidate]:
    """Yield roads that go by a number ("U.S. Route 20", "State Highway 9")."""
    for road in ROAD.finditer(document.text):
        start, end = _without_loose_word(road)
        if document.in_one_sentence(start, end):
            yield Candidate(start, end, MentionType.FAC, Rank.RULE, MODEL)
