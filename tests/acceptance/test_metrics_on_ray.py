"""What a run on Ray exports for Prometheus, read where Prometheus reads it."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults import small_stages
from psutil import Process
from waiting import until

from actors.metrics import METRICS

DOCUMENTS = 8
"""So few that `ocr` reads all of them while `chunk` stands still: of more it takes up some only."""
PATIENT = 400.0
SCRAPED_SECONDS = 1.0
NOT_STARTED = ("/dashboard.py", "/monitor.py", "/log_monitor.py")
SAMPLE = re.compile(r"^ray_(casegraph_\w+)\{(.*)\} (\S+)$", re.MULTILINE)
BESIDE = "casegraph_llm_", "casegraph_mode_changes_total", "casegraph_cache_found_total"
"""What only runs have that ask a language model, lose Redis, or find something in a cache."""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Give a folder of Ray's own, short enough for its sockets."""
    folder = Path(tempfile.mkdtemp(prefix="cg-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def exported(folder: Path, project: str) -> dict[tuple[str, str, str], float]:
    """Read what the agent of the node exports of a project, by its name: (name, stage, outcome or
    le) → value; nothing while it does not answer.
    """
    found: dict[tuple[str, str, str], float] = {}
    for port in folder.glob("ray/session_2*/metrics_export_port_*"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port.read_text()}/metrics") as answer:
                text = answer.read().decode()
        except (OSError, ValueError):
            continue
        for name, tags, value in SAMPLE.findall(text):
            known = dict(re.findall(r'(\w+)="([^"]*)"', tags))
            if known["project"] != project:
                continue
            other = known.get("outcome") or known.get("le") or known.get("state") or ""
            found[(name, known.get("stage", ""), other)] = float(value)
    return found


def test_all_that_is_measured_of_a_run_is_there_for_prometheus(
    small_on_ray: Any, tmp_path: Path, short_folder: Path
) -> None:
    corpus, held = tmp_path / "corpus", tmp_path / "held"
    corpus.mkdir()
    held.touch()
    for number in range(DOCUMENTS):
        (corpus / f"{number:02}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    slow = replace(
        small_on_ray,
        environment=small_on_ray.environment
        | {
            small_stages.HOLDS: str(held),
            "CASEGRAPH_RUN__STALL_SECONDS": "1",
            "TMPDIR": str(short_folder),
        },
    )
    run = slow.start("run", str(corpus), "--project", "my papers", "--json")
    try:
        wanted = {name for name in METRICS if not name.startswith(BESIDE)}

        def all_there() -> bool:
            time.sleep(SCRAPED_SECONDS)  # an agent that is asked all the time exports nothing
            there = exported(short_folder, "my papers")
            names = {re.sub(r"_(bucket|count|sum)$", "", name) for name, _, _ in there}
            return wanted <= names and there.get(("casegraph_stalled_seconds", "chunk", ""), 0) >= 1

        until(all_there, PATIENT)
        started = [
            part for one in Process(run.pid).children(recursive=True) for part in one.cmdline()
        ]
        # What Ray starts that a run on one machine has no use for.
        assert not [part for part in started if part.endswith(NOT_STARTED)]
        assert [part for part in started if part.endswith("/raylet")]
        there = exported(short_folder, "my papers")
        assert there["casegraph_contents_total", "ocr", "made"] == DOCUMENTS
        assert there["casegraph_documents", "", "found"] == DOCUMENTS
        assert there["casegraph_service_seconds_count", "ocr", ""] == DOCUMENTS
        assert there["casegraph_slots_used", "chunk", ""] >= 1
        assert there["casegraph_oldest_call_seconds", "chunk", ""] >= 1
        assert there["casegraph_stalled_seconds", "ocr", ""] == 0
        held.unlink()
        out, err = run.communicate(timeout=PATIENT)
        assert run.returncode == 0, (out, err)
    finally:
        held.unlink(missing_ok=True)
        if run.poll() is None:
            run.kill()
            run.communicate()
