"""Where a run is stuck, and what it says of that."""

from actors.progress import note, stalled, stuck
from actors.tally import AtWork
from pipeline.documents import StageName

QUEUED = dict.fromkeys(StageName, 0)
IDLE = dict.fromkeys(StageName, AtWork(slots=2))


def test_a_store_that_does_not_answer_comes_first() -> None:
    assert note("PostgreSQL: away", "short") == "waiting: PostgreSQL: away"


def test_why_nothing_is_taken_in_is_said() -> None:
    assert note("", "1,001 results wait") == "taking nothing in: 1,001 results wait"
    assert note("", "") == ""


def test_the_stage_whose_call_has_lasted_longest_is_stuck_whatever_waits_before_it() -> None:
    queued = QUEUED | {StageName.OCR: 60, StageName.EXTRACT: 1}
    at_work = IDLE | {
        StageName.OCR: AtWork(calls=2, slots=2, oldest=121.0),
        StageName.EXTRACT: AtWork(calls=5, slots=5, oldest=190.0),
    }
    assert stuck(at_work, queued, 5) == "extract"
    assert stalled("extract", 120.4, at_work, queued, 5) == (
        "nothing has moved for 120s; extract has 5 calls under way, the oldest for 3:10, and 1"
        " content waiting"
    )


def test_without_a_call_it_is_the_stage_that_most_wait_for() -> None:
    busy = QUEUED | {StageName.OCR: 1, StageName.RELATE: 3}
    assert stuck(IDLE, busy, 5) == "relate"
    assert stalled("relate", 120, IDLE, busy, 5).endswith(
        "120s; relate works on nothing, and 3 contents waiting"
    )


def test_persistence_is_named_when_only_it_has_anything_to_do() -> None:
    assert stuck(IDLE, QUEUED, 1234) == "persistence"
    said = stalled("persistence", 130, IDLE, QUEUED, 1234)
    assert said == "nothing has moved for 130s; persistence has 1,234 results to write"
