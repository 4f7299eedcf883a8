"""A process that keeps a registry, to be paused and killed: it takes a turn when it is told."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psutil

from faults.small_stages import SmallRules
from pipeline import assembly
from pipeline.crash_points import crash_point
from pipeline.errors import CasegraphError
from pipeline.registry.keeping import RegistryKeeper, Turn
from pipeline.registry.profiles import Profile
from pipeline.registry.updates import Update
from pipeline.registry.verdicts import Comparison
from pipeline.settings import RunSettings, Settings
from pipeline.stores import idling, postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.registry_store import PostgresRegistry

PROCESSES = multiprocessing.get_context("forkserver")
SLOW_SECONDS = 0.05


class SlowRules(SmallRules):
    """Takes its time for each pair."""

    def compare(self, one: Profile, other: Profile, /) -> Comparison | None:
        time.sleep(SLOW_SECONDS)
        return super().compare(one, other)


def open_keeper(url: str, project: str, lease: float, *, slow: bool = False) -> RegistryKeeper:
    settings = Settings(
        acceleration="off", run=RunSettings(lease_seconds=lease, patience_seconds=60)
    )
    urls = ServiceUrls(database_url=url, redis_url="")
    return assembly.open_registry(settings, urls, project, SlowRules() if slow else SmallRules())


def stop_before_writing() -> None:
    """Stop this process when it has worked an update out, once."""
    write = PostgresRegistry.write

    def stopping(self: PostgresRegistry, holder: str, update: Update) -> None:
        PostgresRegistry.write = write  # type: ignore[method-assign]
        os.kill(os.getpid(), signal.SIGSTOP)
        write(self, holder, update)

    PostgresRegistry.write = stopping  # type: ignore[method-assign]


def stop_before_commit() -> None:
    """Stop this process inside the transaction that writes, once."""

    def stop(name: str) -> None:
        if name == "registry.before-commit":
            postgres.crash_point = crash_point
            os.kill(os.getpid(), signal.SIGSTOP)

    postgres.crash_point = stop


HARMS: dict[str, Callable[[], None]] = {
    "before writing": stop_before_writing,
    "before commit": stop_before_commit,
}


def work(url: str, project: str, lease: float, idle: float, harm: str, orders: Connection) -> None:
    """Take a turn at each order, and send what came of it, or the words of an error."""
    idling.IDLE_SECONDS = idle
    keeper = open_keeper(url, project, lease, slow=harm == "slow")
    if harm in HARMS:
        HARMS[harm]()
    orders.send(keeper.holder)
    while orders.recv():
        try:
            orders.send(keeper.turn())
        except CasegraphError as error:
            orders.send(str(error))


class KeeperProcess:
    """The process as the test has it."""

    def __init__(self, url: str, project: str, lease: float, idle: float, harm: str) -> None:
        self._pipe, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(
            target=work, args=(url, project, lease, idle, harm, theirs)
        )
        self._process.start()
        theirs.close()
        self.holder = str(self._answer())

    def begin(self) -> None:
        """Have a turn taken, without waiting."""
        self._pipe.send(True)

    def answer(self) -> Turn | str:
        """Wait for what came of the turn."""
        return self._answer()

    def _answer(self) -> Any:
        assert self._pipe.poll(60), "the keeper does not answer"
        return self._pipe.recv()

    @property
    def paused(self) -> bool:
        return psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

    def resume(self) -> None:
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        self.kill()
        self._pipe.close()


@contextmanager
def keeping(
    url: str, project: str, lease: float = 0.4, idle: float = 60.0, harm: str = ""
) -> Iterator[KeeperProcess]:
    """Run a keeper; afterwards it is gone."""
    process = KeeperProcess(url, project, lease, idle, harm)
    try:
        yield process
    finally:
        process.end()
