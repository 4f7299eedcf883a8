"""How long contents waited and took, with a clock in the test's hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.waits import KEPT, Spread, Waits, spread


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_content_waits_for_all_of_each_call_it_is_in() -> None:
    clock = Clock()
    waits = Waits(clock)
    waits.admit("a")
    waits.admit("b")
    waits.add(["a", "b"], 0.5)
    waits.add(["a"], 0.25)
    clock.now += 3
    waits.admit("a")  # a copy of it came: its way began earlier all the same
    waits.end("a")

    assert waits.store_wait == Spread(count=1, median=0.75, p95=0.75)
    assert waits.latency == Spread(count=1, median=3.0, p95=3.0)


def test_what_fails_or_is_not_known_counts_nowhere() -> None:
    waits = Waits(Clock())
    waits.admit("a")
    waits.drop("a")
    waits.add(["a"], 1.0)
    waits.end("a")

    assert waits.store_wait == waits.latency == Spread()


def test_only_the_last_ones_are_remembered() -> None:
    clock = Clock()
    waits = Waits(clock)
    for number in range(KEPT + 10):
        waits.admit(str(number))
        waits.add([str(number)], float(number < 10))
        waits.end(str(number))

    assert waits.store_wait == Spread(count=KEPT, median=0.0, p95=0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_percentile_is_the_smallest_value_that_its_share_does_not_exceed(
    values: list[float],
) -> None:
    found = spread(reversed(values))

    for share, value in ((0.5, found.median), (0.95, found.p95)):
        assert value in values
        assert sum(x <= value for x in values) >= share * len(values)
        assert sum(x < value for x in values) < share * len(values)
