"""How many documents a run takes in: bounds everywhere, and no bound that it waits at for ever."""

from hypothesis import given
from hypothesis import strategies as st

from actors.bounds import IDENTIFY_BATCH, MOST_AHEAD, Load, fits, room, shortage, to_claim
from actors.pace import Pace
from pipeline.settings import RunSettings
from pipeline.stores.protocols import Backlog

RUN = RunSettings(window=64, queue_pause=1000, memory_floor_bytes=100)
PLENTY = 1 << 40


def load(
    unprocessed=0, entries=0, held=0, limit=0, free=PLENTY, waiting=0, pace=0.0, grown=0, **more
) -> Load:
    backlog = Backlog(entries=entries, bytes=held, limit=limit)
    return Load(unprocessed, backlog, free, waiting, pace, grown, **more)


def test_the_window_bounds_what_is_unprocessed():
    assert room(load(), RUN) == 64
    assert room(load(unprocessed=60), RUN) == 4
    assert room(load(unprocessed=70), RUN) == 0


def test_a_window_that_nobody_sets_keeps_all_actors_at_work():
    free = RUN.model_copy(update={"window": None})
    assert room(load(at_once=4), free) == 128
    assert room(load(at_once=100), free) == 400
    assert room(load(at_once=100), RUN) == 64


def test_a_long_queue_pauses_it():
    assert room(load(entries=1000), RUN) == 64
    assert room(load(entries=1001), RUN) == 0


def test_half_of_the_memory_of_redis_pauses_it():
    assert room(load(entries=1, held=500, limit=1000), RUN) == 64
    assert room(load(entries=1, held=501, limit=1000), RUN) == 0
    assert room(load(entries=1, held=PLENTY, limit=0), RUN) == 64


def test_bytes_that_no_entry_stands_for_pause_nothing():
    assert room(load(held=501, limit=1000), RUN) == 64


def test_what_is_short_is_said():
    assert shortage(load(), RUN) == ""
    assert "1,001 results" in shortage(load(entries=1001), RUN)
    assert "half of the memory of Redis" in shortage(load(entries=1, held=501, limit=1000), RUN)
    assert "0 MB of memory" in shortage(load(unprocessed=1, free=99), RUN)
    grown = RUN.growth_bytes + (1 << 20)
    assert "grown by 1025 MB" in shortage(load(unprocessed=1, grown=grown), RUN)


def test_short_memory_pauses_it_only_while_it_holds_something():
    assert room(load(unprocessed=1, free=99), RUN) == 0
    assert room(load(unprocessed=0, free=99), RUN) == 64
    assert room(load(unprocessed=1, grown=RUN.growth_bytes), RUN) == 63
    assert room(load(unprocessed=1, grown=RUN.growth_bytes + 1), RUN) == 0
    assert room(load(unprocessed=0, grown=RUN.growth_bytes + 1), RUN) == 64


def test_a_window_of_bytes_bounds_them_too_and_what_is_larger_than_it_goes_alone():
    bytes_ = RunSettings(window_bytes=100 << 20)
    mega = {"held_bytes": 60 << 20, "next_bytes": 40 << 20, "at_once": 4}
    assert fits(load(unprocessed=1, **mega), bytes_)
    over = mega | {"next_bytes": (40 << 20) + 1}
    assert not fits(load(unprocessed=1, **over), bytes_)
    assert fits(load(next_bytes=101 << 20), bytes_)
    assert not fits(load(unprocessed=1, held_bytes=101 << 20, next_bytes=1), bytes_)


def test_a_full_window_of_bytes_is_said_while_it_leaves_actors_without_work():
    run = RunSettings(window_bytes=100 << 20)
    full = {"held_bytes": 90 << 20, "next_bytes": 2000 << 20, "at_once": 4}
    said = "documents of 90 MB are on their way, and the next has 2,000 MB (run.window_bytes)"
    assert shortage(load(unprocessed=3, **full), run) == said
    assert shortage(load(unprocessed=4, **full), run) == ""
    assert shortage(load(unprocessed=3, **full | {"next_bytes": 0}), run) == ""
    assert shortage(load(**full), run) == ""
    assert to_claim(load(unprocessed=3, **full), run) == 0


def test_as_much_is_claimed_ahead_as_is_needed_within_seconds_and_a_batch_at_a_time():
    assert to_claim(load(pace=10), RUN) == 114
    assert to_claim(load(unprocessed=64, pace=6.4), RUN) == IDENTIFY_BATCH
    assert to_claim(load(unprocessed=65, pace=6.4), RUN) == 0
    assert to_claim(load(unprocessed=64, pace=1000), RUN) == MOST_AHEAD
    waiting = MOST_AHEAD - IDENTIFY_BATCH
    assert to_claim(load(unprocessed=64, waiting=waiting, pace=1000), RUN) == IDENTIFY_BATCH
    assert to_claim(load(unprocessed=64, waiting=waiting + 1, pace=1000), RUN) == 0
    assert to_claim(load(), RunSettings(window=1)) == 1


def test_a_run_that_knows_no_pace_leaves_to_others_what_its_actors_do_not_take_up():
    few = {"at_once": 16, "at_first": 4}
    assert to_claim(load(**few), RUN) == 4
    assert to_claim(load(unprocessed=3, unread=3, **few), RUN) == 0
    assert to_claim(load(unprocessed=2, unread=2, **few), RUN) == 2
    assert to_claim(load(unprocessed=4, unread=4, pace=0.1, **few), RUN) == 0, "few, and slow"
    assert to_claim(load(unprocessed=12, unread=0, **few), RUN) == 4, "slow behind the first stage"
    assert to_claim(load(unprocessed=16, unread=0, **few), RUN) == 0
    assert to_claim(load(unprocessed=4, unread=4, pace=1, **few), RUN) == 16
    assert to_claim(load(unprocessed=4, unread=3, pace_at_first=2, **few), RUN) == 12
    assert to_claim(load(unprocessed=4, unread=3, pace_at_first=0.3, **few), RUN) == 3
    assert to_claim(load(at_once=400, at_first=400), RUN) == 64
    assert to_claim(load(), RUN) == 1


def test_the_pace_is_that_of_the_last_seconds():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.note(0) == 0
    seen = []
    for now[0], total in ((1, 10), (2, 20), (10, 100), (30, 100)):
        seen.append(pace.note(total))
    assert seen == [10, 10, 10, 0]


def test_nothing_is_claimed_while_what_is_held_is_too_much():
    assert to_claim(load(entries=1001), RUN) == 0
    assert to_claim(load(unprocessed=1, free=99), RUN) == 0


@given(st.integers(0, 200), st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 200))
def test_it_never_overfills_and_starts_again(unprocessed, entries, held, free):
    found = room(load(unprocessed, entries, held, 1000, free), RUN)
    assert 0 <= found <= max(64 - unprocessed, 0)
    assert room(load(0, 0, 0, 1000, free), RUN) == 64
