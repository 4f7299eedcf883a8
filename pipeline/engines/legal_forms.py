"""Legal forms of companies, as names fold them and as running text writes them.

rigour knows hundreds of forms in hundreds of spellings, for names given as names. In a running
text most of them are words, initials or states too ("as", "NV", "Spa"), so only those stand here
that say "company" by themselves, and apart those that do so behind a known name.
"""

from __future__ import annotations

import re

# Words that are a legal form at the end of an English name, though rigour leaves them in place.
FORMS = {"corporation": "corp", "company": "co", "incorporated": "inc", "limited": "ltd"}
SHORT_FORMS = frozenset({*FORMS.values(), "llc", "llp", "plc", "lp", "pc", "na"})

# Forms of partnerships: theirs are the names that are lists of people ("Smith, Jones and Day LLP").
FIRM = r"PLLC|P\.L\.L\.C\.|LLLP|LLP|L\.L\.P\.|P\.C\.|L\.P\.|Co\.|CO\."
SURE = (
    rf"{FIRM}|(?:Inc|INC|Corp|CORP|Ltd|LTD|Pty|PTY|Pte|PTE|Bhd|BHD)\b\.?|Incorporated|INCORPORATED"
    r"|LLC|L\.\s?L\.\s?C\.|PLC|plc|Plc|P\.L\.C\.|GmbH|GMBH|KGaA|Berhad|Sdn|SDN|Oyj|OYJ|ApS|A/S"
    r"|S\.p\.A\.|SpA|S\.r\.l\.|S\.A\.R\.L\.|S\.A\.S\.|S\.A\.|B\.V\.|N\.V\.|A\.G\.|K\.K\."
    r"|PJSC|OJSC|JSC|OOO|d\.o\.o\.|s\.r\.o\."
)
# Words of the language: they end the names of companies, and begin other things.
SPELT = r"Company|COMPANY|Corporation|CORPORATION|Limited|LIMITED"
# Letters that stand for other things as well.
DOUBTFUL = r"AG|SA|SE|AB|NV|BV|LP|PC|SAS|KG|Oy|AS|ASA|Co|Srl|SARL"
_ANY = rf"{SURE}|{SPELT}|{DOUBTFUL}"
WRITTEN = re.compile(
    rf"(?P<comma>,?)\s+(?P<first>{_ANY})(?:(?:,|\s&)?\s+(?:{_ANY}|de\s+C\.V\.))*(?![\w/-]|\.\w)"
)
BARE = re.compile(rf"(?:{SURE}|{SPELT})(?:,?\s+(?:{_ANY}))*\.?", re.IGNORECASE)
SURE_FORM = re.compile(SURE)
SPELT_FORM = re.compile(SPELT)
FIRM_FORM = re.compile(rf"{FIRM}|Company|Co")


def is_legal_form(words: str) -> bool:
    """Say whether words are a legal form and nothing else ("LLC", "Co., Ltd.")."""
    return BARE.fullmatch(words.strip()) is not None


def without_written_form(words: str) -> str:
    """Leave the legal form out that a name ends with; the name itself if it has none."""
    for form in WRITTEN.finditer(words):
        if form.end() == len(words):
            return words[: form.start()]
    return words
