"""What the tables of verbs share: how a pattern is written in a line, and the paths they use."""

from __future__ import annotations

from typing import Any

from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.lexicon import (
    AGREEMENTS,
    BLOWS,
    LITIGATION,
    PAYMENTS,
    word_set,
)
from pipeline.relationships.pattern import ACTORS, ORGS, PEOPLE, PLACES, Pattern, Types
from pipeline.relationships.walk import Path

VERB = frozenset({"VERB"})
BE = frozenset({"AUX", "VERB"})
NOUN = frozenset({"NOUN", "PROPN"})
PREPOSITION = frozenset({"ADP", "SCONJ"})

PERSON_ORG: Types = PEOPLE | ORGS
FIRMS: Types = ORGS | {Type.FAC}
TARGETS: Types = ACTORS | PLACES

AGENT: Path = ("agent",)
PATIENT: Path = ("patient",)


def only(words: frozenset[str] | str) -> str:
    """Write the step that goes on only from these lemmas."""
    return "only:" + ",".join(sorted(words.split(",") if isinstance(words, str) else words))


SUIT: Path = ("patient", only(LITIGATION))
DEAL: Path = ("patient", only(AGREEMENTS))
INTO_DEAL: Path = ("prep:into", DEAL[1])
SUM: Path = ("patient", "sum")
PAYMENT: Path = ("patient", only(PAYMENTS | word_set("money cash fund sum")))
PAYMENT_TO: Path = (*PAYMENT, "prep:to,for")
TALK_NOUNS = word_set(
    "talk meeting discussion consultation summit dinner lunch breakfast conversation dialogue "
    "interview call tea coffee negotiation"
)
TALKS: Path = ("patient", only(TALK_NOUNS))
BLOW: Path = ("patient", only(BLOWS | word_set("operation campaign sortie")))
BLAST: Path = ("patient", only("missile,rocket,bomb,shell,mortar,drone,fire,grenade,shot"))
SHARE: Path = (
    "patient",
    only("percent,stake,share,half,majority,interest,%,shareholding,minority,third,all"),
)
BOARD: Path = ("patient", only("board,council,committee,faculty,staff,team,rank,panel,commission"))
ON_BOARD: Path = ("prep:on,in,to", BOARD[1], "chain:of")


def verb(
    rule: str,
    predicate: Says,
    lemmas: str | frozenset[str],
    subject_types: Types,
    object_types: Types,
    object_: Path = PATIENT,
    score: float = 0.8,
    subject: Path = AGENT,
    **options: Any,
) -> Pattern:
    """Write a verb's pattern in a line."""
    words = word_set(lemmas) if isinstance(lemmas, str) else lemmas
    return Pattern(
        rule,
        predicate,
        words,
        VERB,
        subject,
        object_,
        subject_types,
        object_types,
        score,
        **options,
    )


def act(
    rule: str,
    predicate: Says,
    lemmas: str | frozenset[str],
    types: Types,
    subject: Path,
    object_: Path,
    score: float = 0.7,
    object_types: Types | None = None,
    presupposed: bool = True,
    **options: Any,
) -> Pattern:
    """Write the pattern of a noun that names an act, in a line."""
    words = word_set(lemmas) if isinstance(lemmas, str) else lemmas
    return Pattern(
        rule,
        predicate,
        words,
        NOUN,
        subject,
        object_,
        types,
        object_types or types,
        score,
        presupposed=presupposed,
        **options,
    )


def beside(
    rule: str,
    predicate: Says,
    words: str,
    subject_types: Types,
    object_types: Types,
    score: float = 0.65,
    subject: Path = ("anchor",),
    object_: Path = ("pobj",),
    presupposed: bool = True,
    **options: Any,
) -> Pattern:
    """Write the pattern of a preposition between a name and another, in a line."""
    return Pattern(
        rule,
        predicate,
        word_set(words),
        PREPOSITION,
        subject,
        object_,
        subject_types,
        object_types,
        score,
        presupposed=presupposed,
        **options,
    )
