"""A process that holds claims, to be paused past its lease: it does what it is told on a pipe."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Self

import psutil
from ledger_case import LedgerCase

from pipeline.crash_points import crash_point
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import TemporaryError
from pipeline.stores import idling, postgres

PROCESSES = multiprocessing.get_context("forkserver")
FAILURE = DocumentFailure(stage=StageName.EXTRACT, error="crashed", message="late")


def work(url: str, lease: float, idle: float, orders: Connection) -> None:
    """Claim everything, then follow orders: a name of a function of this module and arguments."""
    idling.IDLE_SECONDS = idle
    engine = postgres.connect(url)
    case = LedgerCase(engine)
    run = case.run(lease)
    claimed = case.ledger.claim(run, 100)
    orders.send((run, [x.document_id for x in claimed]))
    while order := orders.recv():
        name, arguments = order
        orders.send(ORDERS[name](case, run, *arguments))
    engine.dispose()


def _fail(case: LedgerCase, run: str, document: str, claim: int) -> list[str]:
    return list(case.ledger.failed(run, [(document, claim, FAILURE)]))


def _give_back(case: LedgerCase, run: str, document: str) -> int:
    return case.ledger.requeue(run, [document]) + case.ledger.release(run)


def _again(case: LedgerCase, run: str, document: str) -> dict[str, int]:
    return dict(case.ledger.again(run, [document]))


def _identify(case: LedgerCase, run: str, name: str, data: str) -> int:
    return len(case.identify(run, **{name: data}))


def _persist(case: LedgerCase, run: str, data: str, person: str, salt: str) -> tuple[str, ...]:
    return tuple(
        case.publisher().persist(case.checkpoints(data, None, person, salt=salt)).completed
    )


def _persist_and_stop(
    case: LedgerCase, run: str, point: str, data: str, person: str
) -> tuple[str, ...] | str:
    """Stop this process where its transaction comes to a point, once."""

    def stop(name: str) -> None:
        if name == point:
            postgres.crash_point = crash_point
            os.kill(os.getpid(), signal.SIGSTOP)

    postgres.crash_point = stop
    try:
        return _persist(case, run, data, person, "")
    except TemporaryError as error:
        return str(error)


def _claim(case: LedgerCase, run: str) -> int:
    return len(case.ledger.claim(run, 100))


ORDERS = {
    "fail": _fail,
    "give_back": _give_back,
    "again": _again,
    "identify": _identify,
    "persist": _persist,
    "claim": _claim,
    "persist_and_stop": _persist_and_stop,
}


class Holder:
    """The process as the test has it."""

    def __init__(self, url: str, lease: float, idle: float) -> None:
        self._pipe, theirs = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=work, args=(url, lease, idle, theirs))
        self._process.start()
        theirs.close()
        self.run, self.documents = self._answer()

    def __enter__(self) -> Self:
        return self

    def pause(self) -> None:
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGCONT)

    @property
    def paused(self) -> bool:
        return psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

    def order(self, name: str, *arguments: object) -> None:
        """Say what is to be done, without waiting: also while it is paused."""
        self._pipe.send((name, arguments))

    def _answer(self) -> Any:
        assert self._pipe.poll(60), "the holder does not answer"
        return self._pipe.recv()

    def answer(self) -> Any:
        """Wait for what came of the oldest order."""
        return self._answer()

    def end(self) -> None:
        self.resume()
        self._process.kill()
        self._process.join()
        self._pipe.close()


@contextmanager
def holder(url: str, lease: float = 0.4, idle: float = 60.0) -> Iterator[Holder]:
    """Run a holder of all claims there are; afterwards it is gone."""
    process = Holder(url, lease, idle)
    try:
        yield process
    finally:
        process.end()
