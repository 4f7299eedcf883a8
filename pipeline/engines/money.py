"""Sums of money: in figures with a sign, a code or a unit, in words, and as ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.documents import MentionType
from pipeline.engines.currencies import CODES
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
    rf"{SIGN}\s?{AMOUNT}(?:[\s-]?{SCALE}\b)?"
    rf"|(?:{CODE})\s?{AMOUNT}(?:\s?{SCALE}\b)?"
    rf"|\b{AMOUNT}(?:[\s-]{SCALE_WORD})?\s{NATION}?{UNIT}"
    rf"|\b{AMOUNT}(?:\s{SCALE_WORD})?\s(?:{CODE})\b"
    rf"|\b{AMOUNT}(?:\s?{SCALE})?\s?€(?!\s?\d)"
)
FIGURES = re.compile(r"\d")

NUMBERS = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen""".split()  # noqa: SIM905
    )
} | {
    word: 10 * value
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2  # noqa: SIM905
    )
}  # fmt: skip
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
FRACTIONS = {"half": Decimal("0.5"), "quarter": Decimal("0.25")}
COUNT = "|".join(sorted((*NUMBERS, *SCALES), key=len, reverse=True))
# Begins with what counts; "a" and a fraction only before a scale ("a hundred", "half a million").
IN_WORDS = re.compile(
    rf"\b(?P<number>(?:(?:(?:an?[\s-]+|one[\s-]+)?(?:half|quarter)[\s-]+(?:of[\s-]+)?(?:an?[\s-]+)?"
    rf"|an?[\s-]+)(?={'|'.join(SCALES)})|(?={'|'.join(NUMBERS)}))(?:{COUNT})\b"
    rf"(?:(?:[\s-]+|\s+and\s+)(?:{COUNT})\b|\s+and\s+a\s+(?:half|quarter)\b)*)"
    rf"[\s-]+(?P<unit>{NATION}?{UNIT})",
    re.IGNORECASE,
)
NAMED_UNIT = re.compile(UNIT)


def sums(text: str) -> Iterator[RuleSpan]:
    """Yield sums of money; a range that shares a scale or a unit is one, never its first figure."""
    if NAMED_UNIT.search(text):
        for match in IN_WORDS.finditer(text):
            value = in_figures(match["number"])
            yield matched(match, MentionType.MONEY, normal=f"{value.normalize():f} {match['unit']}")
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


def in_figures(words: str) -> Decimal:
    """Read a number in words ("half a million", "two hundred and fifty thousand")."""
    total, group, scale = Decimal(0), Decimal(0), Decimal(1)
    fraction: Decimal | None = None
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in NUMBERS:
            group += NUMBERS[word]
        elif word in FRACTIONS:
            # "half a million" is a part of what follows, "two and a half million" adds to it.
            fraction = FRACTIONS[word]
        elif word in SCALES:
            counted = group + (fraction or 0) or Decimal(1)
            fraction = None
            scale = Decimal(SCALES[word])
            if word == "hundred":
                group = counted * scale
            else:
                total, group = total + counted * scale, Decimal(0)
    # "two million and a half" means a half of the scale that was named.
    return total + group + (fraction * scale if fraction else 0)
