"""Repair and doubt, span by span: what a name cannot begin or end with, and what is no name.

A small model calls many things names that are none: headings, ranks, common words at the head of
a sentence, durations. The rules here are about the form of names in general.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import is_legal_form
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentence_starts import FINITE
from pipeline.engines.titles import NO_PERSON, lead_end, without_honours
from pipeline.extraction.candidates import Candidate
from pipeline.extraction.evidence import before_title, in_title, is_vessel, placed
from pipeline.extraction.offices import TAKEN_FOR_PEOPLE, is_titled, office_length
from pipeline.extraction.words import (
    BARE_HEADS,
    CROWDS,
    MERITS,
    NAMES,
    NOBODY,
    PARTICLES,
    PARTIES,
    PLACES,
    SOUGHT,
)

SPOKEN_TO = frozenset({MentionType.PERSON, MentionType.ORG})
PLACED = PLACES | {MentionType.PERSON}
OPENING = " \t\r\n\x0b\x0c\u00a0\"'“”‘’«»`´*_-–—•·.,;:!?/|\\~^+=<>&"
CLOSING = OPENING.replace(".", "")
ARTICLE = re.compile(
    r"(?:the|an?|this|that|these|those|our|his|her|its|their|my|your)\s+", re.IGNORECASE
)
# How letters begin and end; neither is part of the name behind it.
GREETING = (
    r"(?:[Mm]y[ \t]+)?(?:[Dd]ear(?:est)?|DEAR|Hi|HI|Hello|HELLO|Hey"
    r"|Good[ \t]+(?:[Mm]orning|[Aa]fternoon|[Ee]vening)),?[ \t]+"
)
CLOSE = (
    r"(?:With[ \t]+)?(?:(?:Best|Kind|Kindest|Warm|Warmest|Many)[ \t]+)?"
    r"(?:[Rr]egards|[Ww]ishes|[Tt]hanks)|(?:Very[ \t]+truly|Yours)(?:[ \t]+\w+){0,2}|Best|Cheers"
    r"|(?:Most[ \t]+)?(?:Sincerely|SINCERELY|Respectfully|Cordially|Faithfully)(?:[ \t]+\w+){0,2}"
    r"|Thank[ \t]+you|Love|BR|Rgds"
)
LETTER_WORDS = re.compile(rf"(?:{GREETING}|(?:{CLOSE}),\s*)(?=\S)")
POSSESSIVE = re.compile(r"\s*['’]s?$", re.IGNORECASE)
ABBREVIATION = re.compile(
    r"(?:\b[A-Za-z]\.|\b(?:Jr|Sr|Inc|Corp|Ltd|Co|Bros|St|Mt|Ave|Esq|Assn|L\.P))$"
)
ODD = re.compile(r"[@|<>{}\[\]=\\_#*~^]|https?:|www\.")
DIGIT = re.compile(r"\d")
MONTH_OR_DAY = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
)
CALENDAR = re.compile(rf"(?:{MONTH_OR_DAY})\.?", re.IGNORECASE)
# A date names a time only when something in it is fixed: a year, a month, a day of the week.
ANCHOR = re.compile(
    rf"\b(?:1\d{{3}}|20\d\d)(?:s|\b)|\b(?:{MONTH_OR_DAY})\b|\bcentur(?:y|ies)\b", re.IGNORECASE
)
LAWFUL = re.compile(
    r"\b(?:Acts?|Laws?|Amendments?|Constitution|Codes?|Treaty|Resolution|Conventions?|Rules?"
    r"|Order|Section|Article|Title|Charter|Bill|Accords?|Agreement|Protocol|Directive|Regulations?"
    r"|Declaration|Statute|Ordinance|Decree)\b|§"
)
FIRST_SMALL = re.compile(r"([a-zß-öø-ÿ]+)[\s,]+(?=\S)")
LAST_SMALL = re.compile(r"[\s,]+(?:and|of|the|for|to|in|on|at|or|by|from|with|as|&)$")
CURRENCY = re.compile(
    r"[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY|dollars?|euros?|pounds?|sterling|yen|yuan|rubles?|rupees?"
    r"|dinars?|dirhams?|riyals?|francs?|pesos?|cents|(?<!per )cent)\b"
)
OFFICE_AT_END = re.compile(
    r"(?<!\bthe)(?<!\bof)\s+(?:Charg[eé]\s+d['’‘]\s?Affaires|Spokes(?:man|woman|person)|Ambassador"
    r"|(?:Press|Foreign|Defense)\s+Secretary|(?:Prime|Foreign)\s+Minister)$"
)
# What a docket's number stands behind ("Docket No", "C.A.", "Civil Action").
OF_DOCKETS = re.compile(
    r"(?:(?:Docket|Case|Civil|Criminal|Action|Cause|Index|File|Appeal|Adversary|Proceeding|C\.\s?A"
    r"|Civ|Crim|Cr|App|Misc|Slip|Op)\b\.?\s*)+(?:Nos?\b\.?)?|Nos?\.?",
    re.IGNORECASE,
)
DEGREE = re.compile(r"(?:Bachelor|Master|Doctor)(?:\s?['’]?s)?\s(?:of|in)\b")
BARE_HONOURS = frozenset({"CBE", "OBE", "MBE", "DBE", "KBE", "FRS", "CPA", "PhD", "Esq", "Esq."})
HULL = re.compile(r"\([A-Z]{1,4}[\s-]\d{1,4}\)")
# What follows a name and is none of it: "Ann Lee composed", "Acme as Agent".
VERB_INSIDE = re.compile(
    rf"(?<=\w)\s(?:as|who|which|that|while|when|where|because|[a-z]{{2,}}ing|{FINITE})(?=\s)"
)
# Marks that scanning leaves between letters, or letters no language has in a row.
GARBLED = re.compile(
    r"[a-z]\.[a-z]|[a-z]\d+[a-z]|[¢§¶©®°±«»„¬]|[a-z][A-Z]+[a-z]+[A-Z]+[a-z]|([^\W\d_])\1{3}"
    r"|\b(?!Mc|Mac|Fitz|Van|De|Di|La|Le|Du)[A-Z]?[a-z]{1,2}[A-Z]{2,}[a-z]"
)
LONGEST_NAME = 100
MOST_WORDS = {MentionType.PERSON: 6}
MOST_WORDS_OTHERWISE = 12
WORD = re.compile(r"[^\W\d_]+")


def trim(text: str, candidate: Candidate, books: NameBooks) -> Candidate | None:
    """Leave out what is no part of a name at either end; None if nothing is left."""
    start, end, type_ = candidate.start, candidate.end, candidate.type
    if type_ in PLACED and (length := placed(text, start, end)):
        start, type_ = start + length, MentionType.GPE
    for _ in range(4):  # each part that goes may bare another: quotes, an article, quotes
        start, end = _bare(text, start, end)
        if candidate.type in NAMES or candidate.type is MentionType.DATE:
            start, end = _without_lead(text, start, end, spoken_to=type_ in SPOKEN_TO)
        if type_ is MentionType.PERSON and books.territory(text[start:end]):
            type_ = MentionType.GPE  # "Saint Lucia"
        if type_ in TAKEN_FOR_PEOPLE and is_titled(text[start:end], books):
            type_ = MentionType.PERSON
        if type_ is MentionType.PERSON:
            start += lead_end(text[start:end])
            end = start + len(without_honours(text[start:end]))
        if candidate.type in NAMES:
            start += office_length(text[start:end])
            start, end = _without_small_words(text, start, end)
            end = before_title(text, start, end, books)
    if type_ in SOUGHT:
        end = _without_tail(text, start, end, type_)
    if start >= end or (type_ is MentionType.ORG and _no_body(text, start, end, books)):
        return None
    subtype = candidate.subtype if type_ is candidate.type else None
    return replace(candidate, start=start, end=end, type=type_, subtype=subtype)


def _without_lead(text: str, start: int, end: int, *, spoken_to: bool) -> tuple[int, int]:
    """Leave out an article, a possessive's end, and before people the words of a letter."""
    for lead in (LETTER_WORDS, ARTICLE) if spoken_to else (ARTICLE,):
        if before := lead.match(text, start, end):
            start = before.end()
    if possessive := POSSESSIVE.search(text[start:end]):
        end = start + possessive.start()
    return start, end


def _without_tail(text: str, start: int, end: int, type_: MentionType) -> int:
    """Leave out what begins with a verb, and the office of a person that ends an organisation's
    name ("U.S. Embassy Spokesperson"); gives the new end.
    """
    if verb := VERB_INSIDE.search(text, start, end):
        end = verb.start()
    office = OFFICE_AT_END.search(text[start:end]) if type_ is MentionType.ORG else None
    return start + office.start() if office and office.start() > 0 else end


def _no_body(text: str, start: int, end: int, books: NameBooks) -> bool:
    """Say whether an organisation is part of a title or the number on a hull ("(DDG 70)")."""
    number = HULL.match(text, start - 1) if start else None
    return in_title(text, start, end, books) or (number is not None and end < number.end())


def _without_small_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out words in small letters at either end ("near Palmyra", "Bay of"), but for those
    that names do begin with ("al-Qaida", "de Gaulle", "iPhone").
    """
    while (word := FIRST_SMALL.match(text, start, end)) and word[1] not in PARTICLES:
        start = word.end()
    while word := LAST_SMALL.search(text[start:end]):
        end = start + word.start()
    return start, end


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Move both ends past blanks, quotes and points; a point of an abbreviation stays."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip(OPENING))
    end = start + len(text[start:end].rstrip(CLOSING))
    while end > start and text[end - 1] == "." and not _abbreviated(text[start:end]):
        end -= 1
    for left, right in ("()", "[]"):
        start, end = _balanced(text, start, end, left, right)
    return start, end


def _abbreviated(words: str) -> bool:
    """Say whether the point that words end with is an abbreviation's."""
    return ABBREVIATION.search(words) is not None or ABBREVIATION.search(words[:-1]) is not None


def _balanced(text: str, start: int, end: int, left: str, right: str) -> tuple[int, int]:
    """Leave out a bracket at either end that has no other, and what stands behind one inside."""
    inner = text[start:end]
    if inner.count(left) == inner.count(right):
        return start, end
    start += inner.startswith(left)
    end -= inner.endswith(right)
    cut = text.find(left, start, end)
    if cut > start and text.find(right, cut, end) < 0:
        end = start + len(text[start:cut].rstrip(CLOSING))
    return start, end


def plausible(words: str, candidate: Candidate, books: NameBooks) -> bool:
    """Say whether a model's span has the form of a name of its type."""
    if candidate.type is MentionType.DATE:
        return ANCHOR.search(words) is not None and len(words) <= LONGEST_NAME
    if candidate.type is MentionType.MONEY:
        return DIGIT.search(words) is not None and CURRENCY.search(words) is not None
    if candidate.type not in NAMES:
        return True
    return _is_name(words, books) and _fits_type(words, candidate, books)


def _is_name(words: str, books: NameBooks) -> bool:
    """Say whether words look like any name at all."""
    letters = WORD.findall(words)
    if not letters or not 2 <= len(words) <= LONGEST_NAME or ODD.search(words):
        return False
    if all(word.lower() in NOBODY for word in letters) and not words.isupper():
        return False
    cased = [word for word in letters if word.lower() != word.upper()]
    if cased and not any(word[0].isupper() for word in cased):
        return False
    if OF_DOCKETS.fullmatch(words) or DEGREE.match(words) or letters[-1].lower() in MERITS:
        return False
    if GARBLED.search(words) or letters[-1].lower() in CROWDS or words in BARE_HONOURS:
        return False
    # "Seller" names nobody, unless the text says whom: then a rule finds it, not the model.
    part = words.lower() in BARE_HEADS or words.lower() in PARTIES or is_legal_form(words)
    other = part or CALENDAR.fullmatch(words) is not None
    return not (other or books.is_title(words) or is_vessel(words))


def _fits_type(words: str, candidate: Candidate, books: NameBooks) -> bool:
    """Say whether words look like a name of one type."""
    letters = WORD.findall(words)
    if len(words.split()) > MOST_WORDS.get(candidate.type, MOST_WORDS_OTHERWISE):
        return False
    if candidate.type is MentionType.PERSON:
        long_enough = max(map(len, letters)) > 1
        ranked = books.is_title(words.rsplit(maxsplit=1)[-1]) and len(letters) < 4
        thing = NO_PERSON.fullmatch(words) is not None or DIGIT.search(words) is not None
        return long_enough and not ranked and not thing and "/" not in words
    if candidate.type is MentionType.LAW:
        return LAWFUL.search(words) is not None and words[0].isupper()
    if candidate.type is MentionType.EVENT:
        return len(letters) > 1
    if candidate.type is MentionType.NORP:
        return max(map(len, letters)) > 1 and not DIGIT.search(words)
    doubtful = (candidate.common and not words.isupper()) or not candidate.proper
    return not doubtful or books.territory(words) is not None
