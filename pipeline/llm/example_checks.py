"""Says what is wrong with an example before it is kept: pure.

What an example answers must be what would be kept of such an answer, or it would teach what is
dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.documents import Chunk, Mention
from pipeline.llm.answers import SaidRelation
from pipeline.llm.evidence import LONGEST_QUOTE, MOST_NAMES, kept_relations
from pipeline.llm.example_sets import Task
from pipeline.llm.examples import Example
from pipeline.llm.grounding import Grounds
from pipeline.llm.keeping import LONGEST_NAME, Reason, kept_names
from pipeline.llm.prompts import Numbered
from pipeline.llm.schema import Schema

LONGEST_TEXT = 4_000
"""Characters: more than a chunk has."""
MOST_RELATIONS = 40
SENTENCE_END = re.compile(r"(?<=[^\W\d_]{4})[.!?][\"'”’)]*\s+")
"""Where a sentence ends for sure: behind a long word, since shortened ones have such a stop too."""

WRONG: Mapping[Reason, str] = {
    Reason.SAME_NAME: "both ends have the same name",
    Reason.TOO_LONG: f"its quote has more than {LONGEST_QUOTE:,} characters; shorten it",
    Reason.TOO_FAR_APART: "its quote does not stand beside both names; quote the words between",
    Reason.DENIED: "its text denies it; leave it out",
}


def problem(example: Example, schema: Schema, task: Task) -> str:
    """Say what is wrong with an example for a task and what to do; empty if nothing is."""
    return next(_problems(example, schema, task), "")


def _problems(example: Example, schema: Schema, task: Task) -> Iterator[str]:
    yield from _sizes(example)
    types = {kind.name for kind in schema.types}
    for entity in example.entities:
        if entity.type not in types:
            known = ", ".join(kind.name for kind in schema.types)
            yield f"{entity.text!r}: {entity.type} is no type of the schema; it has {known}"
    _, names = _named(example, schema)
    for entity, name in zip(example.entities, names, strict=True):
        if not name.mentions:
            yield (
                f"{entity.text!r} stands in the text only within a longer name, or is another's, "
                f"or has more than {LONGEST_NAME} characters; leave it out"
            )
    if task is Task.RELATE and len(names) < 2:
        yield "a question about relations has two names or more; list those of the text"
    for relation, why in unkept(example, schema) if task is Task.RELATE else ():
        yield f"{_called(relation, names)}: {why}"


def _sizes(example: Example) -> Iterator[str]:
    if not example.text.strip():
        yield "its text is empty"
    if len(example.text) > LONGEST_TEXT:
        yield f"its text has {len(example.text):,} characters; shorten it to {LONGEST_TEXT:,}"
    try:
        example.model_dump_json()
    except ValueError:
        yield "it has half a sign in it (a lone surrogate); write its text anew"
    if len(example.entities) > MOST_NAMES:
        yield f"it lists {len(example.entities)} names; leave out all but {MOST_NAMES}"
    if len(example.relations) > MOST_RELATIONS:
        yield f"it lists {len(example.relations)} relations; leave out all but {MOST_RELATIONS}"


def _chunk(example: Example) -> Chunk:
    """Take an example's text for a chunk."""
    text = example.text
    cuts = [0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text)]
    sentences = tuple((start, end) for start, end in pairwise(cuts) if start < end)
    return Chunk(start=0, end=len(text), page=1, text=text, sentences=sentences)


def _named(example: Example, schema: Schema) -> tuple[Sequence[Mention], Sequence[Numbered]]:
    """Find the names of an example where they would be kept."""
    found = kept_names(_chunk(example), schema, example.entities).names
    mentions = [
        Mention(start=x.start, end=x.end, text=example.text[x.start : x.end], type=x.type, page=1,
                subtype=x.subtype, model="example")
        for x in found
    ]  # fmt: skip
    grounds = Grounds(example.text)
    taken: set[int] = set()
    names = []
    for number, entity in enumerate(example.entities, 1):
        places = set(grounds.names(entity.text))
        kind = schema.type(entity.type)
        own = tuple(
            index
            for index, x in enumerate(found)
            if (x.start, x.end) in places and index not in taken
            and kind is not None and (x.type, x.subtype) == (kind.base, kind.subtype)
        )  # fmt: skip
        taken.update(own)
        names.append(Numbered(number=number, name=entity.text, type=entity.type, mentions=own))
    return mentions, names


def unkept(example: Example, schema: Schema) -> list[tuple[SaidRelation, str]]:
    """List the relations of an example that would not be kept, each with why. Its names must have
    no problem.
    """
    mentions, names = _named(example, schema)
    found = []
    for relation in example.relations:
        kept = kept_relations(_chunk(example), schema, mentions, names, [relation])
        found += [(relation, _why(x, relation, schema, names)) for x in kept.dropped]
    return found


def _called(relation: SaidRelation, names: Sequence[Numbered]) -> str:
    ends = [names[number - 1].name for number in (relation.subject, relation.object)]
    return f"{ends[0]!r} {relation.predicate} {ends[1]!r}"


def _why(reason: Reason, relation: SaidRelation, schema: Schema, names: Sequence[Numbered]) -> str:
    if reason is Reason.UNKNOWN_PREDICATE:
        known = ", ".join(kind.name for kind in schema.predicates) or "none"
        return f"the schema has no such predicate; it has {known}"
    if reason is Reason.WRONG_TYPES:
        ends = [names[number - 1].type for number in (relation.subject, relation.object)]
        return f"the schema does not let it hold between {ends[0]} and {ends[1]}"
    return WRONG.get(reason, "its quote does not stand in the text")
