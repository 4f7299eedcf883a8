"""Signs in a text that a state stands behind a town and not beside a city in a list: "in Berlin,
New Hampshire, where" is one place, "Berlin, Texas and Ohio" are three.

What is missed stays the city or country of that name; what is taken wrongly would tear it apart. So
only what hardly any list has is a sign, also where not all of the list was recognised.
"""

from __future__ import annotations

import re

from pipeline.engines.place_names import CITIES_TOO

PREPOSITION = (
    "(?:around|at|from|in|inside|into|near|of|outside|through|throughout|to|toward|towards|via"
    "|within)"
)
PLACED = re.compile(rf"(?<![\w'’-])(?:{PREPOSITION}|an?)\s+$", re.IGNORECASE)
AT_A_PREPOSITION = re.compile(rf"(?<![\w'’-]){PREPOSITION}\s+$", re.IGNORECASE)
# A list may go on with some words between: "Paris, Texas, then Ohio", "Paris, Texas and even Ohio".
SOME_WORDS = re.compile(r"\s?,?(?:\s+[\w'’-]+){0,4}\s+")
LINE_BEGINS = re.compile(r"(?:^|\n)[^\S\n]*$")
LINE_ENDS = re.compile(r"[^\S\n]*(?:\n|$)")
DATELINE = re.compile(r"\s*(?:\(|--|[—–-]\s)")
# A list goes on with a name, or ends with "and" and what need be no name ("and elsewhere").
ENDS = re.compile(r"\s?(?:[.;:!?)\]—–]|,(?!\s+(?:and|or|&|etc|[A-Z])))|[^\S\n]*(?:\n|$)")
OF_ONE_THING = re.compile(r"\s?,\s+(?:has|is|lies|sits|was)\b")
POST_CODE = re.compile(r",?\s+\d{5}(?!\d)")
# Letters that are used for a city too.
CITIES = frozenset({"LA", "L.A.", "NY"})


def says_one_place(before: str, region: str, state: str, after: str) -> bool:
    """Say whether a town and the American state behind it are one place by the words around them:
    `before` the town, `after` the state, which the text calls `region`.
    """
    written = region.replace(".", "")
    is_short = written.lower() != state and (region.endswith(".") or written.isupper())
    if is_short and region not in CITIES:
        return True
    if POST_CODE.match(after) or OF_ONE_THING.match(after):
        return True
    if state in CITIES_TOO:
        return False
    if LINE_BEGINS.search(before) and (LINE_ENDS.match(after) or DATELINE.match(after)):
        return True
    return PLACED.search(before) is not None and ENDS.match(after) is not None


def may_list(between: str) -> bool:
    """Say whether two places with these words between them may be of one list."""
    return SOME_WORDS.fullmatch(between) is not None and not AT_A_PREPOSITION.search(between)
