"""Which examples a question shows: sets of them, by the hash of what they say. Pure.

Examples are kept for a domain, the name of a schema, and for a task. What a task does not show is
no part of them there: who changes the relations of an example changes nothing that is found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from pipeline import identity
from pipeline.documents import StageName, Value
from pipeline.llm.examples import SHIPPED, Example, shipped

MOST_EXAMPLES = 24
MOST_CHARACTERS = 40_000
"""Of all examples of a task together: each question shows them all."""


class Task(StrEnum):
    """What a language model is asked to do with a text."""

    FIND = "find"
    RELATE = "relate"

    @property
    def stage(self) -> StageName:
        """Name the stage that does it."""
        return StageName.EXTRACT if self is Task.FIND else StageName.RELATE


class Origin(StrEnum):
    """Where an example is from. A shipped one that somebody removed is hidden."""

    SHIPPED = "shipped"
    ADDED = "added"
    ACCEPTED = "accepted"
    HIDDEN = "hidden"


class ExampleSet(Value):
    """Examples in the order in which a question shows them. One that lost some, which were
    forgotten, keeps its `name`, so that nothing is asked again for it.
    """

    examples: tuple[Example, ...] = ()
    name: str = ""

    @property
    def hash(self) -> str:
        """Hash what they say and in which order: all that a question takes of them."""
        return self.name or identity.sha256_hex("examples", *map(hash_of, self.examples))

    def without(self, hashes: Collection[str]) -> ExampleSet:
        """Forget some of them, by their hashes."""
        left = tuple(x for x in self.examples if hash_of(x) not in hashes)
        return self if left == self.examples else ExampleSet(examples=left, name=self.hash)


def hash_of(example: Example) -> str:
    """Hash an example: under this it is kept."""
    return identity.sha256_hex("example", example.model_dump_json(exclude_defaults=True))


def for_task(example: Example, task: Task) -> Example:
    """Take of an example what a task shows."""
    return example.model_copy(update={"relations": ()}) if task is Task.FIND else example


def shipped_set(domain: str, task: Task) -> ExampleSet:
    """Give the examples that are shipped for a domain, none for one without: what a project uses
    until its set is pinned.
    """
    return ExampleSet(examples=tuple(for_task(example, task) for example in shipped(domain)))


def domains() -> Sequence[str]:
    """Name the domains that examples are shipped for."""
    return list(SHIPPED)


def present(
    domain: str, task: Task, kept: Sequence[Example], hidden: Sequence[str] = ()
) -> ExampleSet:
    """Give the examples of a domain and task as they are now: those that are shipped, but for the
    hidden ones, by hash; then those that are kept, in the order in which they came.
    """
    own = [x for x in shipped_set(domain, task).examples if hash_of(x) not in set(hidden)]
    return ExampleSet(examples=(*own, *kept))


def too_many(examples: Sequence[Example]) -> str:
    """Say why a set has more than a question may show; empty if it has not."""
    if len(examples) > MOST_EXAMPLES:
        return f"there would be {len(examples)} examples, and a question can show {MOST_EXAMPLES}"
    characters = sum(len(example.model_dump_json()) for example in examples)
    if characters > MOST_CHARACTERS:
        return (
            f"all examples together would have {characters:,} characters, and a question can "
            f"show {MOST_CHARACTERS:,}"
        )
    return ""
