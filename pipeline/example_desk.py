"""Where people say which examples a language model is shown: looks at what they bring before it is
kept, and finds what they mean. Commands and notebooks call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from pipeline.errors import UsageError
from pipeline.llm.example_checks import problem
from pipeline.llm.example_file import Written
from pipeline.llm.example_sets import Origin, Task, hash_of
from pipeline.llm.examples import Example
from pipeline.llm.schema import Schema
from pipeline.registry.explaining import shown
from pipeline.stores.example_library import ExampleLibrary, Kept
from pipeline.stores.example_pins import ExamplePins

SHORTEST_PREFIX = 6
Card = dict[str, Any]
COLUMNS = ("id", "task", "origin", "used", "text", "names", "relations", "by")


@dataclass(frozen=True)
class ExampleDesk:
    """Takes what people say of examples."""

    library: ExampleLibrary
    pins: ExamplePins

    @classmethod
    def on(cls, engine: Engine) -> ExampleDesk:
        """Open the examples of a database."""
        return cls(ExampleLibrary(engine), ExamplePins(engine))

    def add(
        self,
        schema: Schema,
        written: Sequence[Written],
        who: str,
        task: Task | None = None,
        document: str | None = None,
    ) -> list[Kept]:
        """Keep examples for a task, or for those that each is for, and give those that are new.
        With a `document`, by its id, they were accepted.

        Raises UsageError that says what is wrong with the first that cannot be kept; none is then.
        """
        wanted: dict[Task, list[Example]] = {}
        for number, (example, tasks) in enumerate(written, 1):
            for each in tasks if task is None else (task,):
                if why := problem(example, schema, each):
                    where = f"example {number}: " if len(written) > 1 else ""
                    raise UsageError(f"{where}{_on_one_line(why)}")
                wanted.setdefault(each, []).append(example)
        return self.library.add(schema.name, wanted, who, document)

    def remove(
        self, ids: Sequence[str], who: str, domain: str | None = None, task: Task | None = None
    ) -> list[Kept]:
        """Remove examples by their ids or the first six digits or more of these; shipped ones are
        hidden. Give what is gone.

        Raises UsageError for an id that is none's, or several's; nothing is removed then.
        """
        listed = self.library.listed(domain, task)
        found = dict.fromkeys(_meant(listed, asked) for asked in ids)
        return [kept for kept in found if self.library.remove(kept, who)]

    def cards(self, domain: str | None = None, task: Task | None = None) -> list[Card]:
        """Write examples as plain values."""
        return [_card(kept) for kept in self.library.listed(domain, task)]

    def cards_of(self, project: str, domain: str, task: str | None = None) -> list[Card]:
        """Write the examples of a domain, each with whether a project, by its id, uses it; and what
        it uses that was removed meanwhile.

        Raises UsageError for a task that is none.
        """
        if task is not None and task not in set(Task):
            raise UsageError(f"there is no task {shown(task)!r}; there are {', '.join(Task)}")
        tasks = [Task(task)] if task is not None else list(Task)
        listed = [kept for each in tasks for kept in self.library.listed(domain, each)]
        cards = {(kept.task, kept.hash): {**_card(kept), "used": False} for kept in listed}
        for each in tasks:
            for example in self.pins.used(project, domain, each).examples:
                gone = Kept(domain, each, hash_of(example), Origin.ADDED, example)
                card = cards.setdefault((each, gone.hash), {**_card(gone), "origin": "removed"})
                card["used"] = True
        return list(cards.values())


def example_row(card: Card) -> Card:
    """Write an example for a table: its names and relations as words."""
    names = [entity["text"] for entity in card["entities"]]
    return {
        **card,
        "names": ", ".join(f"{entity['text']} {entity['type']}" for entity in card["entities"]),
        "relations": "; ".join(
            f"{names[x['subject'] - 1]} {x['predicate']} {names[x['object'] - 1]}"
            for x in card["relations"]
        ),
    }


def _meant(listed: Sequence[Kept], asked: str) -> Kept:
    """Find the one example that somebody means."""
    begin = asked.strip().lower()
    found = [kept for kept in listed if kept.hash.startswith(begin)]
    if len(begin) < SHORTEST_PREFIX or not found:
        raise UsageError(
            f"no example has the id {shown(asked)!r}; `casegraph examples list` shows them, and "
            f"the first {SHORTEST_PREFIX} digits are enough"
        )
    if len(found) > 1:
        named = "; ".join(f"{x.hash[:12]} for {x.task.value} in {x.domain}" for x in found)
        raise UsageError(
            f"{len(found)} examples are {shown(asked)!r}: {named}; say --task, or more"
        )
    if found[0].origin is Origin.HIDDEN:
        raise UsageError(f"{found[0].hash[:8]} is hidden already")
    return found[0]


def _card(kept: Kept) -> Card:
    return {
        "id": kept.hash,
        "domain": kept.domain,
        "task": kept.task.value,
        "origin": kept.origin.value,
        **kept.example.model_dump(mode="json"),
        "by": kept.who,
        "when": kept.when and kept.when.isoformat(),
        "source": kept.source,
        "project": kept.project,
    }


def _on_one_line(why: str) -> str:
    """Write a reason without what a terminal would obey."""
    return "".join(sign for sign in " ".join(why.split()) if sign.isprintable())
