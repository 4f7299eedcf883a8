"""Sums of money: in figures with a sign, a code or a unit, in words, and as ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.documents import MentionType
from pipeline.engines.currencies import CODES
from pipeline.engines.numerals import CARDINALS
from pipeline.engines.rule_spans import RuleSpan, matched

SCALE_WORD = r"(?:thousand|lakh|million|crore|billion|trillion)"
SCALE = rf"(?:{SCALE_WORD}|mln|bln|mn|bn|tn|MM|[kKmMbB])"
# A comma before one or two figures and a scale is a decimal one: "€2,5 million".
AMOUNT = (
    rf"(?:\d{{1,3}}(?:,\d{{2,3}})*,\d{{3}}(?:\.\d+)?|\d+,\d{{1,2}}(?=[\s-]?{SCALE}\b)"
    r"|\d+(?:\.\d+)?(?![\d.]*\.\d))"
)
SIGN = r"(?:\b(?:US|USD|EUR|GBP|CAD|AUD|HK|NZ|NT|AU|CA|A|C|R|S)\s?)?[$€£¥₹]"
CODE = rf"\b(?:{'|'.join(CODES)}|RMB)|\bRs\.?"
NATION = (
    r"(?:(?:U\.\s?S\.|US|American|Canadian|Australian|Swiss|Swedish|Norwegian|Danish|Japanese|Chinese"
    r"|Indian|Russian|Mexican|Hong\s+Kong|New\s+Zealand|Singapore)\s+)"
)
UNIT = (
    r"(?:dollars|euros?|pounds\s+sterling|francs|yen|yuan|renminbi|rupees|rubles|roubles|pesos|kronor"
    r"|kroner|dirhams|riyals|shekels|zlotys)\b"
)
# "$5-10 million", "$3 to $5 million", "between $3 and $4 million": one scale for two figures.
RANGE_JOIN = r"(?:\s?[-\u2013\u2014]\s?|\s+to\s+|\s+and\s+)"
UNSCALED = rf"(?P<low>{AMOUNT})(?P<join>{RANGE_JOIN})"
SIGNED_RANGE = re.compile(
    rf"(?:{SIGN}\s?|{CODE}\s?){UNSCALED}(?:{SIGN}\s?|{CODE}\s?)?"
    rf"(?P<high>{AMOUNT})(?:[\s-]?(?P<scale>{SCALE})\b)"
)
SIGNED_SPAN = re.compile(
    rf"(?:{SIGN}|{CODE})\s?(?P<low>{AMOUNT})(?P<join>\s?[-\u2013\u2014]\s?)(?P<high>{AMOUNT})\b"
)
UNIT_RANGE = re.compile(
    rf"\b(?P<low>{AMOUNT})(?:\s{SCALE_WORD})?(?P<join>{RANGE_JOIN})(?P<high>{AMOUNT})"
    rf"(?:\s(?P<scale>{SCALE_WORD}))?\s{NATION}?{UNIT}"
)
BETWEEN = re.compile(r"\bbetween\s+(?:about\s+|roughly\s+|approximately\s+)?$", re.IGNORECASE)
MONEY = re.compile(
    rf"{SIGN}\s?{AMOUNT}(?:[\s-]?{SCALE}\b)?|{SIGN}\.\d{{2}}(?![\d.]*\d)"
    rf"|(?:{CODE})\s?{AMOUNT}(?:\s?{SCALE}\b)?"
    rf"|\b{AMOUNT}(?:[\s-]{SCALE_WORD})?\s{NATION}?{UNIT}"
    rf"|\b{AMOUNT}(?:\s{SCALE_WORD})?\s(?:{CODE})\b"
    rf"|\b{AMOUNT}(?:\s?{SCALE})?\s?€(?!\s?\d)"
)
FIGURES = re.compile(r"\d")

NUMBERS = {"zero": 0, **CARDINALS}
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_TEENS = "|".join(word for word, value in NUMBERS.items() if 9 < value < 20)
_ONES = "|".join(word for word, value in NUMBERS.items() if 0 < value < 10)
_TENS = "|".join(word for word, value in NUMBERS.items() if value >= 20)
_BELOW_100 = rf"(?:(?:{_TENS})(?:[\s-]+(?:{_ONES}))?|{_TEENS}|{_ONES})"
_BELOW_1000 = (
    rf"(?:(?:an?|{_BELOW_100})[\s-]+hundred(?:(?:\s+and)?[\s-]+{_BELOW_100})?|{_BELOW_100}|zero)"
)
_LARGE = "thousand|million|billion|trillion"
_PART = r"(?:(?:an?|one)[\s-]+)?half|(?:(?:an?|one|three)[\s-]+)?quarters?"
# "half a million", "three quarters of a million"; "two and a half million" adds to what is before.
_SCALED = (
    rf"(?:(?P<part>{_PART})(?:\s+of)?(?:[\s-]+an?)?|an?"
    rf"|(?P<count>{_BELOW_1000})(?:[\s-]+and[\s-]+(?P<more>{_PART}))?)[\s-]+(?P<scale>{_LARGE})"
)
_STEP = re.compile(rf"(?:,?\s+|\s+and\s+)?{_SCALED}\b", re.IGNORECASE)
_REST = re.compile(
    rf"(?:\s+and\s+an?[\s-]+(?P<half>half|quarter)|(?:\s+and)?[\s-]*(?P<count>{_BELOW_1000}))?",
    re.IGNORECASE,
)
_COUNT = "|".join(sorted((*NUMBERS, *SCALES, "half", "quarters", "quarter"), key=len, reverse=True))
_FIRST = (
    rf"(?:an?[\s-]+(?:{'|'.join(SCALES)}|half|quarter)"
    rf"|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}|half|quarters?)\b"
)
_OF_A_WHOLE = (
    r"(?:(?:(?<=half)|(?<=quarter)|(?<=quarters))\s+of"
    r"|(?:(?<=thousand)|(?<=million)|(?<=billion)),)?"
)
# Whatever is made of such words, also what is no number ("two and three million"): a part of it
# would be another sum.
IN_WORDS = re.compile(
    rf"\b(?P<number>{_FIRST}(?:{_OF_A_WHOLE}[\s-]+(?:and[\s-]+)?(?:an?[\s-]+)?(?:{_COUNT})\b)*)"
    rf"[\s-]+(?P<unit>{NATION}?{UNIT})",
    re.IGNORECASE,
)
NAMED_UNIT = re.compile(UNIT)


def sums(text: str) -> Iterator[RuleSpan]:
    """Yield sums of money; a range that shares a scale or a unit is one, never its first figure."""
    if NAMED_UNIT.search(text):
        for match in IN_WORDS.finditer(text):
            value = in_figures(match["number"])
            normal = None if value is None else f"{value.normalize():f} {match['unit']}"
            yield matched(match, MentionType.MONEY, normal=normal)
    if FIGURES.search(text):
        ranges = [
            match
            for pattern in (SIGNED_RANGE, SIGNED_SPAN, UNIT_RANGE)
            for match in pattern.finditer(text)
            if _is_range(text, match)
        ]
        for match in [*ranges, *MONEY.finditer(text)]:
            if not any(_holds(one, match) for one in ranges):
                yield matched(match, MentionType.MONEY)


def _holds(whole: re.Match[str], part: re.Match[str]) -> bool:
    """Say whether one match lies inside another."""
    inside = whole.start() <= part.start() and part.end() <= whole.end()
    return inside and part.end() - part.start() < whole.end() - whole.start()


def _is_range(text: str, match: re.Match[str]) -> bool:
    """Say whether two figures are the ends of one range: they rise, and "and" follows "between".

    What falls is two sums with a scale each ("from $500 to $1 million").
    """
    low, high = (Decimal(match[group].replace(",", "")) for group in ("low", "high"))
    joined = match["join"].strip() != "and" or BETWEEN.search(text, 0, match.start()) is not None
    return low < high and joined


def in_figures(words: str) -> Decimal | None:
    """Read a number in words ("half a million", "two hundred and fifty thousand"); None for words
    that are no one number ("two and three million").
    """
    total, place, least = Decimal(0), 0, Decimal("Infinity")
    scale = Decimal(1)
    while step := _STEP.match(words, place):
        scale = Decimal(SCALES[step["scale"].lower()])
        if scale >= least:
            return None
        counted = _below_1000(step["count"]) if step["count"] else Decimal(0)
        counted += _part(step["part"] or step["more"])
        total, place, least = total + (counted or 1) * scale, step.end(), scale
    rest = _REST.match(words, place)
    if rest is None or rest.end() < len(words) or (rest["half"] and least.is_infinite()):
        return None
    # "two million and a half" means a half of the scale that was named.
    return total + _part(rest["half"]) * scale + _below_1000(rest["count"] or "")


def _part(words: str | None) -> Decimal:
    """Read a half, a quarter or three."""
    if not words:
        return Decimal(0)
    if "half" in words.lower():
        return Decimal("0.5")
    return Decimal("0.75") if words.lower().startswith("three") else Decimal("0.25")


def _below_1000(words: str) -> Decimal:
    """Read what is counted before a scale."""
    hundreds, said, rest = words.lower().rpartition("hundred")
    small = sum(NUMBERS.get(word, 0) for word in re.findall(r"[a-z]+", rest))
    large = sum(NUMBERS.get(word, 0) for word in re.findall(r"[a-z]+", hundreds))
    return Decimal(small + (100 * (large or 1) if said else 0))
