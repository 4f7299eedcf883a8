"""One document, one opinion: the same words mean the same thing all through a document.

A model reads each sentence for itself and calls the same name a person here, an organisation
there, and nothing in the next line. Taken together its readings are better than each alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import without_written_form
from pipeline.engines.name_books import NameBooks, fold
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.definitions import THING, Kind, defined, is_work
from pipeline.extraction.evidence import (
    VESSEL,
    after_title,
    by_neighbours,
    by_own_words,
    in_a_place,
    is_acronym,
    is_language,
)
from pipeline.extraction.words import NAMES, PLACES, SOUGHT

INNER_APOSTROPHE = re.compile(r"(?<=\w)['’‘](?=\w)")
PERSONAL = re.compile(r"[A-Z][a-z]+(?:[ -](?:[A-Z]\.|[A-Z][A-Za-z’'-]*[a-z])){1,3}")
GENERATION_AT_END = re.compile(r"(?<=\S)\s+(?:[js]r\.?|i{2,3}|iv)$", re.IGNORECASE)
# What the model calls a surname that stands alone. A city's name is rather the city's.
TAKEN_FOR_SURNAMES = frozenset(
    {MentionType.ORG, MentionType.NORP, MentionType.LOC, MentionType.FAC}
)
DOUBTED = frozenset({MentionType.PERSON, MentionType.ORG, MentionType.NORP})
# What a definition of a name counts, and what a rule's word: more than all readings of a document.
DEFINED, RULED = 1_000_000, 1_000_000_000
TITLED = frozenset({MentionType.PERSON, MentionType.ORG})
# The subtype of a country's adjective ("German"): it names the country, but is no party to a fact.
ADJECTIVE = "adjective"
QUOTES = frozenset('"“')
BEFORE_TITLE = (
    r"(?:(?<!\bas )|(?<=\bsuch as ))(?<!\baka )(?<!\bcalled )(?<!\bnamed )(?<!\bthe )[\"“]\s?"
)
LISTED = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+")
COUNTED = re.compile(
    r"\b(?i:an?|two|three|four|five|six|seven|eight|nine|ten|several|\d{1,3})\s+([A-Z]{3,8}s?)"
    r"(?=[,.;)]|\s+(?:and|or|in|on|at|to|from|was|were)\b)"
)
SHIP = re.compile(VESSEL.pattern + r"([A-Z][a-z]+)\b(?!\s+(?:[A-Z]|d[eu] ))")


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
    without an article: of ten such readings seven are wrong.
    """
    words = document.of_span(candidate)
    lone = words.isalpha() and not words.isupper() and counts[words] == 1
    article = document.text[max(0, candidate.start - 4) : candidate.start].lower() == "the "
    return candidate.type is MentionType.ORG and lone and not article


def surname_of(name: str) -> str:
    """Take the surname of a person's full name, also where it comes first ("Smith, Robert")."""
    return GENERATION_AT_END.sub("", name.partition(",")[0]).split()[-1]


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


def _without_common_words(document: DocumentText, candidate: Candidate) -> Candidate:
    """Leave out common words at either end of a person's name ("Describe Einstein")."""
    if candidate.rank is not Rank.MODEL or candidate.type is not MentionType.PERSON:
        return candidate
    words = list(re.finditer(r"\S+", document.of_span(candidate)))
    first, last = 0, len(words)
    while last - first > 1 and document.cases.common(words[first][0]):
        first += 1
    while last - first > 1 and document.cases.common(words[last - 1][0]):
        last -= 1
    start = candidate.start
    return replace(candidate, start=start + words[first].start(), end=start + words[last - 1].end())


def agree(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> list[Candidate]:
    """Give each name one type all through the document, and drop common words."""
    cases = document.cases
    counts = Counter(document.of_span(candidate) for candidate in candidates)
    no_names = _things(document) | _ships(document)
    kept = [
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
    kept = [_without_common_words(document, candidate) for candidate in kept]
    types = _types(document, kept, books)
    return list(_retyped(document, kept, types, books))


def _retyped(
    document: DocumentText,
    candidates: Iterable[Candidate],
    types: Mapping[str, Kind],
    books: NameBooks,
) -> Iterator[Candidate]:
    """Yield the candidates, the model's with their names' types; not those that name a thing.

    The adjective of a country names the country ("a German firm"), but where it is a language.
    """
    for candidate in candidates:
        if candidate.rank is not Rank.MODEL or candidate.type not in NAMES:
            yield candidate
            continue
        kind = types[_key(document.of_span(candidate))]
        if (
            kind is MentionType.NORP
            and books.nation(document.of_span(candidate))
            and not is_language(document.text, candidate.start, candidate.end)
        ):
            yield replace(candidate, type=MentionType.GPE, subtype=ADJECTIVE)
        elif isinstance(kind, MentionType):
            yield replace(candidate, type=kind)


def _among_people(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> frozenset[int]:
    """Find where what was read as an organisation stands in a list of people: of three names or
    more, all others are persons'.
    """
    chains: list[list[Candidate]] = []
    for candidate in sorted(candidates, key=lambda one: one.start):
        joined = chains and LISTED.fullmatch(document.text[chains[-1][-1].end : candidate.start])
        if joined:
            chains[-1].append(candidate)
        else:
            chains.append([candidate])
    return frozenset(
        one.start
        for chain in chains
        for one in chain
        if one.type is MentionType.ORG
        and PERSONAL.fullmatch(document.of_span(one))
        and by_own_words(document.of_span(one), books) is None
        and len(chain) > 2
        and all(other is one or other.type is MentionType.PERSON for other in chain)
    )


def _types(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> dict[str, Kind]:
    """Decide the type of each name: what is known of it, else what most readings say."""
    votes: dict[str, Counter[Kind]] = defaultdict(Counter)
    forms: dict[str, set[str]] = defaultdict(set)
    among_people = _among_people(document, candidates, books)
    for candidate in candidates:
        if candidate.type in NAMES:
            words = document.of_span(candidate)
            type_, weight = _reading(document, candidate, books)
            if candidate.start in among_people and weight < DEFINED:
                type_, weight = MentionType.PERSON, 3
            votes[_key(words)][type_] += weight
            forms[_key(words)].add(words)
    decided = {name: _decide(name, forms[name], counts, books) for name, counts in votes.items()}
    for name in (form for known in forms.values() for form in known):
        company = _key(without_written_form(name))
        if company in decided and company != _key(name) and not books.territory(company):
            decided[company] = MentionType.ORG
    for name, kind in list(decided.items()):
        surname = surname_of(name)
        if kind is MentionType.PERSON and surname != name and surname in decided:
            certain = votes[name][kind] >= DEFINED and books.territory(surname) is None
            known = books.territory(surname) is not None or books.is_city(surname)
            guessed = decided[surname] is MentionType.GPE and not known
            if decided[surname] in TAKEN_FOR_SURNAMES or guessed or certain:
                decided[surname] = MentionType.PERSON
    return decided


def _reading(document: DocumentText, candidate: Candidate, books: NameBooks) -> tuple[Kind, int]:
    """Say what one mention makes of its name, and how much that counts."""
    if candidate.rank is not Rank.MODEL:
        return candidate.type, RULED
    text, start, end = document.text, candidate.start, candidate.end
    if books.territory(text[start:end]):
        return candidate.type, 1
    kind = None if candidate.type is MentionType.NORP else defined(text, start, end)
    if kind is not None:
        return kind, DEFINED
    if candidate.type in DOUBTED and in_a_place(text, start, end, candidate.type, books):
        return MentionType.GPE, 3
    if candidate.type is MentionType.NORP:
        return candidate.type, 1
    around: Kind | None = THING if is_work(text, start, end) else None
    around = around or by_neighbours(text, start, end, candidate.type, books)
    if around is None and candidate.type is MentionType.ORG:
        around = MentionType.PERSON if _titled(document, candidate, books) else None
    return (candidate.type, 1) if around is None else (around, 3)


def _titled(document: DocumentText, candidate: Candidate, books: NameBooks) -> bool:
    """Say whether what was read as an organisation has the form of a person's name, and a title."""
    words = document.of_span(candidate)
    return (
        PERSONAL.fullmatch(words) is not None
        and by_own_words(words, books) is None
        and after_title(document.text, candidate.start, books)
    )


def _key(words: str) -> str:
    """Fold a name, apostrophes inside words left out: they come and go ("Da'esh", "Daesh")."""
    return INNER_APOSTROPHE.sub("", fold(words))


def _decide(name: str, forms: Iterable[str], votes: Mapping[Kind, int], books: NameBooks) -> Kind:
    """Decide one name's type: by what is known of it, by its own words, else by most votes."""
    most = max(votes, key=lambda kind: (votes[kind], kind is MentionType.GPE, str(kind)))
    own = by_own_words(name, books)
    if (most in PLACES and own in PLACES) or (own is MentionType.EVENT and most is MentionType.ORG):
        return own
    if votes[most] >= DEFINED or (most is MentionType.NORP and not all(map(is_acronym, forms))):
        return most
    if books.territory(name) is not None:
        return MentionType.GPE if MentionType.GPE in votes or most in SOUGHT else most
    if all(map(is_acronym, forms)):
        return MentionType.ORG
    return own or most
