"""What a run knows of the write-behind queue while Redis comes and goes."""

import pytest

from actors import persisting
from actors.mode import Mode
from actors.persistence_actor import Drained
from actors.persisting import Persisting
from actors.pulse import Pulse
from pipeline.settings import RunSettings
from pipeline.stores.protocols import Backlog

LONG = Drained(entries=3, backlog=Backlog(entries=60_000, bytes=900, limit=1000))
AWAY = Drained(away="Redis does not answer")


@pytest.fixture
def queue() -> Persisting:
    async def never(_: int) -> Drained:
        raise AssertionError

    return Persisting(RunSettings(), never, None, Mode(), Pulse(300), lambda: True)


def test_it_is_drained_when_all_was_processed_and_nothing_is_left(queue: Persisting) -> None:
    queue.heard(LONG, processed=True)
    assert not queue.drained
    queue.heard(Drained(entries=1), processed=True)
    assert not queue.drained, "what it took may have brought more"
    queue.heard(Drained(), processed=False)
    assert not queue.drained
    queue.heard(Drained(), processed=True)
    assert queue.drained


def test_a_queue_that_is_gone_with_redis_is_not_waited_for(
    queue: Persisting, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.heard(LONG, processed=True)
    queue.heard(AWAY, processed=True)
    assert queue.backlog == LONG.backlog, "it may be back in a moment"
    assert not queue.drained

    monkeypatch.setattr(persisting, "AWAY_SECONDS", -1.0)
    queue.heard(AWAY, processed=True)

    assert queue.backlog == Backlog(), "admission would pause for ever"
    assert queue.drained


def test_a_redis_that_gives_entries_and_does_not_let_them_go_is_not_waited_for(
    queue: Persisting, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = LONG.model_copy(update={"away": "Redis refuses (ACL failure in script)"})
    queue.heard(stuck, processed=True)
    assert not queue.drained
    monkeypatch.setattr(persisting, "AWAY_SECONDS", -1.0)
    queue.heard(stuck, processed=True)
    assert queue.drained


def test_a_look_tells_how_long_it_is_while_a_round_takes_its_time(queue: Persisting) -> None:
    queue.looked(LONG.backlog)
    assert queue.backlog == LONG.backlog
    queue.heard(AWAY, processed=True)
    queue.looked(Backlog(entries=1))
    assert queue.backlog == LONG.backlog, "whoever drains it decides whether it is there"
    queue.heard(Drained(), processed=True)
    queue.looked(Backlog(entries=1))
    assert queue.backlog == Backlog(entries=1)


def at(first: int, last: int, taken: int = 9) -> Drained:
    """Tell of a round after which entries are queued from `first` to `last`."""
    backlog = Backlog(entries=1 + last - first, first=(first, 0), last=(last, 0))
    return Drained(entries=taken, backlog=backlog)


def test_what_others_queue_later_is_not_waited_for(queue: Persisting) -> None:
    queue.heard(at(1, 5), processed=False)
    queue.heard(at(3, 8), processed=True)
    queue.heard(at(8, 12), processed=True)
    assert not queue.drained, "what stands eighth may be this run's"
    queue.heard(at(9, 15), processed=True)
    assert not queue.drained, "what it took may have brought more"
    queue.heard(at(12, 18), processed=True)
    assert queue.drained


def test_what_is_put_later_by_the_run_itself_is_waited_for(queue: Persisting) -> None:
    queue.heard(at(1, 5), processed=True)
    queue.more()
    queue.heard(at(6, 8), processed=True)
    queue.heard(at(7, 8), processed=True)
    assert not queue.drained
    queue.heard(at(9, 9), processed=False)
    queue.heard(at(10, 12), processed=True)
    assert not queue.drained
    queue.heard(at(13, 14), processed=True)
    queue.heard(at(15, 16), processed=True)
    assert queue.drained
