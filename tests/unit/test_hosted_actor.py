"""Actors of a run that are waited for, started anew, and ended; Ray's part of it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import small_stages
from ray.exceptions import (
    ActorUnavailableError,
    ObjectLostError,
    ObjectReconstructionFailedError,
    RaySystemError,
    RuntimeEnvSetupError,
)

from actors import hosted_actor, stage_pools
from actors.calls import Answer, Call
from actors.hosted_actor import HostedActor, NoStartError
from actors.last_words import Whereabouts
from actors.stage_pools import StagePools
from actors.workplace import Workplace
from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

MOST = 10


class Method:
    """A method of a played actor, which answers later what a function returns or raises."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def options(self, **_: object) -> Method:
        return self

    def remote(self, *arguments: object) -> Any:
        async def answer() -> Any:
            given = self._function(*arguments)
            return await given if asyncio.iscoroutine(given) else given

        return answer()


class Handle:
    """What Ray gives of an actor: its methods, to be called from afar."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def __getattr__(self, name: str) -> Method:
        return Method(getattr(self._process, name))


class Process:
    """What runs an actor: once it is started anew it has another id."""

    def __init__(self) -> None:
        self.pid = 1

    def where(self) -> Whereabouts:
        return Whereabouts("node", self.pid, "")

    def ready(self) -> str:
        return "x"

    def run(self, tasks: object) -> Answer:
        return Answer(outcomes=(), grown=MOST + 1)

    def identify(self, sources: object) -> list[str]:
        return ["a text"]

    def end(self) -> None:
        self.pid += 1
        raise ActorUnavailableError("the actor was restarted", None)


def hosted(process: Process, node: str = "node") -> HostedActor:
    return HostedActor("ocr", Handle(process), MOST, 60.0, node)


def test_an_actor_whose_environment_cannot_be_set_up_cannot_start() -> None:
    class Without(Process):
        def where(self) -> Whereabouts:
            raise RuntimeEnvSetupError("no space left on device")

    reason = "ocr could not start: .*environment. no space left on device"
    with pytest.raises(NoStartError, match=rf"^{reason}$"):
        asyncio.run(hosted(Without()).started())


async def pools_of(
    processes: list[Process], home: Path, monkeypatch: pytest.MonkeyPatch
) -> StagePools:
    """Have one actor for each process in the first stage, each on a node of its own."""
    urls = ServiceUrls(database_url="postgresql:///none", redis_url="redis:///0")
    place = Workplace(Settings(home=home), urls, "p", "r", small_stages.plan(), small_stages.host)
    left = list(processes)
    monkeypatch.setattr(stage_pools, "hosted", lambda *_, node, **__: hosted(left.pop(0), node))
    pools = StagePools(place)
    for number in range(len(processes)):
        await pools.add((StageName.OCR, f"node {number}"), lambda *_: None)
    return pools


class LeavesForGood(Process):
    """One that takes too much memory and, once it has ended, cannot be started any more."""

    def where(self) -> Whereabouts:
        if self.pid > 1:
            raise RuntimeEnvSetupError("no space left on device")
        return super().where()


def test_a_reader_that_cannot_be_renewed_is_forgotten_and_others_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def whole() -> list[object]:
        pools = await pools_of([LeavesForGood(), Process()], tmp_path, monkeypatch)
        await pools.run(Call(number=1, stage=StageName.OCR, actor=0, tasks=()))
        said: list[object] = []
        for _ in range(4):
            try:
                said += await pools.identify([])
            except NoStartError as error:
                said.append(str(error).partition(":")[0])
        return [*said, *(pools.place_of(StageName.OCR, number) for number in range(2))]

    *said, first, second = asyncio.run(whole())
    assert sorted(said) == ["a text", "a text", "a text", "ocr could not start"]
    assert (first, second) == (None, (StageName.OCR, "node 1"))


class Stays(Process):
    """One that takes too much memory and does not end when it is told to, but when it is killed, a
    moment later.
    """

    def __init__(self, how: str) -> None:
        super().__init__()
        self._how = how
        self.killed = False

    async def end(self) -> None:  # type: ignore[override]
        if self._how == "hangs":
            await asyncio.Event().wait()
        if self._how == "raises":
            raise RaySystemError("the child cannot be ended")

    def where(self) -> Whereabouts:
        there = super().where()
        self.pid += self.killed
        self.killed = False
        return there


@pytest.mark.parametrize("how", ["hangs", "raises", "answers"])
def test_a_process_that_does_not_end_when_it_is_to_be_renewed_is_killed(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    process = Stays(how)

    def kill(_: object, *, no_restart: bool) -> None:
        process.killed = not no_restart

    monkeypatch.setattr("ray.kill", kill)
    monkeypatch.setattr(hosted_actor, "LEAVE_SECONDS", 0.02)

    async def whole() -> list[int]:
        actor = hosted(process)
        await actor.started()
        ids = []
        for _ in range(2):
            await actor.ask("run", ())
            ids.append(process.pid)
        return ids

    assert asyncio.run(asyncio.wait_for(whole(), 60)) == [1, 2]


@pytest.mark.parametrize("lost", [ObjectLostError, ObjectReconstructionFailedError])
def test_who_asked_for_what_is_lost_with_a_node_may_ask_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: type[ObjectLostError]
) -> None:
    class Large(Process):
        def run(self, tasks: object) -> Answer:
            raise lost("00" * 28, None, "")

    async def whole() -> None:
        pools = await pools_of([Large()], tmp_path, monkeypatch)
        await pools.run(Call(number=1, stage=StageName.OCR, actor=0, tasks=()))

    with pytest.raises(TemporaryError, match=r"^what the ocr process answered was lost"):
        asyncio.run(whole())


class AtWork(Process):
    """One that does its calls one after the other, but for those that it is asked beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()
        self.loaded: list[int] = []

    async def ready(self) -> str:  # type: ignore[override]
        await self.free.wait()
        self.loaded.append(self.pid)
        return "x"


def test_who_hears_late_of_a_death_does_not_wait_for_what_the_next_process_is_at() -> None:
    """Two calls are lost with a process. The first who hears of it has given the next one work."""

    async def whole() -> list[int]:
        process = AtWork()
        actor = HostedActor("ocr", Handle(process), MOST, 60.0, "node", silence=60.0)
        for _ in range(3):
            process.free.set()
            await actor.started()
            process.free.clear()
            await asyncio.wait_for(actor.started(), 10)
            process.pid += 1
        return process.loaded

    assert asyncio.run(whole()) == [1, 2, 3]
