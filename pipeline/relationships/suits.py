"""Patterns of nouns that name a suit: whose it is, against whom, and what is said in it."""

from __future__ import annotations

from pipeline.documents import Predicate as Says
from pipeline.relationships.courts import FILE
from pipeline.relationships.lexicon import LITIGATION
from pipeline.relationships.pattern import ACTORS, Pattern
from pipeline.relationships.phrasing import act, only, verb

SUITS = LITIGATION - {"case", "charge", "action", "proceeding", "claim", "injunction"}

IN_SUIT = ("prep:in", only(SUITS))


SUED: tuple[Pattern, ...] = (
    verb("accuse in suit", Says.SUED, "accuse name", ACTORS, ACTORS, requires=IN_SUIT),
    verb(
        "named in suit by",
        Says.SUED,
        "name accuse",
        ACTORS,
        ACTORS,
        subject=(*IN_SUIT, "clause", "agent"),
    ),
    verb(
        "named in suit from",
        Says.SUED,
        "name",
        ACTORS,
        ACTORS,
        subject=(*IN_SUIT, "phrase:by,from"),
    ),
    verb("named in its suit", Says.SUED, "name", ACTORS, ACTORS, subject=(*IN_SUIT, "poss")),
    verb(
        "defendant in its suit",
        Says.SUED,
        "name",
        ACTORS,
        ACTORS,
        subject=("prep:as", "only:defendant,respondent", IN_SUIT[0], IN_SUIT[1], "poss"),
    ),
    verb(
        "suit accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "clause", "agent"),
    ),
    verb(
        "its suit accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "poss"),
    ),
    verb(
        "suit by so accuses",
        Says.SUED,
        "accuse name target",
        ACTORS,
        ACTORS,
        subject=("agent", only(SUITS), "phrase:by,from"),
    ),
    act(
        "suit against",
        Says.SUED,
        LITIGATION - {"case", "charge"},
        ACTORS,
        ("poss",),
        ("prep:against",),
    ),
    act(
        "suit by",
        Says.SUED,
        LITIGATION - {"charge"},
        ACTORS,
        ("phrase:by,from",),
        ("phrase:against",),
    ),
    act(
        "defendant in suit by",
        Says.SUED,
        "defendant respondent",
        ACTORS,
        ("prep:in,to", only(LITIGATION), "clause", "agent"),
        ("holder",),
    ),
    act(
        "defendant in suit of",
        Says.SUED,
        "defendant respondent",
        ACTORS,
        ("prep:in,to", only(LITIGATION), "prep:by,of,from"),
        ("holder",),
    ),
    act(
        "suit filed against",
        Says.SUED,
        LITIGATION - {"case", "charge"},
        ACTORS,
        ("clause", "agent"),
        ("phrase:against",),
    ),
    act(
        "suit against so filed by",
        Says.SUED,
        SUITS,
        ACTORS,
        ("prep:against", "clause", only(FILE.replace(" ", ",")), "agent"),
        ("prep:against",),
    ),
    act(
        "allege in suit against",
        Says.SUED,
        SUITS,
        ACTORS,
        ("up:in", "up:allege,accuse,claim,say,argue,charge,complain,seek,demand", "agent"),
        ("phrase:against",),
        presupposed=False,
    ),
    act(
        "target of suit",
        Says.SUED,
        "target subject",
        ACTORS,
        ("prep:of", only(SUITS), "phrase:by,from"),
        ("holder",),
    ),
    act(
        "plaintiff in suit against",
        Says.SUED,
        "plaintiff petitioner claimant complainant",
        ACTORS,
        ("holder",),
        ("prep:in", only(LITIGATION), "phrase:against"),
    ),
)
