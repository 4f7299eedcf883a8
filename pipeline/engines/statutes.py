"""Written law: sections of codes, public laws, court rules, amendments and acts by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.documents import MentionType
from pipeline.engines.american_states import ABBREVIATION, NAME
from pipeline.engines.rule_spans import BLANKS, ORDINAL, RuleSpan, matched

SECTION = r"(?:\d+[\w.-]*\w|\d+)(?:\(\w{1,4}\))*"
SIGN = r"(?:§+|[Ss]ections?|[Ss]ecs?\.|[Pp]arts?)"
CODE = (
    r"(?:U\.?\s?S\.?\s?C(?:ode|\.)?(?:\s?A\.)?|C\.?\s?F\.?\s?R\.?|United\s+States\s+Code"
    r"|Code\s+of\s+Federal\s+Regulations)"
)
IN_A_TITLE = rf"[Tt]itle\s+(?P<titled>\d+),?\s+(?:of\s+(?:the\s+)?)?(?P<of>{CODE})"
CODE_SECTION = re.compile(
    rf"\b(?:{IN_A_TITLE}(?=,?\s*{SIGN})|(?P<title>\d+)\s+(?P<code>{CODE}))"
    rf"(?:,?\s*(?P<sign>{SIGN}))?\s*(?P<section>{SECTION})"
)
# "Sections 1343 and 1349 of Title 18, United States Code".
SECTION_AHEAD = re.compile(
    rf"(?<!\w){SIGN}\s*(?P<list>{SECTION}(?:(?:,|,?\s+and|,?\s+or)\s+{SECTION}){{0,9}}),?\s+of\s+{IN_A_TITLE}"
)
# "Tex. Penal Code § 19.02", "N.Y. Gen. Bus. Law § 349(h)", "California Civil Code section 1709".
STATE_SECTION = re.compile(
    rf"\b(?P<code>(?:{ABBREVIATION}|{NAME})\s+(?:(?:[A-Z][\w’']*\.?|&|and)\s+){{0,6}}?"
    r"(?:Codes?|Laws?|Stat(?:s\.|\.|utes)|Const\.)(?:\s+Ann(?:\.|otated))?)"
    rf",?\s*(?P<sign>§+|[Ss]ections?|[Ss]ecs?\.|[Aa]rt\.)\s*(?P<section>{SECTION})"
)
# What goes on a list of sections behind "§§"; a range is one name ("§§ 1341-1343").
NEXT_SECTION = re.compile(
    rf"(?:\s*,\s*(?:and\s+|&\s*|or\s+)?|\s*&\s*|\s+(?:and|or)\s+)({SECTION})(?![\w(])(?!\s+[A-Z]\.)"
)
PLURAL_SIGN = re.compile(r"§§|[Ss]ections|[Ss]ecs\.|[Pp]arts")
RANGE = re.compile(r"(\d+)[-\u2013](\d+)")
PUBLIC_LAW = re.compile(
    r"\b(?:Pub(?:\.|lic)\s*L(?:\.|aw)|P\.\s?L\.)\s*(?:Nos?\.?\s*)?(\d{1,3})[-\u2013](\d{1,4})\b"
)
AT_LARGE = re.compile(r"\b(\d{1,3})\s+Stat\.\s+(\d{1,5})\b")
RULE = re.compile(
    r"\bFed(?:\.|eral)\s*R(?:\.|ules?)\s*(?:of\s+)?"
    r"(Civ|Crim|App|Bankr|Evid)\w*\.?\s*(?:P(?:\.|rocedure))?\s*(?:Rule\s+)?"
    rf"({SECTION})|\bRules?\s+({SECTION})"
)
RULE_BOOKS = {"Civ": "Civ. P.", "Crim": "Crim. P.", "App": "App. P.", "Bankr": "Bankr. P."}
AMENDMENT = re.compile(rf"\b{ORDINAL}\s+Amendment\b")
ARTICLE = re.compile(r"\b(?:Article|Title)\s+[IVX]{1,6}\b(?:,?\s+[Ss]ection\s+\d+)?")
SECTION_OF = re.compile(rf"(?:\b[Ss]ections?|§+)\s*({SECTION})(\s+of\s+(?:the\s+)?)?")
ACT = re.compile(r"\bAct\b(?:\s+of\s+(?:1[5-9]|20)\d\d\b)?")
ACT_WORD = re.compile(r"[A-Z(][\w’'()/-]*,?|(?:[A-Z]\.)+|and|of|the|for|to|in|on|against|&|,")
ACT_JOIN = frozenset({"and", "of", "the", "for", "to", "in", "on", "against", "&", ","})
ACT_LEAD = frozenset({"this", "that", "an", "each", "every", "such", "under", "any", "see", "act"})
ACT_REACH = 100
DIGIT = re.compile(r"\d")


def statutes(text: str) -> Iterator[RuleSpan]:
    """Yield written law, in one normal form each where it has a number."""
    if DIGIT.search(text):
        yield from _sections(text)
        yield from _numbered(text)
    for pattern in (AMENDMENT, ARTICLE):
        for match in pattern.finditer(text):
            yield matched(match, MentionType.LAW, "provision")
    yield from _acts(text)


def _sections(text: str) -> Iterator[RuleSpan]:
    """Yield sections of codes; each of a list behind "§§" is one of its own."""
    yield from _sections_ahead(text)
    for pattern in (CODE_SECTION, STATE_SECTION):
        for match in pattern.finditer(text):
            code = _code(match)
            first = match["section"]
            several = PLURAL_SIGN.match(match["sign"] or "") is not None
            yield matched(match, MentionType.LAW, "statute", _section(code, first, several=several))
            end = match.end()
            while several and (more := NEXT_SECTION.match(text, end)):
                yield RuleSpan(
                    start=more.start(1), end=more.end(1), type=MentionType.LAW,
                    subtype="statute", normal=_section(code, more[1], several=True),
                )  # fmt: skip
                end = more.end()


def _sections_ahead(text: str) -> Iterator[RuleSpan]:
    """Yield sections that are named before their title; of several each is one of its own."""
    for match in SECTION_AHEAD.finditer(text):
        sections = list(re.finditer(SECTION, match["list"]))
        for section in sections:
            start, end = (match.start("list") + at for at in section.span())
            if len(sections) == 1:
                start, end = match.span()
            yield RuleSpan(
                start=start, end=end, type=MentionType.LAW, subtype="statute",
                normal=_section(_code(match), section[0], several=len(sections) > 1),
            )  # fmt: skip


def section_named(words: str) -> str | None:
    """Give the name of the section of a federal code that words are and nothing else."""
    found = CODE_SECTION.fullmatch(words)
    if found is not None:
        several = PLURAL_SIGN.match(found["sign"] or "") is not None
        return _section(_code(found), found["section"], several=several)
    ahead = list(_sections_ahead(words))
    return ahead[0].normal if [(one.start, one.end) for one in ahead] == [(0, len(words))] else None


def _code(match: re.Match[str]) -> str:
    """Write a code's name in one way."""
    groups = match.groupdict()
    title = groups.get("titled") or groups.get("title")
    code = groups.get("of") or match["code"]
    if title:
        return f"{title} " + ("U.S.C." if "S" in code else "C.F.R.")
    return BLANKS.sub(" ", code)


def _section(code: str, section: str, *, several: bool) -> str:
    """Write a section's name; "1341-1343" behind "§§" is a range, "78aa-1" never."""
    ends = RANGE.fullmatch(section)
    rising = ends is not None and int(ends[1]) < int(ends[2])
    return f"{code} {'§§' if several and rising else '§'} {section}"


def _numbered(text: str) -> Iterator[RuleSpan]:
    """Yield public laws, the statutes at large and court rules."""
    for match in PUBLIC_LAW.finditer(text):
        yield matched(match, MentionType.LAW, "statute", f"Pub. L. No. {match[1]}-{match[2]}")
    for match in AT_LARGE.finditer(text):
        yield matched(match, MentionType.LAW, "statute", f"{match[1]} Stat. {match[2]}")
    for match in RULE.finditer(text):
        book = RULE_BOOKS.get(match[1] or "", f"{match[1]}.")
        normal = f"Fed. R. {book} {match[2]}" if match[1] else f"Rule {match[3]}"
        yield matched(match, MentionType.LAW, "rule", normal)


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
