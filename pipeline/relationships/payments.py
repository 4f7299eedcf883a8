"""Patterns of verbs and their nouns: who pays whom, and how much."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import PAYMENTS
from pipeline.relationships.pattern import ACTORS, MONEY, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    PAYMENT,
    PAYMENT_TO,
    SUM,
    act,
    verb,
)

PAYING = (
    "pay wire transfer remit contribute donate grant hand award give send lend loan invest "
    "provide disburse repay refund deposit advance allocate bequeath"
)

GIVING = "make give send issue write pay wire provide deliver mail extend award"


PAYMENT_VERBS: tuple[Pattern, ...] = (
    verb("pay", Says.PAID, "pay reimburse compensate repay", ACTORS, ACTORS, ("dative",)),
    verb("pay to", Says.PAID, "pay repay", ACTORS, ACTORS, ("prep:to",)),
    verb("pay whom", Says.PAID, "pay reimburse compensate repay", ACTORS, ACTORS),
    verb("pay sum", Says.PAID, f"{PAYING} spend", ACTORS, MONEY, SUM, 0.75),
    verb("be paid sum", Says.PAID, PAYING, ACTORS, MONEY, ("dobj", "sum"), 0.75),
    verb("wire whom", Says.PAID, PAYING, ACTORS, ACTORS, requires=SUM, requires_types=MONEY),
    verb(
        "fee of whom",
        Says.PAID,
        "pay",
        ACTORS,
        ACTORS,
        ("patient", "only:fee,salary,wage,tuition,rent,bill,bonus", "poss"),
        0.7,
    ),
    verb(
        "send money to",
        Says.PAID,
        PAYING,
        ACTORS,
        ACTORS,
        ("prep:to,in",),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "send money in aid to",
        Says.PAID,
        PAYING,
        ACTORS,
        ACTORS,
        ("patient", "chain:to,in,for"),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "give money",
        Says.PAID,
        PAYING,
        ACTORS,
        ACTORS,
        ("dative",),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb("make payment to", Says.PAID, GIVING, ACTORS, ACTORS, ("prep:to",), requires=PAYMENT),
    verb("make payment so to", Says.PAID, GIVING, ACTORS, ACTORS, PAYMENT_TO),
    verb(
        "make payment by so to",
        Says.PAID,
        GIVING,
        ACTORS,
        ACTORS,
        ("prep:by", "prep:to"),
        requires=PAYMENT,
    ),
    verb("make payment", Says.PAID, GIVING, ACTORS, MONEY, (*PAYMENT, "sum")),
    verb("reimburse for", Says.PAID, "pay reimburse compensate", ACTORS, MONEY, ("prep:for",), 0.7),
    verb(
        "settle with",
        Says.PAID,
        "settle",
        ACTORS,
        ACTORS,
        ("prep:with",),
        0.7,
        requires=("prep:for",),
        requires_types=MONEY,
    ),
    verb(
        "settle for",
        Says.PAID,
        "settle",
        ACTORS,
        MONEY,
        ("prep:for",),
        0.65,
        requires=("prep:with",),
        requires_types=ACTORS,
    ),
    act(
        "payment to",
        Says.PAID,
        PAYMENTS - {"check", "settlement", "award"},
        ACTORS,
        ("poss",),
        ("prep:to",),
    ),
    act("payment by to", Says.PAID, PAYMENTS - {"check"}, ACTORS, ("prep:from,by",), ("prep:to",)),
    verb(
        "receive money from",
        Says.PAID,
        "receive collect get accept",
        ACTORS,
        ACTORS,
        AGENT,
        subject=("prep:from",),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "receive a sum from",
        Says.PAID,
        "receive collect get accept",
        ACTORS,
        ACTORS,
        AGENT,
        subject=("patient", "chain:from,of"),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "money received",
        Says.PAID,
        "receive collect get accept",
        ACTORS,
        MONEY,
        SUM,
        subject=("prep:from",),
    ),
    verb(
        "sum received",
        Says.PAID,
        "receive collect get accept",
        ACTORS,
        MONEY,
        SUM,
        subject=("patient", "prep:from"),
    ),
)
