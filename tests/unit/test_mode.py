"""Whether a run works with Redis, from what its processes said last."""

from __future__ import annotations

from actors.mode import ACCELERATED, DATABASE, Mode


def test_what_an_actor_that_is_gone_said_last_is_forgotten_and_nothing_else() -> None:
    mode = Mode()
    for actor in (1, 11):
        mode.heard_of("extract", actor, f"away from {actor}", ())
    mode.heard_of("relate", 1, "away", ())
    assert (mode.name, mode.without, mode.reason) == (DATABASE, 3, "away")

    mode.forget("relate", 1)
    mode.forget("extract", 1)
    assert (mode.name, mode.without, mode.reason) == (DATABASE, 1, "away from 11")
    mode.forget("extract", 11)
    mode.forget("extract", 12)
    assert (mode.name, mode.without, mode.reason) == (ACCELERATED, 0, "")


def test_what_resting_actors_said_is_not_true_any_more_once_another_one_is_served() -> None:
    mode = Mode()
    mode.heard("persistence", "away")
    mode.heard_of("ocr", 1, "away", ())
    mode.heard_of("chunk", 1, "", ["ocr"])
    assert mode.without == 1
    mode.heard("persistence", "")
    assert mode.name == ACCELERATED


def test_a_run_without_redis_by_choice_stays_so() -> None:
    mode = Mode("by choice")
    mode.heard_of("ocr", 1, "", ())
    mode.forget("ocr", 1)
    assert (mode.name, mode.without, mode.reason) == (DATABASE, 1, "by choice")
