"""What people decide, drawn: which names are one, where a name means somebody else, who that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from registry_case import World, Written
from store_case import StoreCase
from stored_registry import ME, StoredRegistry

from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.stores.decisions import record

T = TypeVar("T")


class People:
    """Those who decide in one project: what a world says was decided, and on namesakes of it."""

    def __init__(self, case: StoreCase, data: st.DataObject, world: World) -> None:
        self._case = case
        self._data = data
        self._pool = world.pool
        self._left = list(world.decisions)
        self._counting: list[Decision] = []

    def decide(self, there: Mapping[str, Sequence[Written]]) -> None:
        """Decide what comes next: what the world says, or that names of a document are others than
        elsewhere, that one that was told apart is another name's, or that the last of it does not
        count. `there` are the names of each document.
        """
        apart = [one for one in self._counting if one.by_document]
        kinds = [
            *(["said"] if self._left else []),
            *(["apart", "apart"] if there else []),
            *(["joined", "joined", "undone"] if apart else []),
        ]
        if not kinds:
            return
        kind = self._data.draw(st.sampled_from(kinds))
        if kind == "said":
            self._record(self._left.pop())
        elif kind == "undone":
            self._record(Decision(0, DecisionKind.UNDO, undoes=self._counting.pop().number))
        elif kind == "joined":
            of = self._data.draw(st.sampled_from(apart))
            namesake = of.groups[0][0]._replace(sense=of.number)
            other = RawName(*self._data.draw(st.sampled_from(self._pool)))
            joined = Decision(0, DecisionKind.MERGE, ((namesake,), (other,)))
            self._counting.append(self._record(joined))
        else:
            self._counting.append(self._record(self._apart(there)))

    def _apart(self, there: Mapping[str, Sequence[Written]]) -> Decision:
        """Draw one or two names of a document, and in which it and others they mean another."""
        first = self._data.draw(st.sampled_from(sorted(there)))
        names = self._drawn(there[first], 2)
        where = {first, *self._drawn(sorted(there), 2)}
        documents = tuple(self._case.document(f"{name}.txt") for name in sorted(where))
        raw = (tuple(RawName(*one) for one in names),)
        if self._data.draw(st.booleans()):
            return Decision(0, DecisionKind.SPLIT, raw, documents=documents)
        ids = ", ".join(f"'{document}'" for document in documents)
        rows = self._case.rows(f"SELECT content_id::text FROM documents WHERE id IN ({ids})")
        return Decision(0, DecisionKind.SPLIT, raw, contents=tuple(sorted({x for (x,) in rows})))

    def _drawn(self, every: Sequence[T], most: int) -> list[T]:
        some = st.lists(st.sampled_from(every), min_size=1, max_size=most, unique=True)
        return self._data.draw(some)

    def _record(self, decision: Decision) -> Decision:
        return record(self._case.engine, self._case.project, decision)


STEPS = ("publish", "publish", "forget", "again", "decide", "decide")


def live_on(
    registry: StoredRegistry, world: World, data: st.DataObject, check: Callable[[], None]
) -> None:
    """Let documents come, go and come again, in any batches, with decisions between: on names, and
    on namesakes. Whenever the registry has caught up, `check` sees whether all is well.
    """
    some = st.lists(st.sampled_from(world.pool), min_size=1, max_size=6, unique=True)
    people = People(registry.case, data, world)
    there: dict[str, list[Written]] = {}
    for number in range(data.draw(st.integers(1, 8))):
        step = data.draw(st.sampled_from(STEPS))
        if step == "forget" and there:
            name = data.draw(st.sampled_from(sorted(there)))
            del there[name]
            registry.forget(name)
        elif step == "again" and there:
            name = data.draw(st.sampled_from(sorted(there)))
            registry.owner.catch_up(ME)
            registry.forget(name)
            registry.owner.catch_up(ME)
            registry.publish(name, there[name])
        elif step == "decide":
            people.decide(there)
        else:
            there[f"d{number}"] = data.draw(some)
            registry.publish(f"d{number}", there[f"d{number}"])
        if data.draw(st.booleans()):
            registry.catch_up()
            check()
    registry.catch_up()
    check()
