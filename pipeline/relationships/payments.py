"""Patterns of verbs and their nouns: who pays whom, and how much."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import PAYMENTS, word_set
from pipeline.relationships.pattern import ACTORS, MONEY, Pattern
from pipeline.relationships.phrasing import (
    AGENT,
    PAYMENT,
    PAYMENT_TO,
    PERSON_ORG,
    SUM,
    act,
    only,
    verb,
)

PAYING = (
    "pay wire transfer remit contribute donate grant hand award give send lend loan invest "
    "provide disburse repay refund deposit advance allocate bequeath "
    "fork shell dole tender credit"
)

ACCOUNT = "only:account,campaign,foundation,family,estate,charity,fund"

MOVING = "transfer wire send remit"

REPAYING = "pay reimburse compensate repay"

NO_MONEY = word_set(
    "attention tribute tributes homage respect respects heed visit visits court compliment "
    "compliments lip service toll price call calls"
)
"""What is paid without money."""

RECEIVING = "receive collect get accept obtain pocket net draw"

# What is money by itself; "an award from", "aid from" may be none.
MONIES = only(
    word_set(
        "payment donation grant loan fee bribe bonus stipend salary wage compensation "
        "remittance refund royalty dividend kickback subsidy reimbursement funding pension "
        "money cash fund"
    )
)

GIVING = "make give send issue write pay wire provide deliver mail extend award transfer cut"


PAYMENT_VERBS: tuple[Pattern, ...] = (
    verb("pay", Says.PAID, f"{REPAYING} refund", ACTORS, ACTORS, ("dative",), unless=NO_MONEY),
    verb("pay to", Says.PAID, "pay repay", ACTORS, ACTORS, ("prep:to",), unless=NO_MONEY),
    verb("pay whom", Says.PAID, f"{REPAYING} bribe refund remunerate", ACTORS, ACTORS),
    verb(
        "bribe with",
        Says.PAID,
        "bribe reward compensate remunerate endow fund finance bankroll",
        ACTORS,
        MONEY,
        ("prep:with", "sum"),
    ),
    verb(
        "reward whom",
        Says.PAID,
        "reward endow",
        ACTORS,
        ACTORS,
        requires=("prep:with", "sum"),
        requires_types=MONEY,
    ),
    verb("fund", Says.PAID, "fund finance bankroll subsidize subsidise", ACTORS, ACTORS, score=0.7),
    verb("pay sum", Says.PAID, f"{PAYING} spend", ACTORS, MONEY, SUM, 0.75),
    verb("pay whom sum", Says.PAID, PAYING, ACTORS, MONEY, ("dative", "named"), 0.75),
    verb("pay whom so much", Says.PAID, PAYING, ACTORS, MONEY, ("when",), 0.75),
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
    act(
        "payment of sum to",
        Says.PAID,
        PAYMENTS - {"check", "settlement", "award"},
        ACTORS,
        ("poss",),
        ("phrase:to",),
    ),
    act(
        "payment by to",
        Says.PAID,
        PAYMENTS - {"check"},
        ACTORS,
        ("phrase:from,by",),
        ("phrase:to",),
    ),
    act(
        "its payment of sum",
        Says.PAID,
        "payment donation contribution remittance",
        ACTORS,
        ("poss",),
        ("sum",),
        object_types=MONEY,
    ),
    act(
        "payment of sum by",
        Says.PAID,
        PAYMENTS - {"award"},
        ACTORS,
        ("phrase:from,by",),
        ("sum",),
        object_types=MONEY,
    ),
    verb(
        "transferred from to",
        Says.PAID,
        MOVING,
        PERSON_ORG,
        PERSON_ORG,
        ("prep:to",),
        subject=("prep:from",),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb("transferred from", Says.PAID, MOVING, PERSON_ORG, MONEY, SUM, subject=("prep:from",)),
    verb(
        "receive payment from",
        Says.PAID,
        f"{RECEIVING} secure take",
        ACTORS,
        ACTORS,
        AGENT,
        subject=("prep:from",),
        requires=("patient", MONIES),
    ),
    verb(
        "receive payment so from",
        Says.PAID,
        f"{RECEIVING} secure take",
        ACTORS,
        ACTORS,
        AGENT,
        subject=("patient", MONIES, "phrase:from"),
    ),
    verb(
        "receive money from",
        Says.PAID,
        f"{RECEIVING} earn borrow",
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
        f"{RECEIVING} earn borrow",
        ACTORS,
        ACTORS,
        AGENT,
        subject=("patient", "phrase:from"),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "money received",
        Says.PAID,
        f"{RECEIVING} earn borrow",
        ACTORS,
        MONEY,
        SUM,
        subject=("prep:from",),
    ),
    verb(
        "sum received",
        Says.PAID,
        f"{RECEIVING} earn borrow",
        ACTORS,
        MONEY,
        SUM,
        subject=("patient", "phrase:from"),
    ),
    verb(
        "send money to account",
        Says.PAID,
        PAYING,
        ACTORS,
        ACTORS,
        ("phrase:to,into", ACCOUNT, "at:of"),
        requires=SUM,
        requires_types=MONEY,
    ),
    verb(
        "make payment to account",
        Says.PAID,
        GIVING,
        ACTORS,
        ACTORS,
        ("phrase:to,into", ACCOUNT, "at:of"),
        requires=PAYMENT,
    ),
    verb(
        "make payment so to account",
        Says.PAID,
        GIVING,
        ACTORS,
        ACTORS,
        (*PAYMENT, "phrase:to,into", ACCOUNT, "at:of"),
    ),
)
