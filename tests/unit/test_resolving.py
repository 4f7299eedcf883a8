"""What a run knows of the registry while the process that keeps it works, waits and dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from actors import resolving
from actors.pulse import Pulse
from actors.registry_actor import DiedError, Settled
from actors.resolving import DEATHS, Resolving
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.registry.keeping import Turn

DONE = Turn(epoch=3)
HELD_BY_OTHERS = Turn(held=False, pending=2, first=5, last=6)
Answer = Turn | Exception


class Asked:
    """A registry that answers as it is told, the last answer again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.times = 0

    async def __call__(self) -> Settled:
        self.times += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return Settled(turn=answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "RETRY_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(resolving, name, 0.001)


def kept(answers: Sequence[Answer], *, patience: float = 300) -> Resolving:
    """Keep at it from when the documents are done, until it ends by itself."""
    made = Resolving(Asked(*answers), Pulse(patience))
    made.hurry()
    asyncio.run(asyncio.wait_for(made.keep(), 10))
    return made


def test_it_is_done_when_nothing_is_pending() -> None:
    made = kept([HELD_BY_OTHERS, DONE])
    assert made.done
    assert made.pending == 0


def test_what_others_bring_later_is_not_waited_for() -> None:
    later = [Turn(pending=9, first=first, last=first + 8) for first in (5, 6, 7)]
    made = kept([HELD_BY_OTHERS, *later])
    assert made.done
    assert made.pending == 9


def test_entities_of_other_rules_are_not_done() -> None:
    made = Resolving(Asked(DONE.model_copy(update={"stale": True})), Pulse(300))
    made.hurry()
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(made.keep(), 0.05))
    assert not made.done


def test_a_turn_that_began_before_the_documents_were_done_says_nothing() -> None:
    """What was published meanwhile may not have been seen by it."""

    async def whole() -> tuple[bool, int]:
        asked = Asked(DONE)
        made = Resolving(asked, Pulse(300))
        task = asyncio.create_task(made.keep())
        while not asked.times:
            await asyncio.sleep(0)
        made.hurry()
        await asyncio.wait_for(task, 10)
        return made.done, asked.times

    assert asyncio.run(whole()) == (True, 2)


def test_a_death_never_ends_the_run() -> None:
    worked = Turn(updates=1, pending=1, first=5, last=5)
    deaths: list[Answer] = [DiedError("it died")] * (DEATHS - 1)
    made = kept([*deaths, worked, *deaths, DONE])
    assert made.done
    assert not made.given_up
    made = kept([DiedError("it died")])
    assert not made.done
    assert made.given_up == f"it died, {DEATHS} times in a row"
    assert made.fault is None


def test_who_waits_for_nothing_else_loses_patience_with_postgresql() -> None:
    with pytest.raises(UnavailableError, match="PostgreSQL is away"):
        kept([TemporaryError("PostgreSQL is away")], patience=0.02)


def test_documents_go_on_while_the_registry_finds_no_postgresql() -> None:
    async def whole() -> bool:
        made = Resolving(Asked(TemporaryError("away")), Pulse(0.0))
        task = asyncio.create_task(made.keep())
        await asyncio.sleep(0.05)
        ended = task.done()
        task.cancel()
        return ended

    assert not asyncio.run(whole())


def test_a_fault_is_told_at_the_end() -> None:
    made = kept([KeyError("mine")])
    assert isinstance(made.fault, KeyError)
    assert not made.done
