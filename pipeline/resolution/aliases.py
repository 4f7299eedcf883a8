"""Other names that a text gives itself: "Globex Corp., formerly known as Initech LLC"."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re

REACH = 100
OWNS = re.compile(r"\s?['’]")
CLOSES = re.compile(r"\s*[\"”’']?\s*\)")
ADVERBS = (
    r"(?:(?:also|and|best|better|commonly|formerly|informally|later|locally|more|now|officially"
    r"|often|once|originally|otherwise|popularly|previously|simply|sometimes|still|then|today"
    r"|widely|is|was|are|were|who|which)[\s,]+){0,5}"
)
LEGAL = "|".join(
    [rf"{letter}\s?[./]?\s?k\s?[./]?\s?a\b\s?\.?" for letter in "afn"]
    + [r"d\s?[./]?\s?b\s?[./]?\s?a\b\s?\.?", r"doing\s+business\s+as"]
)
KNOWN = rf"(?:known|referred\s+to)(?:\s+(?:simply|informally|collectively|locally))?\s+as|{LEGAL}"
LANGUAGES = "|".join(
    """albanian arabic armenian basque bengali bulgarian catalan chinese croatian czech danish dutch
    english estonian finnish french galician georgian german greek hebrew hindi hungarian icelandic
    indonesian irish italian japanese kazakh korean kurdish latin latvian lithuanian macedonian
    malay maltese mandarin mongolian nepali norwegian pashto persian polish portuguese romanian
    russian sanskrit serbian slovak slovene spanish swahili swedish tamil thai tibetan turkish
    ukrainian urdu vietnamese welsh""".split()
)
OPEN = r"(?:\s*\([^()]{0,60}[,;]\s*|[\s,;(–—-]*)"
QUOTE = r"\s*(?:the\s+)?[\"“‘]?\s*"
# "X, also known as Y", "X (Danish: Y)".
ANY = re.compile(
    rf"{OPEN}{ADVERBS}(?:{KNOWN}){QUOTE}|[\s\"”]*\(\s*(?:in\s+)?(?:{LANGUAGES})\s*:{QUOTE}",
    re.IGNORECASE,
)
OF_PERSON = re.compile(rf"{OPEN}{ADVERBS}(?:alias|n[ée]e|born)\s{QUOTE}", re.IGNORECASE)
# Of a thing only: of a person these tell an office, and "called" what he did.
OF_THING = re.compile(
    r"\s*(?:[,(]|,?\s(?:which\s+)?(?:is|was))\s*(?:which\s+(?:is|was)\s+)?(?:"
    r"(?:also|later|now|originally|formerly|previously|today|sometimes|then)"
    r"\s+(?:called|named|renamed|titled|spelt|spelled)(?:\s+as)?|renamed(?:\s+(?:as|to))?"
    rf"|(?<=[,(])\s*(?:formerly|previously|originally|now|today))\s{QUOTE}",
    re.IGNORECASE,
)
# "X (or Y)", "X (the Y)", closed behind. What stands in quotes there is a term of the text.
BRACKETED = re.compile(r"\s*\(\s*(?:or|the|then|or\s+the)\s+", re.IGNORECASE)


def is_alias(text: str, end: int, start: int, until: int, *, of_person: bool) -> bool:
    """Say whether a text gives the name from `start` to `until` as another name of what the name
    that ends at `end` stands for. What owns something ("York is known as England's Rome") is not.
    """
    if not 0 < start - end <= REACH or OWNS.match(text, until):
        return False
    if ANY.fullmatch(text, end, start):
        return True
    if of_person:
        return OF_PERSON.fullmatch(text, end, start) is not None
    bracketed = BRACKETED.fullmatch(text, end, start) and CLOSES.match(text, until)
    return bool(bracketed) or OF_THING.fullmatch(text, end, start) is not None
