"""Names that the model cut short or overlooked, found by what the rest of the document says."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import without_written_form
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import (
    ACRONYM,
    BRACKETED_ACRONYM,
    initials_fit,
    introduced_forms,
    long_form_start,
)
from pipeline.extraction.agreement import surname_of
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import end_of_surname
from pipeline.extraction.words import LOOSE_WORDS, NUMBERED, PLACES, SOUGHT

NUMBER_WORDS = "One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve"
UNIT_NUMBER = re.compile(rf"\s(?:{NUMBER_WORDS}|[IVX]{{1,4}}|\d{{1,4}})\b(?![.,:]\d|\s?%|-)")
ACRONYM_NUMBER = re.compile(r"\b([A-Z]{2,5}) (\d{1,3})\b(?![.,:]\d|\s?%|-)")
PARTICLE_NAME = re.compile(
    r"\b[A-Z]\w+ (?:az|al|el|ez|ed|ad|as|ash|ar|an|at|de|del|della|di|da|dos|la|le|bin|ibn|bint|abu"
    r"|van|von|der|den|ter|ul|ur)(?: (?:der|den|la|los))?[ -][A-Z][a-z]\w*"
)
# An organisation's name that was cut behind its verb, and what the verb is about.
CUT_AT_VERB = re.compile(r"\sto\s[A-Z][a-z]+$")
OBJECT = re.compile(r"\s[A-Z]{2,7}\b(?!-)")
# Alone, "I" is rather the speaker, but where a sentence or a part of it ends.
ORDINAL = re.compile(
    r"\s(?:II{1,2}|IV|VI{0,3}|IX|XI{0,3}|XIV|XVI{0,3}|I(?=\s?[,.;:)\]]|\sof\s|\s?['’]s))\b(?!-)"
    r"|,?\s[JS]r\b\.?"
)
# "Acme-related": the name is whole before the hyphen.
JOINED_ON = re.compile(r"-[a-z]{4}")
TOKEN = re.compile(r"\w+")
# Bodies of which there are several under one name, and what a dash adds to one of them.
DIVIDED = frozenset({"university", "college", "school", "hospital", "force", "campus", "command"})
DASHED = re.compile(
    r"\s[–-]\s((?:[A-Z]\w*[a-z]\w*)(?:\s[A-Z]\w*[a-z]\w*){0,2}?)"
    r"(?=\s(?:[Cc]ommand|[Ss]pokes|[Pp]resident|[a-z(])|[.,;:)(]|\s*[\n\r]|$)(?!\s[–-])"
)
AND_THE = re.compile(r"\s+and\s+the\s+")
# Types whose names contracts and pleadings give a word of their own ("the Company").
DEFINABLE = frozenset({MentionType.PERSON, MentionType.ORG})


def repeated(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the places where a name stands that was recognised elsewhere in the document only.

    Names of several words, surnames of full names, acronyms, and single words that were seen
    twice. A single word counts only where no other capital touches it: it may be part of a
    longer name there.
    """
    sought = _sought(document, candidates)
    by_first: dict[str, list[tuple[str, Candidate]]] = defaultdict(list)
    for words, candidate in sorted(sought.items(), key=lambda item: (-len(item[0]), item[0])):
        if first := TOKEN.match(words):
            by_first[first[0]].append((words, candidate))
    text = document.text
    taken = {(candidate.start, candidate.end) for candidate in candidates}
    for token in TOKEN.finditer(text):
        for words, candidate in by_first.get(token[0], ()):
            end = token.start() + len(words)
            if not text.startswith(words, token.start()):
                continue
            if candidate.type is MentionType.PERSON and " " in words:
                whole = end_of_surname(text, end)
                if whole is None:
                    break
                end = whole
            if (token.start(), end) in taken:
                break
            if stands_free(document, token.start(), end, single=" " not in words):
                # A whole name outranks the parts that the model took for names.
                rank = Rank.MODEL if " " in words else Rank.REPEATED
                yield replace(candidate, start=token.start(), end=end, rank=rank, role=None)
                break


def _sought(document: DocumentText, candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """Collect the names worth looking for again, each with one candidate that bears it: also the
    surnames of people, and companies' names without their legal form.
    """
    counts = Counter(document.of_span(candidate) for candidate in candidates)
    bearers: dict[str, Candidate] = {}
    for candidate in candidates:
        words = document.of_span(candidate)
        if candidate.type not in SOUGHT:
            continue
        named = candidate.rank is Rank.RULE and candidate.subtype is None
        often = counts[words] > 1 or _tells(document, candidate, words)
        if " " in words or often or named or ACRONYM.fullmatch(words):
            bearers.setdefault(words, candidate)
        if candidate.type is MentionType.PERSON and " " in words:
            surname = surname_of(words)
            if len(surname) > 2 and surname.isalpha() and surname[0].isupper():
                bearers.setdefault(surname, candidate)
        if candidate.type is MentionType.ORG:
            short = without_written_form(words)
            if short != words and len(short) > 2 and not document.cases.common(short):
                bearers.setdefault(short, candidate)
    return bearers


def _tells(document: DocumentText, candidate: Candidate, words: str) -> bool:
    """Say whether a single word that was seen once is a name wherever it stands: no word of the
    dictionary, and one that the document never writes small.
    """
    if candidate.type is MentionType.ORG or len(words) < 4:
        return False
    plain = words.isalpha() and words[:1].isupper() and words[1:].islower()
    return plain and not candidate.common and not document.cases.small.get(words.lower())


def stands_free(document: DocumentText, start: int, end: int, *, single: bool) -> bool:
    """Say whether a span is whole words of one sentence, a single word no part of a longer name."""
    text = document.text
    if (start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
        return False
    if not document.in_one_sentence(start, end):
        return False
    if not single:
        return True
    return not _part_of_more(document, start, end)


def _part_of_more(document: DocumentText, start: int, end: int) -> bool:
    """Say whether a single word seems to be part of a longer name, or of an address."""
    text = document.text
    joins = text[end : end + 1] in ("-", "@") and not JOINED_ON.match(text, end)
    if joins or text[max(start - 1, 0) : start] in ("-", "@", "."):
        return True
    if text[end : end + 1] == " " and text[end + 1 : end + 2].isupper():
        return True
    if document.sentences[document.sentence_at(start)][0] == start:
        return False
    before = text[max(0, start - 20) : start].split()
    return (
        bool(before)
        and text[start - 1] == " "
        and (before[-1][0].isupper() and before[-1][-1].isalnum())
        and before[-1].lower() not in LOOSE_WORDS
    )


def long_forms(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the names that acronyms in brackets stand for, where the letters say how far they
    reach: the model often takes a part only ("Islamic State of Iraq", "the Levant").
    """
    starts = [candidate.start for candidate in candidates]
    for match in BRACKETED_ACRONYM.finditer(document.text):
        start = long_form_start(match[1], document.text, match.start())
        if start is None or not document.in_one_sentence(start, match.start()):
            continue
        first = bisect_left(starts, start)
        if first and candidates[first - 1].end > start:
            first -= 1
        inside = candidates[first : bisect_right(starts, match.start() - 1)]
        fits = all(start <= c.start and c.end <= match.start() for c in inside)
        if inside and fits and all(c.rank is Rank.MODEL for c in inside):
            longest = max(inside, key=lambda c: c.end - c.start)
            type_ = longest.type if longest.type in PLACES else MentionType.ORG
            yield replace(longest, start=start, end=match.start(), type=type_, rank=Rank.RULE)


def joined(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield names that the model took for two: one "of" a state and a place that is none
    ("Islamic State of Iraq and the Levant"), one with a verb in it ("Coalition to Counter ISIL").

    A second state stands for itself ("the Government of Iraq and the United States").
    """
    for first, second in pairwise(candidates):
        between = document.text[first.end : second.start]
        cut = between.isspace() and ACRONYM.fullmatch(document.of_span(second)) is not None
        split = cut and first.type is MentionType.ORG
        if split and " to " in document.of_span(first):
            yield replace(first, end=second.end)
        elif (
            first.rank is second.rank is Rank.MODEL
            and second.type in PLACES | {MentionType.PERSON}
            and AND_THE.fullmatch(between)
            and books.territory(document.of_span(first).rpartition(" of ")[2]) is not None
            and " of " in document.of_span(first)
            and books.territory(document.of_span(second)) is None
        ):
            yield replace(first, end=second.end, type=MentionType.ORG)


def cut_short(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield organisations with the letters that the verb at the end of their name is about
    ("Coalition to Counter ISIL"), where the model saw no name in them.
    """
    for candidate in candidates:
        if candidate.type is MentionType.ORG and CUT_AT_VERB.search(document.of_span(candidate)):
            about = OBJECT.match(document.text, candidate.end)
            if about and document.in_one_sentence(candidate.start, about.end()):
                yield replace(candidate, end=about.end())


def dashed(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield bodies with what a dash adds to their name: a campus, a task force's operation
    ("University of Quist – Marn", "Joint Task Force – Quist").

    A second dash makes the words between an insertion, and offices end a name.
    """
    starts = {one.start: one for one in candidates}
    for candidate in candidates:
        words = document.of_span(candidate).lower().split()
        if candidate.type is not MentionType.ORG or not DIVIDED.intersection((words[0], words[-1])):
            continue
        added = DASHED.match(document.text, candidate.end)
        if added is None or not document.in_one_sentence(candidate.start, added.end()):
            continue
        other = starts.get(added.start(1))
        if other is None or other.type is not MentionType.PERSON:
            yield replace(candidate, end=added.end(1))


def numbered(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield units with the number that belongs to their name ("Mobile Unit Two"); letters of a
    unit count where the document writes them with the same number twice ("CTF 50").
    """
    pairs = Counter(match[0] for match in ACRONYM_NUMBER.finditer(document.text))
    for candidate in candidates:
        words = document.of_span(candidate)
        number = UNIT_NUMBER.match(document.text, candidate.end)
        if candidate.type is not MentionType.ORG or number is None:
            continue
        unit = words.split()[-1].lower() in NUMBERED and words != words.lower()
        if unit or pairs[words + number[0]] > 1:
            # A rule's word: the model takes "50 last December" for a date.
            yield replace(candidate, end=number.end(), rank=min(candidate.rank, Rank.RULE))


def with_particles(
    document: DocumentText, candidates: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield names that a small particle holds together and the model tore ("Deir ez Zor").

    A territory or a name that begins with the particle stands for itself ("Syria al Qaida").
    """
    starts = [candidate.start for candidate in candidates]
    for match in PARTICLE_NAME.finditer(document.text):
        start, end = match.span()
        first = bisect_left(starts, start)
        if first and candidates[first - 1].end > start:
            continue
        inside = candidates[first : bisect_left(starts, end)]
        words = match[0].split()
        torn = bool(inside) and (len(inside) > 1 or inside[0].end < end or inside[0].start > start)
        fits = all(c.rank is Rank.MODEL and c.end <= end and c.type in SOUGHT for c in inside)
        apart = any(c.start > start and document.of_span(c)[:1].islower() for c in inside)
        if not (torn and fits) or apart or books.territory(words[0]) is not None:
            continue
        if not document.in_one_sentence(start, end):
            continue
        longest = max(inside, key=lambda c: (c.type in PLACES, c.end - c.start))
        type_ = MentionType.GPE if books.is_city(match[0]) else longest.type
        yield replace(longest, start=start, end=end, type=type_)


def introduced(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the short forms that the text puts in brackets after a name: they have its type."""
    limit = len(document.text)
    for candidate in reversed(candidates):
        until = limit
        if candidate.type in DEFINABLE:
            limit = candidate.start
        if candidate.type not in SOUGHT:
            continue
        for start, end, defined in introduced_forms(document.text, candidate.end, until):
            fits = initials_fit(document.text[start:end], document.of_span(candidate))
            if fits or (defined and candidate.type in DEFINABLE):
                yield replace(
                    candidate, start=start, end=end, rank=Rank.RULE, normal=None, subtype=None
                )


def with_ordinals(document: DocumentText, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield people with the number or the "Jr." that belongs to their name ("Leopold I", "Ann Lee,
    Jr."); one that the speaker may be ("I asked Ann Lee. I think") is none.
    """
    for one in candidates:
        if one.type is not MentionType.PERSON:
            continue
        added = ORDINAL.match(document.text, one.end)
        if added and document.in_one_sentence(one.start, added.end()):
            yield replace(one, end=added.end(), rank=min(one.rank, Rank.MODEL))
