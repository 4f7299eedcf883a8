"""How long a run bears that a store does not answer."""

import pytest

from actors import pulse
from actors.pulse import Pulse
from pipeline.errors import TemporaryError, UnavailableError

AWAY = TemporaryError("PostgreSQL: connection refused")
DIED = TemporaryError("the persistence process died and is started again")


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pulse, "time", clock)
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
    with pytest.raises(UnavailableError, match="waited 300 s"):
        beat.no_answer(AWAY)


def test_what_moves_ends_all_waiting(clock: Clock) -> None:
    beat = Pulse(300)
    beat.no_answer(DIED, "persistence")
    clock.now += 299
    beat.heard()
    assert (beat.trouble, beat.still_seconds) == ("", 0)
    clock.now += 299
    beat.no_answer(AWAY, "persistence")


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
