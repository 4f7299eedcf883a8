"""Numbers that courts give cases: where texts have them, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.documents import MentionType
from pipeline.engines.american_states import ABBREVIATION, LETTERS, SIDES_OF_STATES, STATES
from pipeline.engines.letters import plain
from pipeline.engines.rule_spans import BLANKS, RuleSpan

# "S2 19 Cr. 373": the second superseding indictment of the same case.
SUPERSEDING = r"(?:\(?S\d{1,2}\)?\s)?"
CRIMINAL = r"(?i:cr(?:im)?|mj|mag)"
OTHER_TYPE = r"(?i:civ|cv|mc|md|ml|bk|ap)"
HYPHENED = r"(?:-[A-Z]{2,4}(?!\w)){0,3}"
BRACKETED = r"(?:\s?\([A-Z]{2,4}(?:/[A-Z]{2,4}){0,2}\)){0,2}"
A_JUDGE_AHEAD = r"(?=-[A-Z]{2,4}(?!\w)|\s?\([A-Z]{2,4}[)/])"
# In a criminal case the number of a defendant stands between the letters of judges.
DEFENDANT = r"(?(crim)(?:-\d{1,3}(?![\w-]))?)"
BEHIND = rf"{HYPHENED}{DEFENDANT}{BRACKETED}"
COURT = (
    r"(?i:(?P<bankrupt>Bankr\.\s+)?(?:(?P<side>[NSEWMC])\.\s?)?D\.\s?"
    rf"(?P<state>{ABBREVIATION})(?![\w.])|(?P<circuit>\d{{1,2}}(?:st|nd|rd|d|th)|Fed\.|D\.\s?C\.)\s+Cir\.)"
)
IN_BRACKETS = rf"\({COURT}(?:\s+(?:(?i:[A-Z][a-z]{{2,8}})\.?\s+\d{{1,2}},\s+)?\d{{4}})?\)"
# The court, as law reports write it: right behind the number, or behind where the opinion stands.
OF_A_COURT = (
    r"(?:,\s+\d{4}\s+(?:WL|U\.\s?S\.\s+(?:Dist\.|App\.)\s+LEXIS)\s+\d+"
    r"(?:,\s+at\s+\*\d+(?:[-\u2013]\d+)?)?|,\s+slip\s+op\.(?:\s+at\s+\d+)?)?"
    rf",?\s*{IN_BRACKETS}"
)
COURT_BEHIND = re.compile(OF_A_COURT)
# "1:20-cv-01234-ABC", "1:20cv1234", "1:20 CV 1234". Only here a judge's letters may be small:
# elsewhere "-and" is a word.
WITH_OFFICE = re.compile(
    rf"\b{SUPERSEDING}\d{{1,2}}:(?:20|19)?\d\d(?:-|\s?(?={CRIMINAL}|{OTHER_TYPE}))"
    rf"(?:(?P<crim>{CRIMINAL})|[A-Za-z]{{2,4}})[-.]?\s?\d{{2,6}}(?!\w)"
    rf"(?:-(?:[A-Z]{{2,4}}|[a-z]{{2,3}})(?!\w)){{0,3}}{DEFENDANT}{BRACKETED}"
)
# "20-cv-1234 (ABC)", "20cr123": no other thing is written so. "20Cr13" is steel, "12cv3" a version.
WITHOUT_OFFICE = re.compile(
    rf"(?<![\w:.\-/]){SUPERSEDING}(?:20|19)?\d\d"
    rf"(?:-(?:(?P<crim>{CRIMINAL})|{OTHER_TYPE})-\d{{1,6}}|(?:cv|cr)\d{{3,6}})(?!\w){BEHIND}"
)
COMPACT = r"(?:20|19)?\d\d(?i:cv|cr)\d{1,6}(?!\w)"
COMPACT_OF_A_JUDGE = re.compile(rf"(?<![\w:.\-/]){COMPACT}{A_JUDGE_AHEAD}{HYPHENED}{BRACKETED}")
COMPACT_OF_A_COURT = re.compile(rf"(?<![\w:.\-/]){COMPACT}(?={OF_A_COURT})")
# "20 Civ. 1234 (ABC)", with the letters of a judge or a sign ahead: "Cr." is a reporter too.
IN_WORDS = r"\d\d[\s-](?:(?P<crim>(?i:cr|crim|mag))|(?i:civ|cv))\.?\s?-?\d{1,5}(?!\w)"
OF_A_JUDGE = re.compile(rf"(?<![\w:]){SUPERSEDING}{IN_WORDS}{A_JUDGE_AHEAD}{BEHIND}")
SUPERSEDED = re.compile(rf"\bS\d{{1,2}}\s{IN_WORDS}{BEHIND}")
# "19 Mag. 373"; ".22 Mag. 40 gr." and "44 Mag." are cartridges.
MAGISTRATE = re.compile(
    rf"(?<![\w:.\-/])[0129]\d\s(?P<crim>Mag\.?|MAG\.?)\s\d{{3,5}}(?!\w|\s?-?gr){BEHIND}"
)
# "18-10509-KG": a bankruptcy with the letters of its judge, or the number of a part.
BANKRUPTCY = re.compile(rf"(?<![\w:.\-/$])\d\d-\d{{5}}(?=-){HYPHENED}(?={OF_A_COURT})")
CASE_OF_A_JUDGE = re.compile(
    r"\b(?:Case|CASE|Docket|DOCKET|Adv\.\s+Proc?\.):?\s+"
    rf"(?P<docket>\d\d-\d{{5}}{A_JUDGE_AHEAD}{HYPHENED}(?![\w-]){BRACKETED})"
)
# What courts print on each page that is filed: "Case 19-23649-rdd  Doc 12  Filed 10/01/19".
FILED = re.compile(r"\bCase\s+(?P<docket>\d\d-\d{5}(?:-[a-z]{2,3})?)(?=\s+Doc(?:ket)?\.?\s+\d)")
NUMBER_SIGN = (
    r"(?:\b(?:Case|Docket|Action|Cause|Index|File|Appeal|Crim\.|Cr\.|Civ\.|C\.\s?A\.|CASE|DOCKET|ACTION)"
    r"\s+(?:No[s.]?\.?|NO[S.]?\.?|Number|\#)\s*:?\s*|\bNos?\.\s*)"
)
NUMBER = (
    rf"(?P<docket>\d\d-\d{{5}}(?!\w){HYPHENED}{BRACKETED}|{IN_WORDS}{BEHIND}"
    rf"|(?:{COMPACT}|\d\d\sC\.?\s\d{{2,5}}(?!\w)){HYPHENED}{BRACKETED}"
    r"|(?:(?:\d{1,2}:)?\d{2,4}[-\u2013][A-Za-z]{0,4}-?\d{1,7}(?:-[A-Z]{2,4})?|[A-Z]{1,3}-?\d{2}-\d{2,6}"
    r"|(?:C|CV|CR|CIV)\s\d{2}-\d{3,6}(?:-[A-Z]{2,4})?|\d{4,6}-[A-Z]{2,4})\b)"
)
NUMBERED = re.compile(NUMBER_SIGN + NUMBER)
# "Nos. 19-1234, 19-1235, and 19-1236 (2d Cir.)": the court is that of each.
OF_SEVERAL = re.compile(r"[sS]\.?\s*:?\s*$")
NEXT = re.compile(rf"(?:,\s+(?:(?:and|&)\s+)?|\s+(?:and|&)\s+){NUMBER}")
PATTERNS = (
    WITH_OFFICE, WITHOUT_OFFICE, COMPACT_OF_A_JUDGE, COMPACT_OF_A_COURT, OF_A_JUDGE, SUPERSEDED,
    MAGISTRATE, BANKRUPTCY, CASE_OF_A_JUDGE, FILED,
)  # fmt: skip
LETTERS_OF_JUDGES = r"\s*\([a-z]{2,4}(?:/[a-z]{2,4}){0,2}\)"
DOCKET = re.compile(
    r"(?:(?:case |docket )?nos?\.?\s*)?(?:\(?s\d{1,2}\)?[\s-]+)?(?:(?P<office>\d{1,2}):)?"
    r"(?:(?:20|19)?(?P<year>\d\d)[\s-]*(?:(?P<crim>cr(?:im)?|mj|mag)|(?P<type>[a-z]{2,4}|c))\.?[\s-]*"
    r"(?P<number>\d{1,6})|(?P<of_year>(?:20|19)?\d\d)-(?P<as_is>\d{2,7}))"
    r"(?P<judges>(?:\s*-\s*[a-z]{2,4}){0,4}(?(crim)(?:\s*-\s*\d{1,3})?)"
    rf"(?:{LETTERS_OF_JUDGES}){{0,4}})(?:,?\s*{IN_BRACKETS})?"
)
WORD = re.compile(r"[a-z]+")
ALONE = re.compile(r"\(([a-z]+)\)")
TYPES = {"c": "cv", "civ": "cv", "crim": "cr", "mag": "mj"}
STATES_BY_LETTERS = {short.replace(" ", "").lower(): short for short in STATES.values()}
STATES_BY_POST = {
    "dc": "District of Columbia",
    "pr": "Puerto Rico",
    **{short: name.title() for short, name in LETTERS.items()},
}
CIRCUITS = {"2nd": "2d", "3rd": "3d", "22nd": "22d", "23rd": "23d", "fed.": "Fed.", "d.c.": "D.C."}


class Docket(NamedTuple):
    """What the number of a case says; "" or () for what it does not. `judges` are their letters.

    Appeals and bankruptcies have no type, and their number is as it is written.
    """

    year: str
    type: str
    number: str
    office: str = ""
    judges: tuple[str, ...] = ()
    court: str = ""

    def written(self) -> str:
        """Write it as the court's own registry does: "1:20-CV-01234-ABC (S.D.N.Y.)"."""
        parts = [self.year, self.type, self.number, *self.judges]
        office, court = self.office and f"{self.office}:", self.court and f" ({self.court})"
        return f"{office}{'-'.join(filter(None, parts)).upper()}{court}"


def docket_of(words: str) -> Docket | None:
    """Read the number of a case; None for one of another form."""
    match = DOCKET.fullmatch(plain(words))
    if match is None:
        return None
    letters = dict.fromkeys(WORD.findall(match["judges"]))
    alone = ALONE.findall(match["judges"])
    courts = {
        short: court for short in letters if (court := _in_letters(short, alone=short in alone))
    }
    type_ = match["crim"] or match["type"] or ""
    return Docket(
        match["year"] or match["of_year"],
        TYPES.get(type_, type_).upper(),
        f"{int(match['number']):05}" if type_ else match["as_is"],
        str(int(match["office"])) if match["office"] else "",
        tuple(sorted(short.upper() for short in letters if short not in courts)),
        _court(match) or next(iter(courts.values()), ""),
    )


def dockets(text: str) -> Iterator[RuleSpan]:
    """Yield the numbers of cases. One whose court is said behind it, or behind the list that it is
    in, has that in its normal form, and leaves the court a name of its own. Those of several
    patterns may overlap.
    """
    numbered = list(_numbered(text))
    spans = [span for span, _ in numbered]
    for pattern in PATTERNS:
        group: str | int = "docket" if "docket" in pattern.groupindex else 0
        spans += [match.span(group) for match in pattern.finditer(text)]
    courts = {end: court for (_, end), court in numbered}
    for start, end in spans:
        court = courts[end] if end in courts else _court_behind(text, end)
        normal = BLANKS.sub(" ", f"{text[start:end]} ({court})") if court else None
        yield RuleSpan(start=start, end=end, type=MentionType.DOCKET, normal=normal)


def _numbered(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield where the numbers behind a sign stand, and the court of each."""
    for match in NUMBERED.finditer(text):
        spans = [match.span("docket")]
        if OF_SEVERAL.search(text, match.start(), match.start("docket")):
            while more := NEXT.match(text, spans[-1][1]):
                spans.append(more.span("docket"))
        court = _court_behind(text, spans[-1][1])
        yield from ((span, court) for span in spans)


def _court_behind(text: str, end: int) -> str:
    """Read the court that stands behind a number; "" if none does."""
    match = COURT_BEHIND.match(text, end)
    return _court(match) if match else ""


def _court(match: re.Match[str]) -> str:
    """Write a court in one way; "" if the match has none."""
    if circuit := match["circuit"]:
        short = BLANKS.sub("", circuit.lower())
        return f"{CIRCUITS.get(short, short)} Cir."
    if not match["state"]:
        return ""
    state = STATES_BY_LETTERS[BLANKS.sub("", match["state"].lower())]
    side = match["side"].upper() if match["side"] else ""
    return ("Bankr. " if match["bankrupt"] else "") + _of_district(side, state)


def _of_district(side: str, state: str) -> str:
    """Write the letters of a district: "S.D.N.Y.", "N.D. Cal."."""
    blank = "" if state[1:2] == "." and " " not in state else " "
    return f"{side and f'{side}.'}D.{blank}{state}"


def _in_letters(short: str, *, alone: bool) -> str | None:
    """Read "SDNY", where that is a district and no judge's letters. Three letters are one only
    alone in brackets ("(DNJ)"), and of a state with one district.
    """
    if alone and short[:1] == "d" and len(short) == 3:
        side, state = "", STATES_BY_POST.get(short[1:], "")
        known = bool(state) and state not in SIDES_OF_STATES
    else:
        side, state = short[:1].upper(), STATES_BY_POST.get(short[2:], "")
        known = short[1:2] == "d" and side in SIDES_OF_STATES.get(state, "")
    return _of_district(side, STATES[state]) if known else None
