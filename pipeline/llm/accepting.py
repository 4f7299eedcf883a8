"""From what was extracted of a chunk to an example of it, for a person to look at: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from pipeline.documents import MentionType
from pipeline.errors import UsageError
from pipeline.llm.answers import SaidEntity, SaidRelation
from pipeline.llm.example_checks import problem, unkept
from pipeline.llm.example_sets import Task
from pipeline.llm.examples import Example
from pipeline.llm.schema import RelationKind, Schema

RULE = "llm "
"""What stands before the predicate in the rule of a relationship that a model said."""


class ChunkText(NamedTuple):
    """A published chunk, with its number in the document, from 1."""

    number: int
    page: int
    start: int
    end: int
    text: str


class Name(NamedTuple):
    """A published mention."""

    id: str
    start: int
    end: int
    text: str
    type: str
    subtype: str | None
    role: str | None


class Fact(NamedTuple):
    """A published relationship between two mentions."""

    subject: str
    predicate: str
    object: str
    rule: str
    start: int
    end: int


class Extracted(NamedTuple):
    """An example, and how many names and relations of the chunk are not in it: the schema has no
    such type or predicate, they reach over its border, or its words do not state them plainly.
    """

    example: Example
    names_left: int
    relations_left: int


def chosen(
    source: str, chunks: Sequence[ChunkText], page: int | None, number: int | None
) -> ChunkText:
    """Find the chunk that a person means, by its number, the page that it begins on, or since there
    is no other. Raises UsageError that says which there are.
    """
    found = [
        chunk for chunk in chunks if number in {None, chunk.number} and page in {None, chunk.page}
    ]
    if len(found) == 1:
        return found[0]
    if not chunks:
        raise UsageError(f"{source} has no text")
    at = f"page {page} of {source}" if page is not None else source
    if not found:
        pages = f"{chunks[0].page} to {chunks[-1].page}"
        raise UsageError(
            f"{source} has {len(chunks):,} chunks, on pages {pages}; there is none "
            f"{f'with number {number} ' if number is not None else ''}"
            f"{f'on page {page}' if page is not None else 'in it'}"
        )
    raise UsageError(
        f"{at} has chunks {found[0].number} to {found[-1].number}; say which with --chunk"
    )


def extracted(
    chunk: ChunkText, schema: Schema, names: Sequence[Name], facts: Sequence[Fact]
) -> Extracted:
    """Make an example of what was extracted of a chunk; names and facts may be the document's.

    Raises UsageError that says why none can be made.
    """
    inside = [x for x in names if x.role is None and x.start < chunk.end and x.end > chunk.start]
    entities: dict[SaidEntity, int] = {}
    numbers: dict[str, int] = {}
    for name in inside:
        kind = schema.kind_of(MentionType(name.type), name.subtype)
        if schema.type(kind) and chunk.start <= name.start and name.end <= chunk.end:
            entity = SaidEntity(text=" ".join(name.text.split()), type=kind)
            numbers[name.id] = entities.setdefault(entity, len(entities) + 1)
    here = {name.id for name in inside}
    stated = [x for x in facts if {x.subject, x.object} <= here]
    types = [entity.type for entity in entities]
    said = dict.fromkeys(_relation(chunk, schema, fact, numbers, types) for fact in stated)
    try:
        whole = Example(
            text=chunk.text,
            entities=tuple(entities),
            relations=tuple(relation for relation in said if relation is not None),
        )
    except ValidationError as error:
        why = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise _unfit(chunk, why) from error
    if why := problem(whole, schema, Task.FIND):
        raise _unfit(chunk, why)
    left = {relation for relation, _ in unkept(whole, schema)}
    kept = tuple(relation for relation in whole.relations if relation not in left)
    lost = sum(_relation(chunk, schema, x, numbers, types) in {None, *left} for x in stated)
    example = whole.model_copy(update={"relations": kept})
    return Extracted(example, len(inside) - len(numbers), lost)


def _unfit(chunk: ChunkText, why: str) -> UsageError:
    return UsageError(f"chunk {chunk.number} makes no example: {why}; take another")


def _relation(
    chunk: ChunkText, schema: Schema, fact: Fact, numbers: Mapping[str, int], types: Sequence[str]
) -> SaidRelation | None:
    """Write a relationship as a model says it; None for what the schema has no word for."""
    subject, object_ = numbers.get(fact.subject), numbers.get(fact.object)
    if subject is None or object_ is None or not chunk.start <= fact.start <= fact.end <= chunk.end:
        return None
    predicate = _predicate(schema, fact, types[subject - 1], types[object_ - 1])
    if predicate is None:
        return None
    quote = " ".join(chunk.text[fact.start - chunk.start : fact.end - chunk.start].split())
    return SaidRelation(subject=subject, predicate=predicate.name, object=object_, quote=quote)


def _predicate(schema: Schema, fact: Fact, subject: str, object_: str) -> RelationKind | None:
    """Find the schema's predicate for a relationship: the one that a model said, or the first of
    its kind that can hold between such names.
    """
    said = schema.predicate(fact.rule.removeprefix(RULE))
    if said is not None and fact.rule.startswith(RULE):
        return said
    kinds = (x for x in schema.predicates if x.base.value == fact.predicate)
    return next((x for x in kinds if schema.allows(x, subject, object_)), None)
