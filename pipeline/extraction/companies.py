"""Companies, by the legal form that ends their name: capitalised words, then "Inc.", "LLC", "GmbH".

How far a name reaches to the left is decided by its words: small letters, sentence marks, words
that no name begins with and offices end it. Where only the context could tell, the model's own
reading of the name counts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pipeline.documents import MentionType
from pipeline.engines.legal_forms import (
    FIRM_FORM,
    SPELT_FORM,
    SURE_FORM,
    WRITTEN,
)
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.candidates import Candidate, DocumentText, Rank, is_headline
from pipeline.extraction.words import LOOSE_WORDS, NAMES, OF_COMPANIES, PARTIES

MODEL = "legal form"
REACH = 120
NAME_WORD = re.compile(
    r"(?:[^\W\d_a-zß-öø-ÿ][\w’'&.+/!-]*|\d{1,3}(?=\s*$)|\d+(?:-\d+)*-?[A-Z][\w.-]*"
    r"|[a-z]{1,2}[A-Z][\w-]*|\([^()]+\)|[&+])"
)
POINTED = re.compile(
    r"(?:[^\W\d_]\.)+|(?:St|Ft|Mt|Bros|Wm|Chas|Geo|Jos|Robt|Dr|Mr|Mrs|Co|Corp|Inc)\."
)
OPENED = re.compile(r"^[(\[\"“‘']+")
POSSESSIVE = re.compile(r"['’]s?$")
ARTICLE_AHEAD = re.compile(r"\b[Aa]n?\s+$")
STATE_AFTER = re.compile(r",\s+([A-Z]\w+)")
LETTERS = re.compile(r"[^\W\d_]+")
OF_PLACE = re.compile(r"\s+of\s+(?:the\s+)?((?:[A-Z][\w.]*)(?:\s[A-Z][\w.]*){0,2})")
JOINS = frozenset({"of", "for", "the", "and", "de", "des", "du", "la", "y", "e", "und", "et"})
WORD = re.compile(r"\([A-Z][^()\n]{1,30}\)|\S+")
Word = re.Match[str]


def companies(
    document: DocumentText, found: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield the companies of a document, given what the model took for names in it.

    A form spelt out ("Company") and letters that mean other things ("AG") are weaker than "Inc.":
    the first ranks with the model, the second needs its word too.
    """
    forms = list(WRITTEN.finditer(document.text))
    if not forms:
        return
    read = sorted(
        (one for one in found if one.rank is Rank.MODEL and one.type in NAMES),
        key=lambda one: one.start,
    )
    for form in forms:
        begin, stop = document.sentences[document.sentence_at(form.start())]
        if begin < form.start() and form.end() <= stop:
            company = _company(document, form, read, books)
            if company is not None:
                yield company


def _company(
    document: DocumentText, form: Word, read: Sequence[Candidate], books: NameBooks
) -> Candidate | None:
    """Make the candidate of the company that a legal form ends; None if it ends none."""
    first = bisect_left(read, form.start() - REACH, key=lambda one: one.start)
    last = bisect_left(read, form.end(), key=lambda one: one.start)
    near = read[first:last]
    walked = _start(document, form, books)
    over = [one for one in near if one.end > walked]
    start = _by_reading(document, over, walked, form)
    if start is None or _is_none(document, start, form, books):
        return None
    if _is_county(document.text, start, form, books):
        return Candidate(start, form.end(), MentionType.GPE, Rank.RULE, MODEL)
    sure = SURE_FORM.fullmatch(form["first"]) is not None
    if not sure and not any(one.start < form.start() for one in over):
        return None
    spelt = SPELT_FORM.fullmatch(form["first"]) is not None
    end = _with_place(document.text, form.end(), books) if spelt else form.end()
    return Candidate(start, end, MentionType.ORG, Rank.RULE if sure else Rank.MODEL, MODEL)


def _start(document: DocumentText, form: Word, books: NameBooks) -> int:
    """Walk back over a name's words from its legal form; the form's own start if there are none."""
    text, end = document.text, form.start()
    begin = max(document.sentences[document.sentence_at(end)][0], end - REACH)
    words = list(WORD.finditer(text, begin, end))
    firm = FIRM_FORM.fullmatch(form["first"]) is not None
    start, at = end, len(words) - 1
    while at >= 0:
        word = words[at]
        if at + 1 < len(words) and _line_of_its_own(text, word.end(), words[at + 1].start()):
            break
        if word.start() == begin and begin and not text[begin - 1].isspace():
            break
        bare = OPENED.sub("", word[0]) if "(" not in word[0] or ")" not in word[0] else word[0]
        if bare in JOINS:
            step = _across(words, at, firm=firm)
            if not step:
                break
            at -= step
            continue
        listed = bare.endswith(",") and at + 1 < len(words)
        if listed:
            if not (firm and _lists(words, at)) or _is_place(bare, books):
                break
            bare = bare[:-1]
        if not _in_name(bare, last=start == end):
            break
        start = word.end() - len(bare) - listed
        if OPENED.match(word[0]) and bare != word[0]:
            break
        at -= 1
    return _without_lead(text, start, end)


def _line_of_its_own(text: str, end: int, following: int) -> bool:
    """Say whether a word ends a line in which every word has a capital: a signature, a heading."""
    if "\n" not in text[end:following]:
        return False
    line = text[text.rfind("\n", 0, end) + 1 : end]
    return not any(word[0].islower() for word in LETTERS.findall(line))


def _in_name(word: str, *, last: bool) -> bool:
    """Say whether a word may stand in a company's name; `last`, right before the legal form."""
    if not NAME_WORD.fullmatch(word) or word.lower().strip(".") in LOOSE_WORDS:
        return False
    if word.endswith(".") and not (POINTED.fullmatch(word) or last):
        return False
    return last or POSSESSIVE.search(word) is None


def _across(words: Sequence[Word], at: int, *, firm: bool) -> int:
    """Measure how many words to go back over a small word inside a name; 0 if it ends the name.

    "of" joins only to the head of a body ("Bank of"), "and" only partners of a firm: elsewhere it
    may as well part two companies.
    """
    small = words[at][0]
    if small == "the" and at and words[at - 1][0] in ("of", "for"):
        return 1 + _across(words, at - 1, firm=firm) if _across(words, at - 1, firm=firm) else 0
    before = words[at - 1][0] if at else ""
    if small in ("of", "for"):
        return int(before.lower() in OF_COMPANIES)
    if 0 < at < len(words) - 1 and words[at - 1][0] == words[at + 1][0].rstrip(","):
        return 1  # "Johnson and Johnson"
    other = before.rstrip(",")
    if small == "and" and (not firm or WRITTEN.fullmatch(f" {other}")):
        return 0
    return int(before[:1].isupper() or before in JOINS)


def _lists(words: Sequence[Word], at: int) -> bool:
    """Say whether a comma stands in a list of partners: an "and" or "&" follows it."""
    return any(word[0] in ("&", "and") for word in words[at + 1 : at + 6])


def _is_place(word: str, books: NameBooks) -> bool:
    """Say whether what stands before a comma is rather the place of an event."""
    name = word.rstrip(",")
    return books.is_city(name) or books.territory(name) is not None


def _without_lead(text: str, start: int, end: int) -> int:
    """Leave out what stands before a name with a capital and is none of it ("Plaintiff Acme")."""
    for word in WORD.finditer(text, start, end):
        bare = word[0].lower().strip(".,'’\"")
        if bare in PARTIES or bare in ("&", "+", "the"):
            continue
        return word.start()
    return end


def _by_reading(
    document: DocumentText, over: Sequence[Candidate], start: int, form: Word
) -> int | None:
    """Settle where a name begins by the model's own readings over it; None if nobody can tell."""
    text, name_end = document.text, form.start()
    longer = [one.start for one in over if one.start < start and one.type is MentionType.ORG]
    if longer and _joins(text[longer[0] : start], text[start:name_end]):
        return longer[0]
    if start >= name_end:
        return None
    begin, stop = document.sentences[document.sentence_at(start)]
    words = text[start:name_end].split()
    if len(words) > 1 and (start == begin or is_headline(LETTERS.findall(text[begin:stop]))):
        # Every word has a capital here, so a capital tells nothing.
        inner = [one.start for one in over if one.start > start and one.end >= name_end]
        if inner and not any(one.start <= start for one in over):
            return inner[0]
        if document.cases.common(words[0]):
            return start + text[start:name_end].index(words[1])
    return start


def _joins(head: str, name: str) -> bool:
    """Say whether an organisation that the model saw reach farther back is one with the rest.

    "of" makes no name behind an office ("President of"), and "and" only one of two plain words
    ("Barnes and Noble").
    """
    words = head.split()
    if words[-1] in ("of", "for", "the"):
        return words[0].lower() in OF_COMPANIES
    if words[-1] == "-":
        return True
    plain = len(words) == 2 and words[0].isalpha() and not words[0].isupper()
    return words[-1] == "and" and plain and len(name.split()) == 1 and not name.isupper()


def _is_none(document: DocumentText, start: int, form: Word, books: NameBooks) -> bool:
    """Say whether capitalised words and a form name no company after all: a kind of company
    ("a Delaware LLC", "the Insurance Company").
    """
    text = document.text
    words = text[start : form.start()]
    if not LETTERS.search(words):
        return True
    if ARTICLE_AHEAD.search(text[max(0, start - 4) : start]) and books.territory(words):
        return True
    return SPELT_FORM.fullmatch(form["first"]) is not None and document.cases.common(words)


def _is_county(text: str, start: int, form: Word, books: NameBooks) -> bool:
    """Say whether "Co." is a county's ("Marion Co., Ohio")."""
    state = STATE_AFTER.match(text, form.end())
    counted = form[0].strip() in ("Co.", "Co") and "&" not in text[start : form.start()]
    return counted and state is not None and books.territory(state[1]) is not None


def _with_place(text: str, end: int, books: NameBooks) -> int:
    """Measure the place that belongs to a name behind its form ("Corporation of America")."""
    of = OF_PLACE.match(text, end)
    if of is None:
        return end
    words = of[1].rstrip(".").split()
    for count in range(len(words), 0, -1):
        place = " ".join(words[:count])
        if books.territory(place) or place == "America":
            return of.start(1) + len(place)
    return end
