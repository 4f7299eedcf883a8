"""An actor of a run that is waited for, started anew, and ended; Ray's part of it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ray.exceptions import RuntimeEnvSetupError

from actors.hosted_actor import HostedActor, NoStartError
from actors.last_words import Whereabouts

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


def hosted(process: Process, node: str = "node") -> HostedActor:
    return HostedActor("ocr", Handle(process), MOST, 60.0, node)


def test_an_actor_whose_environment_cannot_be_set_up_cannot_start() -> None:
    class Without(Process):
        def where(self) -> Whereabouts:
            raise RuntimeEnvSetupError("no space left on device")

    reason = "ocr could not start: .*environment. no space left on device"
    with pytest.raises(NoStartError, match=rf"^{reason}$"):
        asyncio.run(hosted(Without()).started())
