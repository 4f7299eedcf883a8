"""A notebook that is no node has the cluster run, sees its progress, and reads what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from cluster.on_cluster import OnCluster
from cluster.ray_cluster import GONE_SECONDS

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

RUN = """
from actors.jobs import run_as_job
report = run_as_job({source!r}, project="noted", address={address!r})
"""
LOOK = """
from pipeline.explore import open_project
print(report["outcome"], report["documents"]["completed"], len(open_project("noted").documents()))
"""
WRONG = """
from actors.jobs import run_as_job
run_as_job({source!r}, project="noted", address={address!r}, options=["--nonsense"])
"""
NOWHERE = """
from actors.jobs import run_as_job
run_as_job("in", project="noted", address="http://127.0.0.1:1")
"""
STOPPED = """
import sys
from actors.jobs import run_as_job
try:
    run_as_job(sys.argv[1], project="stopped", address=sys.argv[2])
except KeyboardInterrupt:
    print("interrupted")
"""


def said(cell: nbformat.NotebookNode) -> str:
    return "".join(one.get("text", "") for one in cell.outputs)


@pytest.fixture
def notebook(on_cluster: OnCluster, monkeypatch: pytest.MonkeyPatch) -> type[NotebookClient]:
    """Give kernels what a person's notebook has: endpoints, and the token of the cluster."""
    for name, value in (on_cluster.cluster.environment | dict(on_cluster.endpoints)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RAY_AUTH_MODE")
    return NotebookClient


def test_a_cell_runs_on_the_cluster_and_the_next_one_reads(
    on_cluster: OnCluster, notebook: type[NotebookClient]
) -> None:
    source, address = str(on_cluster.documents(6, "noted")), on_cluster.cluster.jobs
    code = [RUN.format(source=source, address=address), LOOK]
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in code])
    notebook(written, timeout=300, kernel_name="python3").execute(cwd=str(on_cluster.folder))

    ran, looked = map(said, written.cells)
    assert "running: " in ran
    assert "joining the Ray cluster" in ran
    assert not [line for line in ran.splitlines() if line.startswith("{")]
    assert looked.splitlines()[-1] == "finished 6 6"

    for wrong, words in (
        (WRONG.format(source=source, address=address), "the run was not carried out: "),
        (NOWHERE, "no job can be submitted at http://127.0.0.1:1"),
    ):
        refused = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(wrong)])
        with pytest.raises(CellExecutionError) as raised:
            notebook(refused, timeout=300, kernel_name="python3").execute()
        assert raised.value.ename == "UnavailableError"
        assert raised.value.evalue.startswith(words)
        assert "\n" not in raised.value.evalue


@pytest.mark.long
def test_an_interrupted_cell_stops_the_run(
    on_cluster: OnCluster, notebook: type[NotebookClient]
) -> None:
    # So many that a fast machine is not done when the first line of progress comes, after 5 s.
    source = str(on_cluster.documents(many := 900, "stopped"))
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, source, on_cluster.cluster.jobs],
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as cell:
        assert cell.stdout is not None
        for line in cell.stdout:
            if line.startswith("running: "):
                break
        cell.send_signal(signal.SIGINT)
        rest = cell.stdout.read()
    assert "what is done is kept" in rest
    assert rest.endswith("interrupted\n")
    late = time.monotonic() + GONE_SECONDS
    while [one for one in on_cluster.cluster.processes if "small_cli" in " ".join(one.cmdline())]:
        assert time.monotonic() < late, "the run goes on"
        time.sleep(0.2)
    arguments = ("--json", "--project", "stopped", "--address", on_cluster.cluster.address)
    done = on_cluster("run", source, *arguments)
    assert json.loads(done.stdout)["documents"]["completed"] == many
