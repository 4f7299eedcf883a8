"""What `run_as_job` makes of a job that has ended, by a job server that is none."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from actors.jobs import run_as_job
from pipeline.errors import UnavailableError


def ended(monkeypatch: pytest.MonkeyPatch, status: int, words: str) -> None:
    """Have jobs end at once with this exit status, having said these words."""

    class Server:
        def __init__(self, address: str) -> None:
            self.address = address

        def submit_job(self, entrypoint: str) -> str:
            return entrypoint

        def get_job_info(self, _id: str) -> SimpleNamespace:
            over = SimpleNamespace(is_terminal=lambda: True)
            return SimpleNamespace(status=over, driver_exit_code=status, message="it failed")

        def get_job_logs(self, _id: str) -> str:
            return words

    monkeypatch.setattr("ray.job_submission.JobSubmissionClient", Server)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(0, "finished"), (3, "finished"), (4, "stopped at its bound"), (130, "interrupted")],
)
def test_a_run_that_ended_early_gives_its_report_too(
    monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
) -> None:
    ended(monkeypatch, status, f"running: 2\n{json.dumps({'outcome': outcome})}\n")
    shown: list[str] = []
    assert run_as_job("in", project="p", show=shown.append) == {"outcome": outcome}
    assert shown == ["running: 2"]


@pytest.mark.parametrize("status", [1, 2, 4, 130])
def test_a_run_without_a_report_was_not_carried_out(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    ended(monkeypatch, status, "casegraph: there is no such source\n")
    with pytest.raises(UnavailableError, match="not carried out: there is no such source"):
        run_as_job("in", project="p")
