"""Who watches a run, in a real PostgreSQL."""

from __future__ import annotations

import pytest
from ledger_case import LedgerCase

from pipeline import run_view
from pipeline.errors import TemporaryError
from pipeline.run_view import RunView
from pipeline.stores.run_progress import INTERRUPTED, RunProgress, Told


def test_whoever_watches_a_run_that_is_cut_off_goes_on_with_the_one_that_takes_it_up(
    case: LedgerCase,
) -> None:
    progress = RunProgress(case.engine, case.project, None)
    first = case.ledger.start_run(case.project, 60)
    watched = progress.look()
    assert watched is not None
    assert watched.run == first

    case.ledger.end_run(first, INTERRUPTED, {})
    cut_off = progress.following(watched)
    assert cut_off is not None
    assert (cut_off.run, cut_off.alive, cut_off.outcome) == (first, False, INTERRUPTED)

    second = case.ledger.start_run(case.project, 60)
    taken_up = progress.following(watched)
    assert taken_up is not None
    assert (taken_up.run, taken_up.alive) == (second, True)

    case.ledger.end_run(second, "finished", {})
    third = case.ledger.start_run(case.project, 60)
    ended = progress.following(taken_up)
    assert ended is not None
    assert (ended.run, ended.alive, ended.outcome) == (second, False, "finished")
    assert third != second


class AwayForAMoment(RunProgress):
    """A project's runs, of which PostgreSQL says nothing when it is asked again for the first time;
    by the next time the one at work has ended.
    """

    asked = 0

    def following(self, told: Told) -> Told | None:
        type(self).asked += 1
        if self.asked % 2:
            raise TemporaryError("PostgreSQL is away")
        return Told(told.run, "finished", False, told.said)


def test_a_notebook_waits_for_postgresql_as_a_run_does(
    case: LedgerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_view, "WATCH_SECONDS", 0.01)
    case.ledger.start_run(case.project, 60)
    progress = AwayForAMoment(case.engine, case.project, None)

    assert repr(RunView.of(progress, patience=300.0).watch()) == "finished"
    with pytest.raises(TemporaryError, match="PostgreSQL is away"):
        RunView.of(progress).watch()
