"""What can be done to a run: its processes, its servers and the lines to them are harmed."""

from __future__ import annotations

import itertools
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from faults.nodes import Nodes
from faults.proxy import Proxy
from faults.servers import OwnPostgres, OwnValkey

PAUSES = (0.2, 3.5)
COMMIT_SECONDS = 5.0


@dataclass
class Stage:
    """The servers, the lines to them, and the run that is on."""

    valkey: OwnValkey
    postgres: OwnPostgres
    redis_line: Proxy
    postgres_line: Proxy
    dice: random.Random
    nodes: Nodes | None = None
    process: subprocess.Popen[str] | None = None

    def actors(self, *names: str) -> list[psutil.Process]:
        """Find the run's processes of these actors: children of the run's own Ray, or of nodes that
        this program has started.
        """
        if self.process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            above = psutil.Process(self.process.pid if self.nodes is None else None)
            children = above.children(recursive=True)
            return [child for child in children if _title(child).startswith(names)]
        return []

    def wait(self, least: float = PAUSES[0], most: float = PAUSES[1]) -> None:
        """Let a fault last."""
        time.sleep(self.dice.uniform(least, most))


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _kill(*names: str) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        found = on.actors(*names)
        if found:
            with suppress(psutil.NoSuchProcess):
                on.dice.choice(found).kill()
        return bool(found)

    return fault


def _pause(*names: str) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        found = on.actors(*names)
        if not found:
            return False
        process = on.dice.choice(found)
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            on.wait()
            process.resume()
        return True

    return fault


def _kill_command(on: Stage) -> bool:
    if on.process is None or on.process.poll() is not None:
        return False
    on.process.kill()
    return True


def _line(
    which: str, harm: Callable[[Proxy], object], last: bool = True
) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        line: Proxy = getattr(on, which)
        harm(line)
        if last:
            on.wait()
            line.heal()
        return True

    return fault


def _lose(*, answered: bool) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        on.postgres_line.lose("COMMIT", answered=answered)
        late = time.monotonic() + COMMIT_SECONDS
        while not on.postgres_line.lost and time.monotonic() < late:
            time.sleep(0.01)
        lost = on.postgres_line.lost
        on.postgres_line.heal()
        return lost

    return fault


def _refuse(line: Proxy) -> None:
    line.refuse()
    line.cut()


def _redis_paused(on: Stage) -> bool:
    on.valkey.pause()
    on.wait()
    on.valkey.resume()
    return True


def _redis_full(on: Stage) -> bool:
    on.valkey.limit_memory(1 << 20)
    on.wait()
    on.valkey.limit_memory(1 << 30)
    return True


def _postgres_paused(on: Stage) -> bool:
    on.postgres.pause()
    on.wait()
    on.postgres.resume()
    return True


def _always(work: Callable[[Stage], object]) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        work(on)
        return True

    return fault


Fault = Callable[[Stage], bool]
"""Harms a run; says whether there was anything to harm."""


def _kill_node(on: Stage) -> bool:
    """End a node with all that runs on it; another one joins a while later."""
    if on.nodes is None or not on.nodes.kill(on.dice):
        return False
    on.wait()
    on.nodes.add()
    return True


def _pair(one: Fault, other: Fault) -> Fault:
    def fault(on: Stage) -> bool:
        first = one(on)
        on.wait(0.0, 0.3)
        return bool(other(on) or first)

    return fault


FAULTS: dict[str, Fault] = {
    "a stage actor killed": _kill("ray::StageActor"),
    "a stage actor paused": _pause("ray::StageActor"),
    "the persistence actor killed": _kill("ray::PersistenceActor"),
    "the persistence actor paused": _pause("ray::PersistenceActor"),
    "the registry actor killed": _kill("ray::RegistryActor"),
    "the registry actor paused": _pause("ray::RegistryActor"),
    "the coordinator killed": _kill("ray::RunCoordinator"),
    "the coordinator paused": _pause("ray::RunCoordinator"),
    "the command killed": _kill_command,
    "redis killed and restarted": _always(lambda on: on.valkey.restart()),
    "redis restarted empty": _always(lambda on: on.valkey.restart(empty=True)),
    "redis flushed": _always(lambda on: on.valkey.flush()),
    "redis paused": _redis_paused,
    "redis full": _redis_full,
    "redis cut": _line("redis_line", lambda line: line.cut(), last=False),
    "redis refused": _line("redis_line", _refuse),
    "redis hanging": _line("redis_line", lambda line: line.hang()),
    "redis slow": _line("redis_line", lambda line: line.delay(0.3)),
    "postgres killed and restarted": _always(lambda on: on.postgres.restart()),
    "postgres paused": _postgres_paused,
    "postgres cut": _line("postgres_line", lambda line: line.cut(), last=False),
    "postgres refused": _line("postgres_line", _refuse),
    "postgres slow": _line("postgres_line", lambda line: line.delay(0.1)),
    "a commit's answer lost": _lose(answered=True),
    "a commit lost": _lose(answered=False),
}

KILLS: dict[str, Fault] = {
    "a stage actor killed": FAULTS["a stage actor killed"],
    "the persistence actor killed": FAULTS["the persistence actor killed"],
    "the registry actor killed": FAULTS["the registry actor killed"],
    "the coordinator killed": FAULTS["the coordinator killed"],
    "the command killed": FAULTS["the command killed"],
    "a node killed": _kill_node,
}
ON_NODES: dict[str, Fault] = KILLS | {
    f"{one} and {other}": _pair(KILLS[one], KILLS[other])
    for one, other in itertools.combinations(KILLS, 2)
}
"""What is done to a run on a cluster: each process of it ends, alone and with another."""
