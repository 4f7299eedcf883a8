"""Reads examples that a user wrote: YAML, JSON, or what `casegraph examples list --json` printed.

One example has `text`, `entities` (each with `text` and `type`) and `relations` (each with
`subject`, `predicate`, `object` and `quote`, its ends the numbers of entities, from 1). A file has
one, a list of them, or such a list under `examples`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from pipeline.llm.answers import SaidEntity, SaidRelation
from pipeline.llm.example_sets import Task
from pipeline.llm.examples import Example
from pipeline.llm.plain_json import without_doubles
from pipeline.llm.plain_yaml import plain, text_of

LARGEST_FILE = 1 << 20
"""Bytes."""
KNOWN = ("text", "entities", "relations")
LISTED = ("id", "domain", "task", "origin", "by", "when", "source", "project", "used")
"""What a list says of an example beside what it is: it may be read again."""


class Written(NamedTuple):
    """An example as it is written, and the tasks that it is for if nobody says otherwise: names,
    and relations too where it says of any whether there are.
    """

    example: Example
    tasks: tuple[Task, ...]


def read_examples(given: bytes) -> list[Written]:
    """Read all examples of a file. Raises ValueError that says which is wrong and in what."""
    if len(given) > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE:,} bytes; give it in parts")
    entries = _entries(_parsed(text_of(given)))
    if not entries:
        raise ValueError("it has no example; each has a text, entities and relations")
    return [_written(number, entry) for number, entry in enumerate(entries, 1)]


def _parsed(text: str) -> object:
    """Parse JSON, lines of JSON, or YAML."""
    if not text.lstrip().startswith(("{", "[")):
        return plain(text)
    try:
        return _json(text)
    except ValueError as error:
        try:
            return [_json(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise ValueError(f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("it is nested deeper than such a file is") from error


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=without_doubles)


def _entries(given: object) -> Sequence[object]:
    if isinstance(given, dict) and set(given) == {"examples"}:
        given = given["examples"]
    return given if isinstance(given, list) else [given] if given else []


def _written(number: int, given: object) -> Written:
    """Read one example."""
    where = f"example {number}"
    if not isinstance(given, dict):
        raise ValueError(f"{where} must have a text, entities and relations")  # noqa: TRY004
    for key in given:
        if key not in {*KNOWN, *LISTED}:
            raise ValueError(f"{where}: {key} is unknown; it can have {', '.join(KNOWN)}")
    text = given.get("text")
    if not isinstance(text, str):
        raise ValueError(f"{where} has no text")  # noqa: TRY004 - of the file
    try:
        example = Example(
            text=text,
            entities=tuple(map(SaidEntity.model_validate, _list(where, given, "entities"))),
            relations=tuple(map(SaidRelation.model_validate, _list(where, given, "relations"))),
        )
    except ValidationError as error:
        raise ValueError(f"{where}: {_told(error)}") from error
    return Written(example, tuple(Task) if "relations" in given else (Task.FIND,))


def _list(where: str, given: dict[str, Any], key: str) -> Sequence[object]:
    listed = given.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ValueError(f"{where}: {key} must be a list of entries")
    return listed


def _told(error: ValidationError) -> str:
    """Say what is wrong with a value, where pydantic found it; the values may be long."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
