"""What a language model is asked to look for: types and predicates, as values. Pure."""

from __future__ import annotations

from pydantic import Field, model_validator

from pipeline.documents import MentionType, Predicate, Value

TYPE_NAME = r"^[A-Z][A-Z0-9_]{0,39}$"
PREDICATE_NAME = r"^[a-z][a-z0-9_]{0,39}$"
MOST_KINDS = 100
"""Of types, and of predicates: each is told to the model with each chunk."""


class EntityKind(Value):
    """A type that names can be of. `base` is the type as which they are kept and compared."""

    name: str = Field(pattern=TYPE_NAME)
    base: MentionType
    means: str

    @property
    def subtype(self) -> str | None:
        """Give the word by which such a mention is told from others of its base."""
        return None if self.name == self.base.value else self.name.lower()


class RelationKind(Value):
    """A predicate, read subject → object. `base` is the one as which it is kept; `subject` and
    `object` name the types that can stand there, none for any.
    """

    name: str = Field(pattern=PREDICATE_NAME)
    base: Predicate
    means: str
    subject: tuple[str, ...] = ()
    object: tuple[str, ...] = ()


class Schema(Value):
    """All that is looked for, in the order of the file. Its name is that of its domain."""

    name: str
    types: tuple[EntityKind, ...] = Field(min_length=1, max_length=MOST_KINDS)
    predicates: tuple[RelationKind, ...] = Field((), max_length=MOST_KINDS)

    @model_validator(mode="after")
    def _fits_together(self) -> Schema:
        known = {kind.name for kind in self.types}
        if len(known) < len(self.types):
            raise ValueError("types: one stands there twice")
        if len({kind.name for kind in self.predicates}) < len(self.predicates):
            raise ValueError("predicates: one stands there twice")
        for predicate in self.predicates:
            for end in (*predicate.subject, *predicate.object):
                if end not in known:
                    raise ValueError(f"predicates.{predicate.name}: {end} is none of its types")
        return self

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

    def allows(self, predicate: RelationKind, subject: str, object_: str) -> bool:
        """Say whether a predicate can hold between names of two types. Where a type can stand, each
        can that is one of its kind: a law firm where an organisation can.
        """
        return self._fits(subject, predicate.subject) and self._fits(object_, predicate.object)

    def _fits(self, type_: str, ends: tuple[str, ...]) -> bool:
        kind = self.type(type_)
        return not ends or type_ in ends or (kind is not None and kind.base.value in ends)
