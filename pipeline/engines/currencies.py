"""Currencies by how texts name them: codes, signs and words."""

from __future__ import annotations

CODES = """USD EUR GBP CHF JPY CAD AUD NZD HKD SGD SEK NOK DKK ISK PLN CZK HUF RON BGN RUB UAH TRY
    INR PKR LKR CNY KRW TWD THB IDR MYR PHP VND BRL MXN ARS CLP COP PEN ZAR NGN KES EGP ILS AED SAR
    QAR KWD""".split()  # noqa: SIM905
OTHER_CODES = {"rmb": "CNY", "rs": "INR"}
# What several countries write is that of the country which is mostly meant.
SIGNS = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "us$": "USD", "a$": "AUD",
    "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "nz$": "NZD", "r$": "BRL",
    "s$": "SGD"
}  # fmt: skip
# Francs, pesos, kroner, dirhams and riyals are those of no country in particular.
WORDS = {
    "dollar": "USD", "euro": "EUR", "pounds sterling": "GBP", "yen": "JPY", "yuan": "CNY",
    "renminbi": "CNY", "rupee": "INR", "ruble": "RUB", "rouble": "RUB", "kronor": "SEK",
    "shekel": "ILS", "zloty": "PLN", "us dollar": "USD", "american dollar": "USD",
    "canadian dollar": "CAD", "australian dollar": "AUD", "hong kong dollar": "HKD",
    "new zealand dollar": "NZD", "singapore dollar": "SGD", "swiss franc": "CHF",
    "swedish kronor": "SEK", "norwegian kroner": "NOK", "danish kroner": "DKK",
    "japanese yen": "JPY", "chinese yuan": "CNY", "chinese renminbi": "CNY",
    "indian rupee": "INR", "russian ruble": "RUB", "russian rouble": "RUB", "mexican peso": "MXN"
}  # fmt: skip
POWERS = {
    "k": 3, "thousand": 3, "lakh": 5, "m": 6, "mm": 6, "mn": 6, "mln": 6, "million": 6, "crore": 7,
    "b": 9, "bn": 9, "bln": 9, "billion": 9, "tn": 12, "trillion": 12
}  # fmt: skip
"""Powers of ten, by the words and letters behind a figure."""

_BY_CODE = {code.lower(): code for code in CODES} | OTHER_CODES


def currency(words: str) -> str | None:
    """Give the code of the currency that is meant by a code, sign or unit; None if none is known.

    A code may stand before a sign ("CAD$").
    """
    name = " ".join(words.casefold().replace(".", "").split()).replace("u s ", "us ")
    short = name.replace(" ", "")
    code = _BY_CODE.get(short.rstrip("$€£¥₹"))
    return code or SIGNS.get(short) or WORDS.get(name) or WORDS.get(name.removesuffix("s"))
