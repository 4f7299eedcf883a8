"""What is no name in a document, whatever the model says: headings, common words, things that are
counted, ships, titles of works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import VESSEL, by_own_words, is_placed
from pipeline.extraction.words import NAMES

TITLED = frozenset({MentionType.PERSON, MentionType.ORG})
QUOTES = frozenset('"“')
BEFORE_TITLE = (
    r"(?:(?<!\bas )|(?<=\bsuch as ))(?<!\baka )(?<!\bcalled )(?<!\bnamed )(?<!\bthe )[\"“]\s?"
)
COUNTED = re.compile(
    r"\b(?i:an?|two|three|four|five|six|seven|eight|nine|ten|several|\d{1,3})\s+([A-Z]{3,8}s?)"
    r"(?=[,.;)]|\s+(?:and|or|in|on|at|to|from|was|were)\b)"
)
SHIP = re.compile(VESSEL.pattern + r"([A-Z][a-z]+)\b(?!\s+(?:[A-Z]|d[eu] ))")


def names_only(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> list[Candidate]:
    """Leave out what the model took for a name and the document shows to be none."""
    cases = document.cases
    counts = Counter(document.of_span(candidate) for candidate in candidates)
    no_names = _things(document) | _ships(document)
    return [
        candidate
        for candidate in candidates
        if candidate.rank is not Rank.MODEL
        or candidate.type not in NAMES
        or not (
            cases.common(document.of_span(candidate))
            or document.of_span(candidate) in no_names
            or _seen_once(document, candidate, counts)
            or _stands_alone(document, candidate, counts)
            or _only_quoted(document, candidate, books)
        )
    ]


def _stands_alone(document: DocumentText, candidate: Candidate, counts: Mapping[str, int]) -> bool:
    """Say whether a span is all of a line of four words or more that comes nowhere else: a
    heading, or the links at the top of a page.
    """
    line = document.sentences[document.sentence_at(candidate.start)]
    words = document.of_span(candidate)
    whole = line[0] == candidate.start and line[1] <= candidate.end + 1
    return whole and len(words.split()) >= 4 and counts[words] == 1


def _seen_once(document: DocumentText, candidate: Candidate, counts: Mapping[str, int]) -> bool:
    """Say whether a candidate is an organisation of one ordinary word that the document names once,
    without an article: of ten such readings seven are wrong. Where a place stands it is one.
    """
    words = document.of_span(candidate)
    lone = words.isalpha() and not words.isupper() and counts[words] == 1
    article = document.text[max(0, candidate.start - 4) : candidate.start].lower() == "the "
    placed = is_placed(document.text, candidate.start, candidate.end)
    return candidate.type is MentionType.ORG and lone and not article and not placed


def _only_quoted(document: DocumentText, candidate: Candidate, books: NameBooks) -> bool:
    """Say whether what was read as a person or body stands in quotes all through the document:
    rather the title of a work ("Smoke Break"), unless the quotes say what something is called.
    """
    words = document.of_span(candidate)
    if candidate.type not in TITLED or " " not in words or by_own_words(words, books):
        return False
    if not QUOTES.intersection(document.text[max(0, candidate.start - 2) : candidate.start]):
        return False
    quoted = re.findall(rf"{BEFORE_TITLE}{re.escape(words)}\s?[,.]?\s?[\"”]", document.text)
    return 0 < len(quoted) == document.text.count(words)


def _things(document: DocumentText) -> frozenset[str]:
    """Collect the acronyms that the document counts like things ("a VBIED, two UAVs and an IED"):
    behind "a" or a number, with no noun after them.
    """
    return frozenset(match[1].removesuffix("s") for match in COUNTED.finditer(document.text))


def _ships(document: DocumentText) -> frozenset[str]:
    """Collect the names that the document itself gives to ships ("USS Cole")."""
    return frozenset(match[1] for match in SHIP.finditer(document.text))
