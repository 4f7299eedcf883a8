"""What questions to a language model show beside documents: pinned for a project. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.llm.example_sets import ExampleSet, Task, shipped_set


@dataclass(frozen=True)
class Shown:
    """The examples of each task, those that are shipped where none are named; and what the project
    knew at one moment, by the hash of that snapshot: None where it knew nothing.
    """

    examples: Mapping[Task, ExampleSet] = field(default_factory=dict)
    snapshot: str | None = None

    def examples_of(self, domain: str, task: Task) -> ExampleSet:
        """Give the examples of a task, of a schema of that name."""
        return self.examples[task] if task in self.examples else shipped_set(domain, task)
