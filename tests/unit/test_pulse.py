"""How long a run bears that a store does not answer."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from actors import pulse
from actors.ledger_thread import LedgerThread
from actors.pulse import NODES, Pulse
from pipeline.errors import StoppedWaitingError, TemporaryError, UnavailableError
from pipeline.patience import patient

AWAY = TemporaryError("PostgreSQL: connection refused")
GONE = TemporaryError("no node is left")
DIED = TemporaryError("the persistence process died and is started again")


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pulse, "time", clock)
    monkeypatch.setattr("tenacity.time", clock)
    monkeypatch.setattr("tenacity.nap.time", clock)
    return clock


def test_patience_begins_with_the_first_failure(clock: Clock) -> None:
    beat = Pulse(300)
    clock.now = 1000  # one long call
    beat.no_answer(DIED)
    assert beat.trouble == str(DIED)
    clock.now += 300
    beat.no_answer(AWAY)
    assert beat.trouble == str(AWAY)
    clock.now += 1
    with pytest.raises(UnavailableError, match="waited 301 s"):
        beat.no_answer(AWAY)


def test_what_is_waited_for_is_written_down_once(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    beat = Pulse(300)
    for error in (AWAY, AWAY, GONE, GONE, AWAY):
        beat.no_answer(error)
    beat.heard()
    beat.no_answer(AWAY)
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"waiting: {x}" for x in (AWAY, GONE, AWAY, AWAY)]


def test_what_moves_ends_all_waiting(clock: Clock) -> None:
    beat = Pulse(300)
    beat.no_answer(DIED, "persistence")
    clock.now += 299
    beat.heard()
    assert (beat.trouble, beat.still_seconds) == ("", 0)
    clock.now += 299
    beat.no_answer(AWAY, "persistence")


def test_what_moves_says_nothing_of_nodes_that_are_gone(clock: Clock) -> None:
    beat = Pulse(300)
    beat.no_answer(GONE, NODES)
    clock.now += 299
    beat.heard()
    assert beat.trouble == str(GONE)
    clock.now += 2
    with pytest.raises(UnavailableError, match="no node"):
        beat.no_answer(GONE, NODES)


def test_who_is_answered_waits_no_longer_and_the_others_do(clock: Clock) -> None:
    beat = Pulse(300)
    beat.no_answer(AWAY)
    beat.no_answer(DIED, "persistence")
    beat.answered("persistence")
    assert beat.trouble == str(AWAY)
    clock.now += 301
    beat.no_answer(DIED, "persistence")
    with pytest.raises(UnavailableError):
        beat.no_answer(AWAY)


def call(clock: Clock, *seconds: float) -> Callable[[], str]:
    """Make what fails after so long at each call, and answers when there is no more of them."""
    left = list(seconds)

    def ask() -> str:
        if not left:
            return "answer"
        clock.now += left.pop(0)
        raise AWAY

    return ask


def test_one_call_that_took_longer_than_all_patience_and_failed_is_made_again(
    clock: Clock,
) -> None:
    assert patient(30)(call(clock, 1000, 10)) == "answer"
    assert asyncio.run(LedgerThread(30).ask(call(clock, 1000, 10))) == "answer"


def test_patience_ends_when_it_says(clock: Clock) -> None:
    with pytest.raises(TemporaryError, match="refused"):
        patient(30)(call(clock, 1000, 10, 10, 10, 10, 10, 10))
    assert 1030 <= clock.now < 1040


def test_how_long_was_waited_is_told_as_it_was(clock: Clock) -> None:
    ledger = LedgerThread(30)
    with pytest.raises(UnavailableError, match=r"refused \(waited 45 s\)"):
        asyncio.run(ledger.ask(call(clock, 1000, 20, 25, 5)))
    assert ledger.trouble == str(AWAY)


def test_who_is_to_stop_waits_hardly_any_longer(clock: Clock) -> None:
    asked: list[bool] = []
    beat = Pulse(300, lambda: bool(asked))
    beat.no_answer(AWAY)
    clock.now += 2
    beat.no_answer(AWAY)
    asked.append(True)
    for _ in range(2):  # each who shares the wait hears it, not only the first
        with pytest.raises(StoppedWaitingError, match="refused"):
            beat.no_answer(AWAY)
    beat.no_answer(DIED, "persistence")  # what fails only now may be a moment's trouble
    clock.now += 2
    with pytest.raises(StoppedWaitingError):
        beat.no_answer(DIED, "persistence")


def test_a_pause_between_two_tries_ends_when_it_is_to_stop() -> None:
    asked = threading.Event()
    ledger = LedgerThread(300, stopping=asked.is_set)

    def away() -> None:
        asked.set()
        raise AWAY

    with pytest.raises(StoppedWaitingError, match="refused"):
        asyncio.run(ledger.ask(away))
    assert ledger.given_up
    with pytest.raises(TemporaryError, match="refused"):
        patient(300, asked.is_set)(away)
