"""Short forms that a text itself introduces: `Syrian Democratic Forces (SDF)`, `Acme Corp. (the
“Company”)`, and those that a company's own name gives (`Castellan` of `Castellan Holdings Ltd.`).
Pure; `extract` looks for the places of a short form, `resolve` for what it means.
"""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re
from collections.abc import Iterator

WORD = re.compile(r"[^\W\d_]+")
SMALL_WORDS = frozenset("and of the for to in on at de la du & a an".split())
ACRONYM = re.compile(r"[A-Z][A-Z&]{1,7}s?")
BRACKETED = re.compile(
    r"\s*\(\s*(?:(?:hereinafter|herein|collectively|together|also|known\s+as|referred\s+to\s+as"
    r"|or|the)[\s,]+){0,6}(?:[\"“”‘']\s*(?:the\s+)?([A-Z][^\"“”’'()\n]{1,40}?)[\"“”’']"
    r"|([A-Z][A-Z&.-]{1,9}))\s*[);,]"
)
# What companies do or are: the words of a name before one of these tell it from all others.
TRADES = frozenset(
    """advisors advisers aerospace agency airlines airways analytics apparel architects assets
    associates automotive aviation bancorp bank banking beverages biotech brands brewery brewing
    brothers broadcasting builders building cable capital casino cement chemical chemicals clothing
    coal coffee communications companies company computer computers construction consultancy
    consultants consulting contracting contractors cosmetics credit cruises data dairy defense
    design developers development developments devices digital distribution distributors dynamics
    electric electronics energy engineering enterprise enterprises entertainment equipment equity
    estates exploration express farms fashion finance financial fisheries foods forwarding freight
    fuels funding furniture gaming gas global group hardware health healthcare holding holdings
    homes hospitality hotels imports industrial industries insurance international investment
    investments jewelers laboratories labs land leasing lending logistics lumber machinery
    management manufacturing marine maritime marketing markets materials media medical metals
    microsystems mines mining mortgage motor motors networks oil outfitters packaging paper partners
    petroleum pharma pharmaceutical pharmaceuticals pictures pipeline plastics power
    press printing productions products properties property publications publishing railroad
    railway realty records recycling refining reinsurance resorts resources restaurants retail
    robotics rubber sciences securities security semiconductor services shipping shipyards
    software solar solutions staffing steel stores studios supplies supply systems technologies
    technology telecom textiles therapeutics tobacco tools toys trading traders transport
    transportation travel trucking trust utilities vehicles ventures watches water wines wireless
    works worldwide""".split()
)

TERM = re.compile(r"[\"“”‘'](?:the\s+)?([A-Z][^\"“”’'()\n]{1,40}?),?[\"“”’']")
# The apposition holds no bracket, quote or end of a sentence.
DEFINING = re.compile(r"(?:,[^()\"“”;:!?\n]{0,120}?)?\s*\((?P<inside>[^()\n]{3,160})\)")
BESIDE_TERMS = re.compile(
    r"(?:[\s,;]|\b(?:a|affiliates|also|and|as|called|each|hereafter|herein|hereinafter|its|known|or"
    r"|predecessors?|referred|subsidiaries|successors?|collectively|the|to|together|with)\b)*",
    re.IGNORECASE,
)
TOGETHER = re.compile(r"\b(?:collectively|each|together(?!\s+with))\b", re.IGNORECASE)
BRACKETED_ACRONYM = re.compile(r"\s*\(\s*[\"“'‘]?([A-Z][A-Z&]{1,7})[\"”'’]?\s*\)")
REACH = 120


def long_form_start(short: str, text: str, end: int) -> int | None:
    """Find where the name begins that ends at `end` and has an acronym's letters as initials.

    Small words may or may not have a letter. None if no run of words fits.
    """
    letters = [letter.lower() for letter in short if letter.isalpha()]
    begin = max(0, end - REACH)
    words = list(WORD.finditer(text, begin, end))
    left = len(letters)
    for word in reversed(words):
        if word[0][0].lower() == letters[left - 1] and (
            word[0][0].isupper() or word[0].lower() in SMALL_WORDS
        ):
            left -= 1
            if left == 0:
                return word.start() if word[0][0].isupper() else None
        elif word[0].lower() not in SMALL_WORDS:
            return None
    return None


def introduced_after(text: str, end: int) -> tuple[int, int, bool] | None:
    """Find the short form in the brackets right after a name that ends at `end`.

    Gives its (start, end) and whether it stands in quotes, which make it a defined term; None if
    there is none.
    """
    match = BRACKETED.match(text, end)
    if match is None:
        return None
    group = 1 if match[1] else 2
    return match.start(group), match.end(group), group == 1


def introduced_forms(text: str, end: int, limit: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the short forms in the brackets behind a name that ends at `end`, as `introduced_after`
    does: all of them (“Globex” or the “Company”), also behind an apposition (“, a Delaware
    corporation (the …)”) that ends by `limit`. What is defined for several together is nobody's.
    """
    bracket = DEFINING.match(text, end)
    far = bracket is not None and bracket.start("inside") > max(limit, end + 3)
    if bracket is None or far or BESIDE_TERMS.fullmatch(TERM.sub(" ", bracket["inside"])) is None:
        found = introduced_after(text, end)
        if found is not None and not TOGETHER.search(text, end, found[0]):
            yield found
        return
    if not TOGETHER.search(bracket["inside"]):
        for term in TERM.finditer(text, bracket.start("inside"), bracket.end("inside")):
            yield term.start(1), term.end(1), True


def initials_fit(short: str, long: str) -> bool:
    """Say whether letters are the initials of a name, its small words counted or not."""
    letters = [character for character in short.upper() if character.isalpha()]
    if letters and short.endswith("s") and len(letters) > 2:
        letters = letters[:-1]
    words = WORD.findall(long)
    every = [word[0].upper() for word in words]
    main = [word[0].upper() for word in words if word.lower() not in SMALL_WORDS]
    return len(letters) > 1 and letters in (every, main)


def distinctive_words(name: str) -> str | None:
    """Take the words of a company's name that tell it from others, given the name without its
    legal form ("Castellan" of "Castellan Holdings"); None if all of them do, or none.
    """
    words = name.split()
    for at, word in enumerate(words):
        if word.lower() in TRADES:
            return " ".join(words[:at]) or None
        if word in SMALL_WORDS or word.endswith(","):
            return None  # a list of partners, or a body "of" something
    return None
