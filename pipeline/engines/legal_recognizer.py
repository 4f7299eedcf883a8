"""What follows rules rather than a model: citations, statutes, courts, dockets, money, dates,
mail addresses. Case citations come from eyecite, courts from courts-db, the rest from patterns.

Each pattern looks only at chunks that hold its trigger, so ordinary prose costs next to nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any

from pipeline.documents import MentionType, Value

MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
DATE = re.compile(
    rf"\b(?:{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\s?,?\s+\d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\s?,?\s+\d{{4}}"
    rf"|\d{{1,2}}-{MONTH}-\d{{4}}"
    r"|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/\d{4})\b"
)
EMAIL = re.compile(r"\b[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SCALE = r"(?:thousand|million|billion|trillion|mn|bn|[kKmMbB])"
MONEY = re.compile(
    rf"(?:\b(?:US|USD|EUR|GBP|CAD|AUD|HK|NZ|A|C)\s?)?[$€£¥]\s?(?:{AMOUNT})(?:[\s-]?{SCALE}\b)?"
    rf"|\b(?:USD|EUR|GBP|CHF|JPY|CAD|AUD)\s?(?:{AMOUNT})(?:\s?{SCALE}\b)?"
    rf"|\b(?:{AMOUNT})(?:\s(?:thousand|million|billion|trillion))?\s"
    r"(?:(?:U\.S\.|US|Canadian|Australian)\s)?(?:dollars|euros|pounds sterling)\b"
)
FEDERAL_DOCKET = re.compile(r"\b\d{1,2}:\d{2,4}-[A-Za-z]{2,4}-\d{2,6}(?:-[A-Z]{2,4}){0,3}\b")
NUMBERED_DOCKET = re.compile(
    r"(?:\b(?:Case|Docket|Action|Cause|Index|File|Appeal|Crim\.|Cr\.|Civ\.|CASE|DOCKET|ACTION)\s+"
    r"(?:No[s.]?\.?|NO[S.]?\.?|Number|\#)\s*:?\s*|\bNos?\.\s*)"
    r"((?:\d{1,2}:)?\d{2,4}[-\u2013][A-Za-z]{0,4}-?\d{1,7}(?:-[A-Z]{2,4})?|[A-Z]{1,3}-?\d{2}-\d{2,6})\b"
)
SECTION = r"\d+[\w.-]*\w(?:\(\w{1,4}\))*|\d+(?:\(\w{1,4}\))*"
CODE_SECTION = re.compile(
    r"\b(\d+)\s+(U\.?\s?S\.?\s?C(?:ode|\.)?(?:\s?A\.)?|C\.?\s?F\.?\s?R\.?)\s*"
    rf"(?:§+|[Ss]ections?|[Ss]ecs?\.|[Pp]arts?)?\s*({SECTION})"
)
RULE = re.compile(
    r"\bFed(?:\.|eral)\s*R(?:\.|ules?)\s*(?:of\s+)?"
    r"(Civ|Crim|App|Bankr|Evid)\w*\.?\s*(?:P(?:\.|rocedure))?\s*(?:Rule\s+)?"
    rf"({SECTION})|\bRules?\s+(\d+[\w.-]*(?:\(\w{{1,4}}\))*)"
)
RULE_BOOKS = {"Civ": "Civ. P.", "Crim": "Crim. P.", "App": "App. P.", "Bankr": "Bankr. P."}
ORDINAL = (
    r"(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Eleventh|Twelfth"
    r"|Thirteenth|Fourteenth|Fifteenth|Sixteenth|Seventeenth|Eighteenth|Nineteenth|Twentieth"
    r"|Twenty-(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh)|\d{1,2}(?:st|nd|rd|d|th))"
)
AMENDMENT = re.compile(rf"\b{ORDINAL}\s+Amendment\b")
ARTICLE = re.compile(r"\b(?:Article|Title)\s+[IVX]{1,6}\b(?:,?\s+[Ss]ection\s+\d+)?")
SECTION_OF = re.compile(rf"(?:\b[Ss]ections?|§+)\s*({SECTION})(\s+of\s+(?:the\s+)?)?")
ACT = re.compile(r"\bAct\b(?:\s+of\s+(?:1[5-9]|20)\d\d\b)?")
ACT_WORD = re.compile(r"[A-Z(][\w’'()/-]*,?|(?:[A-Z]\.)+|and|of|the|for|to|in|on|against|&|,")
ACT_JOIN = frozenset({"and", "of", "the", "for", "to", "in", "on", "against", "&", ","})
ACT_LEAD = frozenset({"this", "that", "an", "each", "every", "such", "under", "any", "see", "act"})
ACT_REACH = 100

PLACE = r"[A-Z][\w’'-]*\.?(?:\s+(?:of\s+)?[A-Z][\w’'-]*){0,3}"
FEDERAL = r"(?:(?:United\s+States|U\.\s?S\.|US|Federal)\s+)"
COURT = re.compile(
    rf"\b{FEDERAL}?(?:District|Bankruptcy|Circuit)\s+Court,?\s+(?:for|of|in)\s+the\s+"
    r"(?:(?:Northern|Southern|Eastern|Western|Middle|Central)\s+)?District\s+of\s+"
    rf"(?:{PLACE})"
    rf"|\b{FEDERAL}?Courts?\s+of\s+Appeals?\s+for\s+the\s+"
    rf"(?:{ORDINAL}|Federal|District\s+of\s+Columbia|D\.\s?C\.)\s+Circuit"
    rf"|\b{FEDERAL}(?:Supreme|Tax|District|Bankruptcy)\s+Court"
    rf"|\b{FEDERAL}Court\s+of\s+(?:Appeals|Federal\s+Claims|International\s+Trade)"
    rf"|\b(?:{ORDINAL}|Federal|D\.\s?C\.)\s+Circuit(?:\s+Court(?:\s+of\s+Appeals)?)?\b"
    rf"|\b(?:Supreme|Superior|Circuit|District|Appellate|Chancery)\s+Court\s+of\s+(?:the\s+)?"
    rf"(?:State\s+of\s+)?(?:{PLACE})(?:,\s+(?:County\s+of\s+{PLACE}|{PLACE}\s+County))?"
    rf"|\bCourt\s+of\s+(?:Chancery|Appeals?)\s+of\s+(?:the\s+)?(?:State\s+of\s+)?(?:{PLACE})"
    r"|\b(?!(?:The|In|A|An|This|That|But|And|When|If|Before|Honorable)\s)"
    r"(?:[A-Z][a-z]+\s+){1,3}(?:Supreme|Superior|Circuit|District|County|Municipal|Probate"
    r"|Family|Appeals|Criminal|High)\s+Court\b"
    r"|\b(?!(?:The|In|A|An|This|That|But|And|When|If|Before|Honorable)\s)"
    r"(?:[A-Z][a-z]+\s+){1,2}Court\s+of\s+(?:Appeals?|Chancery|Justice|Human\s+Rights)\b"
    r"|\bSupreme\s+Court\b"
)
DIGIT = re.compile(r"\d")
# Of eyecite's classes, those that say by themselves what is cited.
FULL_CITATIONS = {
    "FullCaseCitation": (MentionType.CITATION, "case"),
    "FullJournalCitation": (MentionType.CITATION, "journal"),
    "FullLawCitation": (MentionType.LAW, "statute"),
}
BLANKS = re.compile(r"\s+")


class RuleSpan(Value):
    """What a rule found: offsets in the text it was given."""

    start: int
    end: int
    type: MentionType
    subtype: str | None = None
    normal: str | None = None


class LegalRecognizer:
    """Finds what law and money are written in. Its tables load at first use, in a second or two."""

    def __init__(self) -> None:
        self.model = f"eyecite {version('eyecite')} + courts-db {version('courts-db')}"
        self.version = f"{self.model} + reporters-db {version('reporters-db')}"

    def load(self) -> None:
        """Load the tables now, instead of when they are first used."""
        _ = self._citations
        court_name("United States District Court for the District of Maine")

    @cached_property
    def _citations(self) -> Callable[..., Any]:
        from eyecite import get_citations

        # It warns of citations whose spans touch; ours are merged afterwards anyway.
        logging.getLogger("eyecite").setLevel(logging.ERROR)
        find: Callable[..., Any] = get_citations
        return find

    def find(self, text: str) -> list[RuleSpan]:
        """Find spans in one chunk's text, in no order; they may overlap."""
        found = list(_patterns(text))
        if "Court" in text or "Circuit" in text:
            found += _courts(text)
        if _may_cite(text):
            found += self._cited(text)
        return found

    def _cited(self, text: str) -> Iterator[RuleSpan]:
        """Yield what eyecite calls citations; those that point back (`Id.`, `supra`) name nothing
        by themselves.
        """
        full: dict[tuple[str, str], set[str]] = {}
        short: list[Any] = []
        for citation in self._citations(text):
            kind = type(citation).__name__
            if kind in FULL_CITATIONS:
                start, end = citation.span()
                type_, subtype = FULL_CITATIONS[kind]
                normal = _reporter_form(citation.corrected_citation())
                yield RuleSpan(start=start, end=end, type=type_, subtype=subtype, normal=normal)
                full.setdefault(_volume(citation), set()).add(normal)
            elif kind == "ShortCaseCitation":
                short.append(citation)
        for citation in short:
            meant = full.get(_volume(citation), set())
            start, end = citation.span()
            if len(meant) == 1:
                yield RuleSpan(
                    start=start,
                    end=end,
                    type=MentionType.CITATION,
                    subtype="case",
                    normal=next(iter(meant)),
                )


def _may_cite(text: str) -> bool:
    """Say whether eyecite is worth asking: a citation has a volume, a reporter and a page."""
    return _CITE_SHAPE.search(text) is not None


_CITE_SHAPE = re.compile(r"\b\d{1,4}\s+[A-Z][\w.’'&\s()]{0,40}?\s*(?:,?\s+at\s+|§+\s*|\s)\d|§")


def _volume(citation: object) -> tuple[str, str]:
    """Give the volume and reporter that a short citation shares with its full one."""
    groups: dict[str, str] = getattr(citation, "groups", {})
    reporter = getattr(citation, "corrected_reporter", lambda: groups.get("reporter", ""))()
    return groups.get("volume") or "", reporter


def _reporter_form(text: str) -> str:
    """Write a citation with single blanks and none inside `U. S.`, without nominative reporters."""
    text = re.sub(r"\s*\(\d+ [^)]*\)\s*", " ", text)
    return BLANKS.sub(" ", re.sub(r"(?<=\b[A-Z]\.) (?=[A-Z]\.)", "", text)).strip()


def _patterns(text: str) -> Iterator[RuleSpan]:
    """Yield what the plain patterns find."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield _span(match, MentionType.EMAIL)
    if DIGIT.search(text):
        for pattern, type_ in ((DATE, MentionType.DATE), (MONEY, MentionType.MONEY)):
            for match in pattern.finditer(text):
                yield _span(match, type_)
        for match in FEDERAL_DOCKET.finditer(text):
            yield _span(match, MentionType.DOCKET)
        for match in NUMBERED_DOCKET.finditer(text):
            yield RuleSpan(start=match.start(1), end=match.end(1), type=MentionType.DOCKET)
        yield from _sections(text)
    for pattern in (AMENDMENT, ARTICLE):
        for match in pattern.finditer(text):
            yield _span(match, MentionType.LAW, "provision")
    yield from _acts(text)


def _span(match: re.Match[str], type_: MentionType, subtype: str | None = None) -> RuleSpan:
    """Make the span of a whole match."""
    return RuleSpan(start=match.start(), end=match.end(), type=type_, subtype=subtype)


def _sections(text: str) -> Iterator[RuleSpan]:
    """Yield sections of codes and court rules, in one normal form each."""
    for match in CODE_SECTION.finditer(text):
        code = "U.S.C." if "S" in match[2] else "C.F.R."
        normal = f"{match[1]} {code} § {match[3]}"
        yield RuleSpan(
            start=match.start(), end=match.end(), type=MentionType.LAW,
            subtype="statute", normal=normal,
        )  # fmt: skip
    for match in RULE.finditer(text):
        book = RULE_BOOKS.get(match[1] or "", f"{match[1]}.")
        normal = f"Fed. R. {book} {match[2]}" if match[1] else f"Rule {match[3]}"
        yield RuleSpan(
            start=match.start(), end=match.end(), type=MentionType.LAW,
            subtype="rule", normal=normal,
        )  # fmt: skip


def _acts(text: str) -> Iterator[RuleSpan]:
    """Yield acts by their capitalised names ("Securities Exchange Act of 1934"), with the section
    in front if there is one.
    """
    sections = {match.end(): match for match in SECTION_OF.finditer(text) if match[2]}
    for match in ACT.finditer(text):
        start = _act_start(text, match.start())
        if start < match.start():
            section = sections.get(start)
            begin = section.start() if section else start
            yield RuleSpan(start=begin, end=match.end(), type=MentionType.LAW, subtype="act")


def _act_start(text: str, end: int) -> int:
    """Walk back over the capitalised words before "Act"; `end` itself if there are none."""
    begin = max(0, end - ACT_REACH)
    words = list(re.finditer(r"\S+", text[begin:end]))
    start = end
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        cut = word.start() == 0 and begin > 0
        if cut or not ACT_WORD.fullmatch(word[0]) or word[0].lower() in ACT_LEAD:
            break
        if word[0].lower() not in ACT_JOIN:
            start = begin + word.start()
        # "In Sweden the …": an article begins a name unless it follows "of", "for", …
        elif start == end or (word[0] == "the" and not _joins(words, index - 1)):
            break
    return start


def _joins(words: Sequence[re.Match[str]], index: int) -> bool:
    """Say whether a word is one that joins others to a name."""
    return index >= 0 and words[index][0].lower() in ACT_JOIN


def _courts(text: str) -> Iterator[RuleSpan]:
    """Yield courts, with their full names where courts-db is certain of one."""
    for match in COURT.finditer(text):
        yield RuleSpan(
            start=match.start(), end=match.end(), type=MentionType.ORG,
            subtype="court", normal=court_name(BLANKS.sub(" ", match[0])),
        )  # fmt: skip


@lru_cache(maxsize=4096)
def court_name(words: str) -> str | None:
    """Look up a court's full name; None unless courts-db knows exactly one such court."""
    import courts_db

    full = re.sub(r"^(?:U\.\s?S\.|US)\s", "United States ", words)
    if full == "United States Supreme Court":
        full = "Supreme Court of the United States"
    if circuit := re.fullmatch(rf"({ORDINAL}|Federal|D\.\s?C\.) Circuit.*", full):
        full = f"United States Court of Appeals for the {circuit[1]} Circuit"
    ids = courts_db.find_court(full, bankruptcy="Bankruptcy" in full)
    if len(ids) != 1:
        return None
    [court] = courts_db.find_court_by_id(ids[0])
    name: str = court["name"]
    return name
