"""What a language model is asked to look for: types and predicates, from a small YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator, model_validator

from pipeline.documents import MentionType, Value
from pipeline.errors import UsageError

SHIPPED = "legal.yaml"
LONGEST_FILE = 200_000
TYPE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
PREDICATE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class EntityKind(Value):
    """A type that names can be of. `base` is the type as which they are kept and compared."""

    name: str
    base: MentionType
    means: str

    @property
    def subtype(self) -> str | None:
        """Give the word by which such a mention is told from others of its base."""
        return None if self.name == self.base.value else self.name.lower()


class RelationKind(Value):
    """A predicate, read subject → object, and the names of the types that can stand there; none
    for any.
    """

    name: str
    means: str
    subject: tuple[str, ...] = ()
    object: tuple[str, ...] = ()

    def allows(self, subject: str, object_: str) -> bool:
        """Say whether it can hold between names of these types."""
        return (not self.subject or subject in self.subject) and (
            not self.object or object_ in self.object
        )


class Schema(Value):
    """All that is looked for, in the order of the file."""

    name: str
    types: tuple[EntityKind, ...]
    predicates: tuple[RelationKind, ...]

    @model_validator(mode="after")
    def _ends_are_types(self) -> Schema:
        known = {kind.name for kind in self.types}
        for predicate in self.predicates:
            for end in (*predicate.subject, *predicate.object):
                if end not in known:
                    raise ValueError(f"predicates.{predicate.name}: {end} is none of its types")
        return self

    @field_validator("types")
    @classmethod
    def _some(cls, types: tuple[EntityKind, ...]) -> tuple[EntityKind, ...]:
        if not types:
            raise ValueError("types: there must be at least one")
        return types

    def type(self, name: str) -> EntityKind | None:
        """Get a type by its name; None for one that it has not."""
        return next((kind for kind in self.types if kind.name == name), None)

    def predicate(self, name: str) -> RelationKind | None:
        """Get a predicate by its name; None for one that it has not."""
        return next((kind for kind in self.predicates if kind.name == name), None)

    def kind_of(self, type_: MentionType, subtype: str | None) -> str:
        """Name the type that a mention is of, also one that another recogniser found."""
        for kind in self.types:
            if kind.base is type_ and kind.subtype == subtype:
                return kind.name
        return type_.value


def read_schema(path: Path | None) -> Schema:
    """Read a schema; the legal one that is shipped without a path.

    Raises UsageError that names the file and what is wrong with it.
    """
    import yaml

    named = str(path) if path else SHIPPED
    try:
        text = (
            path.read_text("utf-8") if path
            else files("pipeline.llm").joinpath(SHIPPED).read_text("utf-8")
        )  # fmt: skip
        if len(text) > LONGEST_FILE:
            raise UsageError(f"{named} is too long for a schema ({len(text)} characters)")
        return _schema(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the schema {named} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"the schema {named} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        said = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
        raise UsageError(f"the schema {named} is wrong: {said}") from error
    except _WrongError as error:
        raise UsageError(f"the schema {named} is wrong: {error}") from error


class _WrongError(ValueError):
    """Say what is wrong with a file that is YAML."""


def _schema(given: object) -> Schema:
    top = _mapping("the file", given, {"name", "types", "predicates"})
    types = _mapping("types", top.get("types"), None)
    predicates = _mapping("predicates", top.get("predicates") or {}, None)
    name = top.get("name", "custom")
    if not isinstance(name, str) or not name.strip():
        raise _WrongError("name must be a word")
    return Schema(
        name=name,
        types=tuple(_type(*item) for item in types.items()),
        predicates=tuple(_predicate(*item) for item in predicates.items()),
    )


def _type(name: object, given: object) -> EntityKind:
    where = f"types.{name}"
    if not isinstance(name, str) or not TYPE_NAME.fullmatch(name):
        raise _WrongError(f"{where}: a type is written in capitals, digits and _, as LAW_FIRM")
    entry = _mapping(where, given, {"is", "means"})
    base = entry.get("is", name)
    if base not in MentionType.__members__:
        raise _WrongError(f"{where}: `is` must be one of {', '.join(MentionType)}")
    return EntityKind(name=name, base=MentionType(base), means=_means(where, entry))


def _predicate(name: object, given: object) -> RelationKind:
    where = f"predicates.{name}"
    if not isinstance(name, str) or not PREDICATE_NAME.fullmatch(name):
        raise _WrongError(f"{where}: a predicate is written in small letters and _, as employed_by")
    entry = _mapping(where, given, {"means", "subject", "object"})
    ends: dict[str, tuple[str, ...]] = {}
    for end in ("subject", "object"):
        listed = entry.get(end, [])
        if not isinstance(listed, list) or not all(isinstance(x, str) for x in listed):
            raise _WrongError(f"{where}: {end} must be a list of types, as [PERSON, ORG]")
        ends[end] = tuple(listed)
    return RelationKind(name=name, means=_means(where, entry), **ends)


def _means(where: str, entry: Mapping[str, Any]) -> str:
    means = entry.get("means")
    if not isinstance(means, str) or not means.strip():
        raise _WrongError(f"{where}: `means` must say in words what it is")
    return " ".join(means.split())


def _mapping(where: str, given: object, known: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise _WrongError(f"{where} must hold names with a colon behind them")
    for key in given:
        if known is not None and key not in known:
            raise _WrongError(f"{where}: {key} is unknown; it can have {', '.join(sorted(known))}")
    return given
