"""Dates and money by value: the same day or sum has one normal form."""

from __future__ import annotations

import re
from decimal import Decimal

from pipeline.engines.currencies import POWERS, currency
from pipeline.engines.money import IN_WORDS, in_figures

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
DAY_LAST = re.compile(rf"{WEEKDAY}{MONTH}\s*{DAY}\s*,?\s*(\d{{4}})")
DAY_FIRST = re.compile(rf"{WEEKDAY}{DAY}[\s-]+(?:of\s+)?{MONTH}[\s,-]*(\d{{4}})")
MONTH_YEAR = re.compile(rf"{MONTH}\s*,?\s*(?:of\s+)?(\d{{4}})")
NUMBERS = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
FIGURES = re.compile(
    r"(?P<before>[^\d]*?)\s*(?P<number>\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?|\d+(?:\.\d+|,\d{1,2})?"
    r"|(?<=[$€£¥₹])\.\d+)"
    rf"(?:[\s-]*(?P<scale>{'|'.join(sorted(POWERS, key=len, reverse=True))})(?!\w))?"
    r"\s*(?P<after>\D*)"
)


def iso_date(words: str) -> str | None:
    """Write an absolute date as ISO 8601, as exact as it is: 2016-08-06, 2016-08 or 2016.

    None for a time that depends on when it is read ("Monday", "August 6"). Numbers with slashes
    are read the American way.
    """
    text = words.casefold().strip()
    if match := ISO.fullmatch(text):
        return _iso(match[1], match[2], match[3])
    if match := DAY_LAST.fullmatch(text):
        return _iso(match[3], match[1], match[2])
    if match := DAY_FIRST.fullmatch(text):
        return _iso(match[3], match[2], match[1])
    if match := MONTH_YEAR.fullmatch(text):
        return _iso(match[2], match[1], None)
    if match := NUMBERS.fullmatch(text):
        return _iso(match[3], match[1], match[2])
    return None


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    """Put a date together; None if there is no such month or day."""
    if month is None:
        return year
    number = int(month) if month.isdigit() else MONTHS.index(month) + 1
    if not 1 <= number <= 12 or (day and not 1 <= int(day) <= 31):
        return None
    return f"{year}-{number:02}" + (f"-{int(day):02}" if day else "")


def amount(words: str) -> str | None:
    """Write a sum as currency and value ("USD 1500000"), whether it is in figures or in words;
    None if it has no number or no currency that is known.
    """
    text = " ".join(words.casefold().split())
    if match := IN_WORDS.fullmatch(text):
        return _written(currency(match["unit"]), in_figures(match["number"]))
    match = FIGURES.fullmatch(text)
    if match is None:
        return None
    number, power = match["number"], POWERS.get(match["scale"] or "", 0)
    if DECIMAL_COMMA.fullmatch(number):
        if not power:
            return None
        number = number.replace(",", ".")
    before, after = match["before"], match["after"]
    # "$5 million CAD" are Canadian ones.
    sides = [after] if before == "$" and after else [side for side in (before, after) if side]
    found = {currency(side) for side in sides}
    code = found.pop() if len(found) == 1 else None
    return _written(code, Decimal(number.replace(",", "")).scaleb(power))


def _written(code: str | None, value: Decimal | None) -> str | None:
    """Write a value with its currency, in figures that say no more than it."""
    if code is None or value is None:
        return None
    plain = f"{value:f}"
    return f"{code} {plain.rstrip('0').rstrip('.') if '.' in plain else plain}"
