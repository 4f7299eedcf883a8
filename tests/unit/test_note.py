"""What a run says that it waits for."""

from actors.progress import note
from pipeline.documents import StageName

QUEUED = dict.fromkeys(StageName, 0)


def test_a_store_that_does_not_answer_comes_first() -> None:
    assert note("PostgreSQL: away", "short", 900, 120, QUEUED, 5) == "waiting: PostgreSQL: away"


def test_why_nothing_is_taken_in_is_said_at_once() -> None:
    assert (
        note("", "1,001 results wait", 0, 120, QUEUED, 5) == "taking nothing in: 1,001 results wait"
    )


def test_the_busiest_stage_is_named_when_nothing_moves() -> None:
    busy = QUEUED | {StageName.OCR: 1, StageName.RELATE: 3}
    assert note("", "", 119, 120, busy, 5) == ""
    assert note("", "", 120, 120, busy, 5).endswith("120s; relate has the longest queue")


def test_persistence_is_named_when_only_it_has_anything_to_do() -> None:
    said = note("", "", 130, 120, QUEUED, 1234)
    assert said == "nothing has moved for 130s; persistence has 1,234 results to write"
