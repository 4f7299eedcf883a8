"""Dates and money by value: what is the same day or sum has one normal form."""

from __future__ import annotations

import re
from decimal import Decimal

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
DAY_LAST = re.compile(rf"{WEEKDAY}{MONTH}\s*{DAY}\s*,?\s*(\d{{4}})")
DAY_FIRST = re.compile(rf"{WEEKDAY}{DAY}[\s-]+(?:of\s+)?{MONTH}[\s,-]*(\d{{4}})")
MONTH_YEAR = re.compile(rf"{MONTH}\s*,?\s*(?:of\s+)?(\d{{4}})")
NUMBERS = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

CURRENCIES = {"us$": "USD", "$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "£": "GBP",
              "gbp": "GBP", "¥": "JPY", "jpy": "JPY", "chf": "CHF", "c$": "CAD", "cad": "CAD",
              "a$": "AUD", "aud": "AUD", "hk$": "HKD", "hkd": "HKD",
              "nz$": "NZD", "nzd": "NZD"}  # fmt: skip
WORDS = {"dollar": "USD", "euro": "EUR", "poundssterling": "GBP"}
SCALES = {"thousand": 3, "k": 3, "million": 6, "m": 6, "mn": 6, "billion": 9, "b": 9, "bn": 9,
          "trillion": 12}  # fmt: skip
SUM = re.compile(
    r"(us\$|hk\$|nz\$|[ac]\$|[$€£¥]|usd|eur|gbp|chf|jpy|cad|aud|nzd|hkd)?([$€£¥])?"
    r"(\d[\d,]*(?:\.\d+)?)-?(thousand|trillion|million|billion|mn|bn|[kmb])?"
    r"(us|u\.s\.|canadian|australian)?(dollars?|euros?|poundssterling)?"
)
NATIONS = {"us": "USD", "u.s.": "USD", "canadian": "CAD", "australian": "AUD"}


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
    """Write a sum as currency and value ("USD 1500000"); None if it has no number or currency."""
    text = re.sub(r"\s+", "", words.casefold())
    match = SUM.fullmatch(text)
    if match is None:
        return None
    prefix, sign, number, scale, nation, unit = match.groups()
    currency = CURRENCIES.get(f"{prefix}{sign}" if prefix and sign else prefix or sign or "")
    currency = currency or CURRENCIES.get(prefix or "") or NATIONS.get(nation or "")
    currency = currency or _unit(unit or "")
    if currency is None:
        return None
    value = Decimal(number.replace(",", "")).scaleb(SCALES.get(scale or "", 0))
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return f"{currency} {plain}"


def _unit(unit: str) -> str | None:
    """Look up a currency by its word."""
    codes = (code for word, code in WORDS.items() if unit.startswith(word))
    return next(codes, None)
