"""What of an answer is taken: its form, entry by entry. Pure.

An answer of the wrong form is refused as a whole, with a word for why. Whether an entry is true is
another matter: there each counts for itself (`keeping`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar

from pipeline.documents import Value
from pipeline.errors import PermanentError
from pipeline.llm.asking import Ending, Reply
from pipeline.llm.plain_json import without_doubles

LONGEST_ANSWER = 200_000
"""Characters. What is longer is not read: no chunk has so much to say."""
MOST_ENTRIES = 500
REPEATED = 20
"""How often the same entry may stand in an answer. A model that lists a name wherever it stands has
still read the text; one that says it again and again has stopped reading.
"""
LENGTH_OF_A_LOOP, LOOPS = 120, 3
"""An answer that was cut off is known as a loop by so many characters at its end, some entries,
that stand in it more often than this: small models say the same few dates until they are stopped.
"""

THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
REFUSALS = re.compile(
    r"\A\W*(?:i(?:'|’)?m (?:very |so )?sorry|i am (?:very |so )?sorry|(?:i )?apologi[sz]e|sorry|"
    r"i (?:can(?:no|'|’)t|won(?:'|’)t|will not|(?:am|'m|’m) (?:not able|unable))|"
    r"i(?:'|’)m (?:not able|unable)|as an ai\b|unfortunately, i\b|"
    r"es tut mir leid|je suis désolé|lo siento|mi dispiace|desculpe|抱歉|对不起)",
    re.IGNORECASE,
)
LONE_SURROGATES = re.compile("[\ud800-\udfff]")

T = TypeVar("T", bound=Value)


class BadAnswerError(PermanentError):
    """An answer that cannot be used; `code` is the word that is counted and shown."""


class UnheardError(BadAnswerError):
    """An answer that did not come whole, though it may have been paid for; `again` says whether
    another try may help.
    """

    def __init__(self, code: str, message: str, *, again: bool) -> None:
        super().__init__(code, message)
        self.again = again


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
    """Read an answer's names, each once. Raises BadAnswerError for one of the wrong form."""
    said = [
        SaidEntity(text=_text(entry, "text"), type=_text(entry, "type"))
        for entry in _entries(reply, "entities")
    ]
    return _each_once(said)


def relations_in(reply: Reply) -> list[SaidRelation]:
    """Read an answer's relations, each once. Raises BadAnswerError for one of the wrong form."""
    said = [
        SaidRelation(
            subject=_number(entry, "subject"),
            predicate=_text(entry, "predicate"),
            object=_number(entry, "object"),
            quote=_text(entry, "quote"),
        )
        for entry in _entries(reply, "relations")
    ]
    return _each_once(said)


def _entries(reply: Reply, key: str) -> Sequence[dict[str, Any]]:
    """Read the one list of an answer."""
    given = _object(_said(reply))
    entries = given.get(key)
    if not isinstance(entries, list):
        raise BadAnswerError("llm_schema", f"the answer has no list of {key}")
    if len(entries) > MOST_ENTRIES:
        raise BadAnswerError("llm_too_long", f"the answer lists {len(entries):,} {key}")
    if not all(isinstance(entry, dict) for entry in entries):
        raise BadAnswerError("llm_schema", f"an entry of {key} is no object")
    return entries


def _said(reply: Reply) -> str:
    """Give the text of an answer that is whole and of a bounded length."""
    if reply.ending is Ending.REFUSED:
        raise BadAnswerError("llm_refused", "the model refused to answer")
    if len(reply.text) > LONGEST_ANSWER:
        raise BadAnswerError(
            "llm_too_long",
            f"the answer has {len(reply.text):,} characters, over {LONGEST_ANSWER:,}",
        )
    text = THOUGHTS.sub("", reply.text).strip()
    if reply.ending is Ending.TOO_LONG:
        if text.count(text[-LENGTH_OF_A_LOOP:]) > LOOPS:
            raise BadAnswerError("llm_repeats", "the model said the same until it was cut off")
        raise BadAnswerError(
            "llm_truncated",
            "the answer was cut off: raise CASEGRAPH_LLM__ANSWER_TOKENS, or what the server has "
            "for a question and its answer together, or lower CASEGRAPH_CHUNK__MAX_TOKENS",
        )
    if not text:
        raise BadAnswerError("llm_empty", "the model answered nothing")
    return text


def _object(text: str) -> dict[str, Any]:
    """Parse the one JSON object of a text; a model without a form likes to say something before it
    and after it, or sets it as code.
    """
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0 or end < start:
        if REFUSALS.match(text):
            raise BadAnswerError("llm_refused", "the model refused to answer")
        raise BadAnswerError("llm_invalid_json", "the answer has no JSON object")
    try:
        given = json.loads(
            text[start:end], parse_constant=_no_number, object_pairs_hook=without_doubles
        )
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, ValueError) else "it is nested too deep"
        raise BadAnswerError("llm_invalid_json", f"the answer is no JSON: {said}") from None
    return dict(given)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise BadAnswerError("llm_schema", f"an entry has no text for {key}")
    return LONE_SURROGATES.sub("\ufffd", value)


def _number(entry: dict[str, Any], key: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadAnswerError("llm_schema", f"an entry has no number for {key}")
    return value


def _each_once(said: Sequence[T]) -> list[T]:
    """Keep each entry once, in order. Raises BadAnswerError where one stands there too often."""
    counted = Counter(said)
    if counted and max(counted.values()) > REPEATED:
        raise BadAnswerError("llm_repeats", "the answer says the same again and again")
    return list(counted)
