"""Submits a run to the job server of a Ray cluster, and shows it until it ends: for notebooks.

    from actors.jobs import run_as_job
    run_as_job("s3://cases/acme", project="acme")

It is what `ray job submit -- casegraph run …` does, from wherever the job server can be reached:
on the head itself, or through `ray dashboard cluster.yaml`. The notebook's machine is no node.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Sequence
from typing import Any

from actors.cluster import environment, imported
from actors.joining import by_token
from pipeline.errors import UnavailableError

JOB_SERVER = "http://127.0.0.1:8265"
POLL_SECONDS = 1.0
REPORTED = 0, 3, 4, 130
"""How `casegraph run` ends that gives a report, whose outcome says how: all is completed, some is
quarantined, what it may spend is spent, or it was asked to end."""


def run_as_job(
    *sources: str,
    project: str,
    address: str = JOB_SERVER,
    options: Sequence[str] = (),
    show: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Have a cluster run `casegraph run` with these sources, as its nodes see them, and more of its
    `options`; show its progress, line by line, and give its report, as `--json` does, also of one
    that ended early: its `outcome` says so. All who may look at the cluster can read the options,
    so no secrets.

    An interrupted cell stops the run, as Ctrl-C does; a kernel that ends does not. Raises
    UnavailableError for a job server that cannot be asked, and for a run that was not carried out.
    """
    command = ["casegraph", "run", *sources, "--project", project, "--json", *options]
    with environment(by_token()):
        imported()
        job = _Job.submitted(address, shlex.join(command))
        try:
            return job.watched(show)
        except KeyboardInterrupt:
            job.stop()
            show("stopped; what is done is kept, and the same call goes on from there")
            raise


class _Job:
    """One job that was submitted."""

    def __init__(self, client: Any, address: str, id_: str) -> None:
        self._client = client
        self._address = address
        self._id = id_

    @classmethod
    def submitted(cls, address: str, command: str) -> _Job:
        """Submit a command. Raises UnavailableError."""
        from ray.job_submission import JobSubmissionClient

        try:
            client = JobSubmissionClient(address)
            return cls(client, address, client.submit_job(entrypoint=command))
        except Exception as error:  # its HTTP library's, or Ray's, of many kinds
            raise UnavailableError(
                f"no job can be submitted at {address} ({_line(error)}); see that `ray dashboard "
                "cluster.yaml` runs, or that this is the head, and that the token is the cluster's"
            ) from error

    def watched(self, show: Callable[[str], object]) -> dict[str, Any]:
        """Show what it says until it ends, and give its report. Raises UnavailableError."""
        said = 0
        while True:
            info, words = self._look()
            ended = info.status.is_terminal()
            news = words[said:] if ended else words[said : words.rfind("\n") + 1]
            said += len(news)
            for line in news.splitlines():
                if not line.startswith("{"):
                    show(line)
            if ended:
                return self._report(info, words.splitlines())
            time.sleep(POLL_SECONDS)

    def _look(self) -> tuple[Any, str]:
        """Ask how it is, then what it has said until now. Raises UnavailableError."""
        try:
            return self._client.get_job_info(self._id), self._client.get_job_logs(self._id)
        except Exception as error:
            raise UnavailableError(
                f"the job server at {self._address} does not answer any more ({_line(error)}); the "
                f"run may go on: `ray job logs --address {self._address} -f {self._id}`"
            ) from error

    def _report(self, info: Any, lines: Sequence[str]) -> dict[str, Any]:
        """Take the report from what it said. Raises UnavailableError for a run without one."""
        told = [line for line in lines if line.startswith("{")]
        if told and info.driver_exit_code in REPORTED:
            report: dict[str, Any] = json.loads(told[-1])
            return report
        reasons = [line for line in lines if line.startswith("casegraph: ")]
        why = reasons[-1].removeprefix("casegraph: ") if reasons else _line(info.message)
        raise UnavailableError(f"the run was not carried out: {why}")

    def stop(self) -> None:
        """Ask for its end."""
        self._client.stop_job(self._id)


def _line(what: object) -> str:
    """Write something in one line."""
    return " ".join(str(what).split())
