"""What can be done to a run: its processes, its servers and the lines to them are harmed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil

from faults.proxy import Proxy
from faults.scene import Scene
from pipeline.stage import STAGES

COMMIT_SECONDS = 5.0
AND = " and "
APART = (0.0, 0.3)
"""So long after the first of a pair the second one comes."""
STAGE, COORDINATOR = "ray::StageActor", "ray::RunCoordinator"
PERSISTENCE, REGISTRY = "ray::PersistenceActor", "ray::RegistryActor"

Fault = Callable[[Scene], bool]
"""Harms a run; says whether there was all of it to harm."""
Shot = Callable[[], bool]
"""Ends what it is aimed at; says whether that was still there."""
Aim = Callable[[Scene], Shot | None]
"""Chooses what is to be ended; None where there is nothing."""


def _at(title: str, stage: str = "") -> Aim:
    def aim(on: Scene) -> Shot | None:
        found = on.actors(title, stage)
        return partial(_end, on.dice.choice(found)) if found else None

    return aim


def _end(process: psutil.Process) -> bool:
    """End a process; False for one that is gone, though nobody may have heard of it yet."""
    with suppress(psutil.NoSuchProcess):
        if process.status() != psutil.STATUS_ZOMBIE:
            process.kill()
            return True
    return False


def _at_command(on: Scene) -> Shot | None:
    process = on.process
    if process is None or process.poll() is not None:
        return None

    def shot() -> bool:
        if process.poll() is not None:
            return False
        process.kill()
        return True

    return shot


def _at_node(on: Scene) -> Shot | None:
    nodes = on.nodes
    return None if nodes is None or len(nodes.alive) < 2 else partial(nodes.kill, on.dice)


def _killed(*aims: Aim) -> Fault:
    """End all of this, one shortly after the other; nothing where not all of it is there. It counts
    only if each was there until its turn came: some end with what was ended before.
    """

    def fault(on: Scene) -> bool:
        shots = [shot for aim in aims if (shot := aim(on))]
        if len(shots) < len(aims):
            return False
        nodes = len(on.nodes.alive) if on.nodes else 0
        on.dice.shuffle(shots)
        hit = shots[0]()
        for shot in shots[1:]:
            on.wait(*APART)
            hit = shot() and hit
        while on.nodes and len(on.nodes.alive) < nodes:
            on.wait()
            on.nodes.add()
        return hit

    return fault


def _pause(title: str) -> Fault:
    def fault(on: Scene) -> bool:
        found = on.actors(title)
        if not found:
            return False
        process = on.dice.choice(found)
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            on.wait()
            process.resume()
            return True
        return False

    return fault


def _line(which: str, harm: Callable[[Proxy], object], last: bool = True) -> Fault:
    def fault(on: Scene) -> bool:
        line: Proxy = getattr(on, which)
        harm(line)
        if last:
            on.wait()
            line.heal()
        return True

    return fault


def _lose(*, answered: bool) -> Fault:
    def fault(on: Scene) -> bool:
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


def _redis_paused(on: Scene) -> bool:
    on.valkey.pause()
    on.wait()
    on.valkey.resume()
    return True


def _redis_full(on: Scene) -> bool:
    on.valkey.limit_memory(1 << 20)
    on.wait()
    on.valkey.limit_memory(1 << 30)
    return True


def _postgres_paused(on: Scene) -> bool:
    on.postgres.pause()
    on.wait()
    on.postgres.resume()
    return True


def _always(work: Callable[[Scene], object]) -> Fault:
    def fault(on: Scene) -> bool:
        work(on)
        return True

    return fault


FAULTS: dict[str, Fault] = {
    "a stage actor killed": _killed(_at(STAGE)),
    "a stage actor paused": _pause(STAGE),
    "the persistence actor killed": _killed(_at(PERSISTENCE)),
    "the persistence actor paused": _pause(PERSISTENCE),
    "the registry actor killed": _killed(_at(REGISTRY)),
    "the registry actor paused": _pause(REGISTRY),
    "the coordinator killed": _killed(_at(COORDINATOR)),
    "the coordinator paused": _pause(COORDINATOR),
    "the command killed": _killed(_at_command),
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

ENDS: dict[str, Aim] = {
    **{f"an actor of {stage} killed": _at(STAGE, stage) for stage in STAGES},
    "the persistence actor killed": _at(PERSISTENCE),
    "the registry actor killed": _at(REGISTRY),
    "the coordinator killed": _at(COORDINATOR),
    "the command killed": _at_command,
    "a node killed": _at_node,
}
ON_NODES: dict[str, Fault] = {
    AND.join(names): _killed(*(ENDS[name] for name in names))
    for together in (1, 2)
    for names in itertools.combinations(ENDS, together)
}
"""What is done to a run on a cluster: each process of it ends, alone and with another."""
