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
from pipeline.engines.letters import fold
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.definitions import THING, Kind, defined, is_work
from pipeline.extraction.evidence import (
    after_title,
    by_neighbours,
    by_own_words,
    in_a_place,
    is_acronym,
    is_language,
)
from pipeline.extraction.no_names import TITLED, names_only
from pipeline.extraction.words import BARE_HEADS, DESK, GIVEN, HEADS, NAMES, PLACES, SOUGHT

INNER_APOSTROPHE = re.compile(r"(?<=\w)['’‘](?=\w)")
PERSONAL = re.compile(r"[A-Z][a-z]+(?:[ -](?:[A-Z]\.|[A-Z][A-Za-z’'-]*[a-z])){1,3}")
GENERATION_AT_END = re.compile(r"(?<=\S)\s+(?:[js]r\.?|i{2,3}|iv)$", re.IGNORECASE)
# What the model calls a surname that stands alone. A city's name is rather the city's.
TAKEN_FOR_SURNAMES = frozenset(
    {MentionType.ORG, MentionType.NORP, MentionType.LOC, MentionType.FAC}
)
DOUBTED = frozenset({MentionType.PERSON, MentionType.ORG, MentionType.NORP})
# What the words around a name count against one reading of the model's, what a definition of it,
# and what a rule's word: the latter more than all readings of a document.
TOLD, DEFINED, RULED = 3, 1_000_000, 1_000_000_000
# The subtype of a country's adjective ("German"): it names the country, but is no party to a fact.
ADJECTIVE = "adjective"
# Heads that are surnames too, and of no body: what was read as one is the place.
OF_PLACES: Mapping[str, MentionType] = {
    "bridge": MentionType.FAC, "palace": MentionType.FAC, "road": MentionType.FAC,
    "street": MentionType.FAC, "tower": MentionType.FAC, "creek": MentionType.LOC,
}  # fmt: skip
# Bodies that rigour has among its territories.
BODIES = frozenset({"united nations", "european union"})
LISTED = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+")


def surname_of(name: str) -> str:
    """Take the surname of a person's full name, also where it comes first ("Smith, Robert")."""
    return GENERATION_AT_END.sub("", name.partition(",")[0]).split()[-1]


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
    kept = names_only(document, candidates, books)
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
            and books.nation(document.of_span(candidate)) is not None
            and not is_language(document.text, candidate.start, candidate.end)
        ):
            yield replace(candidate, type=MentionType.GPE, subtype=ADJECTIVE)
        elif isinstance(kind, MentionType):
            # What kind of its type it is holds for that type alone.
            subtype = candidate.subtype if kind is candidate.type else None
            yield replace(candidate, type=kind, subtype=subtype)


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
                type_, weight = MentionType.PERSON, TOLD
            votes[_key(words)][type_] += weight
            forms[_key(words)].add(words)
    decided = {name: _decide(name, forms[name], counts, books) for name, counts in votes.items()}
    for name in (form for known in forms.values() for form in known):
        company = _key(without_written_form(name))
        if company in decided and company != _key(name) and not books.territory(company):
            decided[company] = MentionType.ORG
    _settle_people(decided, votes, forms, books)
    return decided


def _settle_people(
    decided: dict[str, Kind],
    votes: Mapping[str, Mapping[Kind, int]],
    forms: Mapping[str, Iterable[str]],
    books: NameBooks,
) -> None:
    """Make full names and surnames agree, in place: one is a person's where the other is, unless
    more is known of it.
    """
    for name in list(decided):
        guessed = decided[name] is MentionType.ORG and votes[name][MentionType.ORG] < TOLD
        person = decided.get(name.partition(" ")[2]) is MentionType.PERSON
        if guessed and person and _may_be_persons(name, forms[name], books):
            decided[name] = MentionType.PERSON
    for name, kind in list(decided.items()):
        surname = surname_of(name)
        if kind is MentionType.PERSON and surname != name and surname in decided:
            certain = votes[name][kind] >= DEFINED and books.territory(surname) is None
            known = books.territory(surname) is not None or books.is_city(surname)
            guessed = decided[surname] is MentionType.GPE and not known
            if decided[surname] in TAKEN_FOR_SURNAMES or guessed or certain:
                decided[surname] = MentionType.PERSON


def _may_be_persons(name: str, forms: Iterable[str], books: NameBooks) -> bool:
    """Say whether a name of two words may be a person's, given how the document writes it."""
    first = name.partition(" ")[0]
    of_body = first in DESK or any(first in heads for heads in HEADS.values())
    personal = all(PERSONAL.fullmatch(form) for form in forms)
    return personal and not of_body and by_own_words(name, books) is None


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
        return MentionType.GPE, TOLD
    around = None if candidate.type is MentionType.NORP else _around(document, candidate, books)
    if around is not None:
        return around, TOLD
    like_people = candidate.type is MentionType.ORG and _like_people(document, candidate, books)
    return MentionType.PERSON if like_people else candidate.type, 1


def _around(document: DocumentText, candidate: Candidate, books: NameBooks) -> Kind | None:
    """Say what stands around one mention tells of its name; None if it tells nothing."""
    text, start, end = document.text, candidate.start, candidate.end
    if is_work(text, start, end, candidate.type):
        return THING
    around = by_neighbours(text, start, end, candidate.type, books)
    if around is None and candidate.type is MentionType.ORG and _titled(document, candidate, books):
        return MentionType.PERSON
    return around


def _like_people(document: DocumentText, candidate: Candidate, books: NameBooks) -> bool:
    """Say whether a name of two or three words, without an article, begins with a given name in
    wide use.
    """
    words = document.of_span(candidate)
    parts = words.split()
    return (
        parts[0].lower() in GIVEN
        and 2 <= len(parts) <= 3
        and PERSONAL.fullmatch(words) is not None
        and by_own_words(words, books) is None
        and parts[-1].lower() not in BARE_HEADS | DESK
        and not books.is_city(words)
        and document.text[max(0, candidate.start - 4) : candidate.start].lower() != "the "
    )


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
    known = _known(name, most, votes, books)
    if known is None and all(map(is_acronym, forms)):
        known = MentionType.ORG
    return known or own or most


def _known(name: str, most: Kind, votes: Mapping[Kind, int], books: NameBooks) -> Kind | None:
    """Tell a name's type from what is known of it and of its head in general, given what most
    readings say; None if nothing is.
    """
    placed = sum(votes.get(place, 0) for place in PLACES)
    if most in TITLED and 0 < votes[most] <= placed and books.is_city(name):
        return MentionType.GPE
    if name in BODIES:
        return MentionType.ORG
    if books.territory(name) is not None:
        return MentionType.GPE if MentionType.GPE in votes or most in SOUGHT else most
    of_two = most is MentionType.ORG and name.count(" ") == 1
    return OF_PLACES.get(name.rpartition(" ")[2]) if of_two else None
