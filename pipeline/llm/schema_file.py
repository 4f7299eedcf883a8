"""Reads what a language model is asked to look for from a small YAML file.

The file is a user's own, so an error names it and says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.documents import MentionType, Predicate
from pipeline.errors import UsageError
from pipeline.llm.plain_yaml import plain, text_of
from pipeline.llm.schema import EntityKind, RelationKind, Schema

SHIPPED = "legal.yaml"
LARGEST_FILE = 64 << 10
"""Bytes."""
OF_MENTIONS = tuple(type_.value for type_ in MentionType)
OF_RELATIONSHIPS = tuple(x.value for x in Predicate if x is not Predicate.CO_MENTIONED)


def read_schema(path: Path | None = None) -> Schema:
    """Read a schema; the legal one that is shipped without a path.

    Raises UsageError that names the file, what is wrong with it and what to write instead.
    """
    given = _bytes_of(path)
    try:
        return parse_schema(given)
    except ValueError as error:
        raise UsageError(f"the schema {path or SHIPPED} is wrong: {error}") from error


def text_of_schema(path: Path | None = None) -> str:
    """Give a schema that can be read as it was written. Raises UsageError for a file that cannot
    be read.
    """
    return text_of(_bytes_of(path))


def _bytes_of(path: Path | None) -> bytes:
    try:
        source = path or files("pipeline.llm").joinpath(SHIPPED)
        with source.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"the schema {path or SHIPPED} cannot be read: {reason}") from error


def parse_schema(given: bytes) -> Schema:
    """Parse the bytes of a schema. Raises ValueError that says what is wrong."""
    if len(given) > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE:,} bytes; leave out what is not needed")
    try:
        return _schema(plain(text_of(given)))
    except ValidationError as error:
        raise ValueError("; ".join(_told(item) for item in error.errors())) from error


def _schema(given: object) -> Schema:
    top = _mapping("the file", given, ("name", "types", "predicates"))
    types = _mapping("types", top.get("types"))
    predicates = _mapping("predicates", top.get("predicates") or {})
    name = top.get("name") or "custom"
    if not isinstance(name, str):
        raise ValueError("name must be a word")  # noqa: TRY004 - of the file
    return Schema(
        name=name,
        types=tuple(_type(*item) for item in types.items()),
        predicates=tuple(_predicate(*item) for item in predicates.items()),
    )


def _type(name: str, given: object) -> EntityKind:
    entry = _mapping(f"types.{name}", given, ("is", "means"))
    base = _base(f"types.{name}", entry, name, OF_MENTIONS)
    return EntityKind(name=name, base=MentionType(base), means=_means(f"types.{name}", entry))


def _predicate(name: str, given: object) -> RelationKind:
    where = f"predicates.{name}"
    entry = _mapping(where, given, ("is", "means", "subject", "object"))
    return RelationKind(
        name=name,
        base=Predicate(_base(where, entry, name, OF_RELATIONSHIPS)),
        means=_means(where, entry),
        subject=_ends(where, entry, "subject"),
        object=_ends(where, entry, "object"),
    )


def _base(where: str, entry: Mapping[str, object], name: str, known: tuple[str, ...]) -> str:
    base = entry.get("is") or name
    if base not in known:
        raise ValueError(f"{where}: say what it `is`: one of {', '.join(known)}")
    return str(base)


def _ends(where: str, entry: Mapping[str, object], end: str) -> tuple[str, ...]:
    listed = entry.get(end) or []
    if not isinstance(listed, list) or not all(isinstance(x, str) for x in listed):
        raise ValueError(f"{where}: {end} must be a list of types, as [PERSON, ORG]")
    return tuple(listed)


def _means(where: str, entry: Mapping[str, object]) -> str:
    means = entry.get("means")
    if not isinstance(means, str) or not means.strip():
        raise ValueError(f"{where}: `means` must say in words what it is")
    return " ".join(means.split())


def _mapping(where: str, given: object, known: tuple[str, ...] = ()) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise ValueError(f"{where} must hold names, each with a colon behind it")  # noqa: TRY004
    for key in given:
        if known and key not in known:
            raise ValueError(f"{where}: {key} is unknown; it can have {', '.join(known)}")
    return given


def _told(item: Any) -> str:
    """Say what is wrong with a value, where pydantic found it."""
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "string_pattern_mismatch":
        example = "LAW_FIRM" if item["ctx"]["pattern"].startswith("^[A-Z]") else "employed_by"
        return f"{item['input']}: write its name in letters, digits and _, as {example}"
    said = str(item["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
