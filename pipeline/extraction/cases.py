"""Cases: the parties whom "X v. Y" names, and the full citation that a short one points to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.agreement import surname_of
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import by_own_words, is_acronym
from pipeline.extraction.repair import plausible, trim
from pipeline.extraction.words import LOOSE_WORDS, PARTIES, SOUGHT

MODEL = "case name form"
VERSUS = re.compile(r"(?<=[\w.,’')])\s+(?:v\.|vs\.?)\s+(?=[A-Z])")
# Words that law reports cut, so that the point behind them ends no sentence.
CUT = (
    r"(?:Corp|Inc|Ltd|Co|Cos|Bros|Bd|Educ|Mfg|Univ|Elec|Indus|Ins|Sys|Tech|Tel|Am|Mut|Fed|St|Dr|Mr|Mrs"
    r"|Jr|Sr|Hosp|Ry|Servs?|Fin|Grp|Holdings|Pharm|Chem|Labs|Ctr|Sch|Dist|Cty|Auth|Admin|Pub|Gen|Atl"
    r"|Chi|Cal|Tex|Fla|Mass|Nat|Ass|Comm|Int|Dep)"
)
WORD = rf"(?:(?:[A-Z]\.){{1,4}}|{CUT}\.|[A-Z][\w’'-]*)"
FORM = r",\s+(?:Inc|Ltd|Corp|Co|LLC|L\.L\.C|LLP|L\.L\.P|L\.P|LP|N\.A|S\.A|P\.C)\b\.?"
PARTY = (
    rf"{WORD}(?:[ \t]*\n?[ \t]*(?:(?<=\s)(?:of\s+(?:the\s+)?|&\s+))?(?<=\s){WORD}|{FORM}){{0,7}}"
)
BEFORE = re.compile(rf"(?<![\w.’'-])({PARTY})(?:,?\s+et\s+al\.?)?,?$")
AFTER = re.compile(PARTY)
REACH = 90
# What leads to a case and is no part of its name.
SIGNALS = frozenset(
    """see cf accord compare contra citing quoting following applying overruling distinguishing
    also e.g e.g. i.e. generally case matter re ex parte rel""".split()  # noqa: SIM905
)
# Sides that no name tells apart from others of their kind.
BARE_SIDES = frozenset({"state", "people", "commonwealth", "government", "crown", "regina", "rex"})


def names_a_case(words: str) -> bool:
    """Say whether a span holds both sides of a case, so that it is nobody's name."""
    return re.search(r"\s(?:v\.?|vs\.?)(?:\s|$)|^(?:v\.|vs\.?)\s", words) is not None


def case_parties(
    document: DocumentText, found: Sequence[Candidate], books: NameBooks
) -> Iterator[Candidate]:
    """Yield both sides of each "X v. Y" of the text."""
    read = {document.of_span(one): one.type for one in found if one.type in SOUGHT}
    for versus in VERSUS.finditer(document.text):
        at = max(0, versus.start() - REACH)
        before = BEFORE.search(document.text[at : versus.start()])
        after = AFTER.match(document.text, versus.end())
        spans = [(at + before.start(1), at + before.end(1))] if before else []
        for start, end in [*spans, *([after.span()] if after else [])]:
            side = _side(document, _behind_signals(document.text, start, end), end, books)
            if side is not None:
                words = document.of_span(side)
                yield replace(side, type=read.get(words) or _type(words, books))


def _behind_signals(text: str, start: int, end: int) -> int:
    """Find where a name begins behind the words that lead to it ("See also In re", "Under")."""
    for word in re.finditer(r"\S+", text[start:end]):
        if word[0].lower().strip(",") not in LOOSE_WORDS | SIGNALS:
            return start + word.start()
    return end


def _side(document: DocumentText, start: int, end: int, books: NameBooks) -> Candidate | None:
    """Make the candidate of one side; None if its words are no name."""
    if start >= end:
        return None
    side = trim(document.text, Candidate(start, end, MentionType.ORG, Rank.MODEL, MODEL), books)
    if side is None or not document.in_one_sentence(side.start, side.end):
        return None
    words = document.of_span(side)
    bare = words.lower() in BARE_SIDES | PARTIES or len(words) < 2
    return side if not bare and plausible(words, side, books) else None


def _type(words: str, books: NameBooks) -> MentionType:
    """Tell a party's type from its words: who has no body's name is a person."""
    if books.territory(words) is not None:
        return MentionType.GPE
    own = by_own_words(words, books)
    if own is not None:
        return own
    body = is_acronym(words) or re.search(r"\bof\b|&|\.$|\d|(?:Ass|Int|Nat|Dep|Comm)['’]", words)
    long = len(words.split()) > 3 and surname_of(words) != words
    return MentionType.ORG if body or long else MentionType.PERSON


def with_full_citations(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Give short citations the name of the full one that the document has of their volume, where
    it has one only ("550 U.S. at 556" is of "550 U.S. 544").
    """
    full: dict[str, set[str]] = defaultdict(set)
    for one in candidates:
        if one.type is MentionType.CITATION and one.normal and " at " not in one.normal:
            full[one.normal.rpartition(" ")[0]].add(one.normal)
    return [
        _with_full(one, full.get((one.normal or "").partition(" at ")[0], set()))
        for one in candidates
    ]


def _with_full(candidate: Candidate, full: set[str]) -> Candidate:
    """Give one short citation its full name, if there is but one."""
    short = candidate.type is MentionType.CITATION and " at " in (candidate.normal or "")
    return replace(candidate, normal=next(iter(full))) if short and len(full) == 1 else candidate
