"""What of an answer is taken: its form first, then each statement by itself. Pure.

An answer of the wrong form is refused as a whole, with a word for why; an entry of a type that was
not asked for, or one too many, goes alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from pipeline.documents import Value
from pipeline.llm.asking import Ending, Reply

LONGEST_ANSWER = 200_000
"""Characters. What is longer is not read: no chunk has so much to say."""
MOST_ENTRIES = 500
LONGEST_NAME = 300
LONGEST_QUOTE = 2_000
REPEATED = 8
"""How often the same entry stands in an answer before it is taken for a loop."""
FENCED = re.compile(r"^```[a-zA-Z]*\s*\n(?P<inside>.*)\n```$", re.DOTALL)
REFUSALS = re.compile(
    r"^\W*(?:i(?:'|’)?m sorry|i am sorry|sorry|i can(?:no|'|’)t|i (?:am|'m|’m) (?:not able|unable)|"
    r"as an ai\b|unfortunately, i)",
    re.IGNORECASE,
)


T = TypeVar("T", bound=Value)


class BadAnswerError(Exception):
    """An answer that cannot be used; `code` is the word that is counted and shown."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SaidEntity(Value):
    """A name that a model says is there."""

    text: str
    type: str


class SaidRelation(Value):
    """What a model says holds between two names, by their numbers in the question."""

    subject: int
    predicate: str
    object: int
    quote: str


def entities_in(reply: Reply) -> list[SaidEntity]:
    """Read the names that an answer lists. Raises BadAnswerError for one of the wrong form."""
    entries = _entries(reply, "entities")
    said = [
        SaidEntity(text=_text(entry, "text", LONGEST_NAME), type=_text(entry, "type", 40))
        for entry in entries
    ]
    return _without_loops(said)


def relations_in(reply: Reply) -> list[SaidRelation]:
    """Read the relations that an answer lists. Raises BadAnswerError for one of the wrong form."""
    entries = _entries(reply, "relations")
    said = [
        SaidRelation(
            subject=_number(entry, "subject"),
            predicate=_text(entry, "predicate", 40),
            object=_number(entry, "object"),
            quote=_text(entry, "quote", LONGEST_QUOTE),
        )
        for entry in entries
    ]
    return _without_loops(said)


def _entries(reply: Reply, key: str) -> Sequence[dict[str, Any]]:
    """Read the one list of an answer."""
    if reply.ending is Ending.REFUSED:
        raise BadAnswerError("llm_refused", "the model refused to answer")
    text = reply.text.strip()
    if not text:
        raise BadAnswerError("llm_empty", "the model answered nothing")
    if len(text) > LONGEST_ANSWER:
        raise BadAnswerError(
            "llm_too_long", f"the answer has {len(text):,} characters, over {LONGEST_ANSWER:,}"
        )
    if reply.ending is Ending.TOO_LONG:
        raise BadAnswerError("llm_truncated", "the answer was cut off at its bound of tokens")
    fenced = FENCED.match(text)
    try:
        given = json.loads(fenced["inside"] if fenced else text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if REFUSALS.match(text):
            raise BadAnswerError("llm_refused", "the model refused to answer") from error
        raise BadAnswerError("llm_invalid_json", f"the answer is no JSON: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get(key), list):
        raise BadAnswerError("llm_schema", f"the answer has no list of {key}")
    entries = given[key]
    if len(entries) > MOST_ENTRIES:
        raise BadAnswerError("llm_repeats", f"the answer lists {len(entries):,} {key}")
    if not all(isinstance(entry, dict) for entry in entries):
        raise BadAnswerError("llm_schema", f"an entry of {key} is no object")
    return entries


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _text(entry: dict[str, Any], key: str, longest: int) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise BadAnswerError("llm_schema", f"an entry has no text for {key}")
    if len(value) > longest:
        raise BadAnswerError("llm_repeats", f"a {key} has {len(value):,} characters")
    return value


def _number(entry: dict[str, Any], key: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadAnswerError("llm_schema", f"an entry has no number for {key}")
    return value


def _without_loops(said: list[T]) -> list[T]:
    """Keep each entry once, in order. Raises BadAnswerError where one stands there again and again:
    a model that turns in circles has not read on.
    """
    counted: dict[T, int] = {}
    for entry in said:
        counted[entry] = counted.get(entry, 0) + 1
        if counted[entry] > REPEATED:
            raise BadAnswerError("llm_repeats", "the answer says the same again and again")
    return list(counted)
