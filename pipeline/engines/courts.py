"""Courts, in running text, in the capitals of captions, and in the letters of law reports; their
full names come from courts-db where it is certain of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipeline.documents import MentionType
from pipeline.engines.american_states import ABBREVIATION, NAME, NAMES_OF_ABBREVIATIONS
from pipeline.engines.rule_spans import BLANKS, ORDINAL, RuleSpan, matched

SIDE = r"(?:Northern|Southern|Eastern|Western|Middle|Central)"
FEDERAL = r"(?:(?:United\s+States|U\.\s?S\.|US|Federal)\s+)"
NO_NAME = (
    r"(?!(?:The|In|A|An|This|That|But|And|When|If|Before|Honorable|United\s+States|Federal)\s)"
)
WORD = r"[A-Z][\w’'-]*\.?"
# A whole word, so that a name never ends inside one ("Virginia", "Virginians").
STATE = rf"(?:(?:United\s+States|{NAME})\b)"


def _pattern(
    place: str, district: str, county: str, ahead: str, court_ahead: str
) -> re.Pattern[str]:
    """Write the pattern of courts from those of what stands in and before their names."""
    of = r"of\s+(?:the\s+)?(?:(?:State|Commonwealth)\s+of\s+)?"
    return re.compile(
        rf"\b{FEDERAL}?(?:District|Bankruptcy|Circuit)\s+Court,?\s+(?:(?:for|of|in)\s+the\s+)?"
        rf"(?:{SIDE}\s+)?District\s+of\s+(?:{district})"
        rf"|\b{FEDERAL}?Courts?\s+of\s+Appeals?,?\s+[Ff]or\s+the\s+"
        rf"(?:{ORDINAL}|Federal|District\s+of\s+Columbia|D\.\s?C\.)\s+Circuit\b"
        rf"|\b{FEDERAL}(?:Supreme|Tax|District|Bankruptcy)\s+Court\b"
        rf"|\b{FEDERAL}Court\s+of\s+(?:Appeals|Federal\s+Claims|International\s+Trade)\b"
        rf"|\b(?:{ORDINAL}|Federal|D\.\s?C\.)\s+Circuit(?:\s+Court(?:\s+of\s+Appeals)?)?\b"
        rf"|\b(?:Supreme|Superior|Circuit|District|Appellate|Chancery)\s+Court\s+{of}"
        rf"(?:{county}|{place})(?:,?\s+County\s+of\s+(?:{place})|,\s+(?:{county}|{STATE}))?"
        rf"|\bCourt\s+of\s+(?:Chancery|Appeals?)\s+{of}(?:{place})"
        rf"|\b(?:{ahead})(?:Supreme|Superior|Circuit|District|County|Municipal|Probate"
        r"|Family|Appeals|Criminal|High)\s+Court\b"
        rf"|\b(?:{court_ahead})Court\s+of\s+(?:Appeals?|Chancery|Justice|Human\s+Rights)\b"
        r"|\bSupreme\s+Court\b"
    )


# "State of New York" ends with the state: what has a capital behind it is another line's.
PLACE = rf"{STATE}|{WORD}(?:\s+(?:of\s+)?[A-Z][\w’'-]*){{0,3}}"
COURT = _pattern(
    place=PLACE,
    district=PLACE,
    county=rf"(?:{WORD}\s+){{1,3}}(?:County|Parish)(?!\s+of\b)\b",
    ahead=rf"{NO_NAME}(?:(?!United\s+States)[A-Z][a-z]+\s+){{1,3}}",
    court_ahead=rf"{NO_NAME}(?:(?!United\s+States)[A-Z][a-z]+\s+){{1,2}}",
)
# Where all words have capitals they do not tell where a name ends: lines and known names do.
LINE_BLANKS = r"[^\S\r\n]+"
COUNTY_OF_CAPTION = (
    rf"{WORD}(?:{LINE_BLANKS}{WORD}){{0,2}}{LINE_BLANKS}(?:County|Parish)(?!\s+of\b)\b"
)
COURT_OF_CAPTION = _pattern(
    place=rf"{STATE}|{WORD}(?:{LINE_BLANKS}{WORD})?",
    district=STATE,
    county=COUNTY_OF_CAPTION,
    ahead=rf"(?:{NAME}|{COUNTY_OF_CAPTION}){LINE_BLANKS}",
    court_ahead=rf"{NAME}{LINE_BLANKS}",
)
CAPITAL = r"[A-Z]{2,}(?:['’][A-Z]+)?\b"
CAPITALS = re.compile(rf"\b{CAPITAL}(?:[\s,.]+{CAPITAL})+")
CAPITAL_WORD = re.compile(r"[A-Z’']+")
SMALL = frozenset({"OF", "THE", "FOR", "IN", "AND"})
# "N.D. Cal.", "S.D.N.Y.", "Bankr. D. Mass."; without a side the letters alone could be a name's.
OF_REPORTS = re.compile(
    rf"\b(?P<bankrupt>Bankr\.\s+)?(?:(?P<side>[NSEWMC])\.\s?)?D\.\s?(?P<state>{ABBREVIATION})(?!\w)"
)
BEFORE_YEAR = re.compile(r"\s*(?:(?:[A-Z][a-z]{2,8}\.?\s+\d{1,2},\s+)?\d{4}\b|\))")
SIDES = {"N": "Northern ", "S": "Southern ", "E": "Eastern ", "W": "Western ", "M": "Middle ",
         "C": "Central "}  # fmt: skip


def courts(text: str) -> Iterator[RuleSpan]:
    """Yield courts, with their full names where courts-db is certain of one."""
    if "Court" in text or "Circuit" in text:
        for match in COURT.finditer(text):
            yield _court(match)
    if "COURT" in text or "CIRCUIT" in text:
        for capitals in CAPITALS.finditer(text):
            # The blanks of what is left out keep the offsets.
            begin = max(0, capitals.start() - len("U. S. "))
            recased = " " * begin + text[begin : capitals.start()] + _recased(capitals[0])
            for match in COURT_OF_CAPTION.finditer(recased, begin):
                yield _court(match)
    if "D." in text:
        for match in OF_REPORTS.finditer(text):
            if match["side"] or match["bankrupt"] or BEFORE_YEAR.match(text, match.end()):
                yield matched(match, MentionType.ORG, "court", _name_in_full(match))


def _court(match: re.Match[str]) -> RuleSpan:
    """Make the span of a court."""
    return matched(match, MentionType.ORG, "court", court_name(BLANKS.sub(" ", match[0])))


def _recased(capitals: str) -> str:
    """Write words in capitals as titles are written, letter for letter."""
    return CAPITAL_WORD.sub(
        lambda word: (
            word[0].lower() if word[0] in SMALL
            else word[0] if word[0] == "US" else word[0][0] + word[0][1:].lower()
        ),
        capitals,
    )  # fmt: skip


def _name_in_full(match: re.Match[str]) -> str | None:
    """Give the name of a federal court of first instance by the letters of law reports."""
    state = NAMES_OF_ABBREVIATIONS[BLANKS.sub("", match["state"])]
    kind = "Bankruptcy" if match["bankrupt"] else "District"
    side = SIDES[match["side"]] if match["side"] else ""
    return court_name(f"United States {kind} Court for the {side}District of {state}")


@lru_cache(maxsize=4096)
def court_name(words: str) -> str | None:
    """Look up a court's full name; None unless courts-db knows exactly one such court."""
    import courts_db

    full = re.sub(r"^(?:U\.\s?S\.|US)\s", "United States ", words)
    full = re.sub(
        rf"(?<= Court),? (?:(?:for|of|in) the )?(?=(?:{SIDE} )?District of )", " for the ", full
    )
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
