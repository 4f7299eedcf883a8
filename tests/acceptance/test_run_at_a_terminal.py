"""`casegraph run` where a person sits: the live display, two Ctrl-C, and running again.

One run that is interrupted and one that goes on from it, with embedded services and small stages,
the first on Ray; each test looks at a part of what happened.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import psutil
import pytest
from faults import small_cli, small_stages

from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores import embedded

# pexpect forks, in a process that may have threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

ROOT = Path(__file__).parents[2]
DOCUMENTS = 30
TEXT = (
    "Alice Moreno works for Acme Corporation in Seattle. On March 3, 2021, she met Peter Cook, who "
    "is the president of Northwind Bank. Number {}. "
)
ENDS_WITHIN = 60.0
SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


@dataclass(frozen=True)
class Story:
    """What was seen: of the run that was interrupted, and of the one after it."""

    refusal: subprocess.CompletedProcess[str]
    interrupted: int | None
    children: int
    left: list[psutil.Process]
    first_screen: str
    waiting: dict[str, Any]
    again: int | None
    screen: str
    state: dict[str, Any]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Start a run on a terminal, try to stop the services under it, end it, and run again."""
    folder = Path(tempfile.mkdtemp(prefix="casegraph-terminal-"))
    home, corpus = folder / "home", folder / "corpus"
    corpus.mkdir()
    for number in range(DOCUMENTS):
        (corpus / f"{number}.txt").write_text(TEXT.format(number) * 20)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CASEGRAPH_")},
        "CASEGRAPH_HOME": str(home),
        "CASEGRAPH_RUN__LEASE_SECONDS": "5",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "TERM": "xterm-256color",
        small_stages.SECONDS: "0.1",
    }

    def casegraph(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "faults.small_cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def at_a_terminal(**where: str) -> pexpect.spawn:
        arguments = ["-m", "faults.small_cli", "run", str(corpus), "--project", "p"]
        return pexpect.spawn(
            sys.executable, arguments, env=environment | where, encoding="utf-8",
            dimensions=(40, 120), timeout=300,
        )  # fmt: skip

    try:
        assert casegraph("services", "start").returncode == 0
        first = at_a_terminal(**{small_cli.ON_RAY: "1"})
        first.expect("starting Ray")
        seen = first.before
        refusal = casegraph("services", "stop")
        first.expect(r"ocr +\x1b\[1m *[1-9]")  # some of it is done
        seen += first.before
        children = psutil.Process(first.pid).children(recursive=True)
        first.sendintr()
        first.expect("once more ends at")
        seen += first.before
        first.sendintr()
        first.expect(pexpect.EOF)
        first.close()
        # A process of it that has not ended yet may still make durable what it holds.
        left = await_end(children)
        waiting = json.loads(casegraph("status", "--project", "p", "--json").stdout)
        second = at_a_terminal()
        second.expect(pexpect.EOF)
        second.close()
        yield Story(
            refusal=refusal,
            interrupted=first.exitstatus,
            children=len(children),
            left=left,
            first_screen=seen + first.before,
            waiting=waiting,
            again=second.exitstatus,
            screen=second.before,
            state=json.loads(casegraph("status", "--project", "p", "--json").stdout),
        )
    finally:
        embedded.stop_services(Settings(home=home))
        shutil.rmtree(folder)


def plain(screen: str) -> str:
    """Take away what a terminal obeys."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r", "")


def test_the_services_of_a_run_at_work_are_not_stopped(story: Story) -> None:
    assert (story.refusal.returncode, story.refusal.stdout) == (2, "")
    [line] = story.refusal.stderr.splitlines()
    assert line.startswith("casegraph: a run of p is at work; stop it first")
    assert line.endswith(", or wait 5 s if it was killed")


def test_a_second_ctrl_c_ends_a_run_at_once_and_nothing_of_it_is_left(story: Story) -> None:
    assert story.interrupted == 130
    assert story.children > len(STAGES)
    assert story.left == []
    assert "Go on with" not in story.first_screen  # no summary: it did not wait for the end
    assert story.waiting["documents"]["completed"] < DOCUMENTS
    # The display had hidden the cursor.
    assert story.first_screen.rfind(SHOWN) > story.first_screen.rfind(HIDDEN) >= 0


def await_end(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait until all have ended, and name those that do not."""
    deadline = time.monotonic() + ENDS_WITHIN
    while (left := alive(processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Name those that go on; what is dead and not waited for does not."""
    going = [process for process in processes if process.is_running()]
    return [process for process in going if process.status() != psutil.STATUS_ZOMBIE]


def test_running_again_completes_what_was_interrupted(story: Story) -> None:
    assert story.again == 0
    assert story.state["documents"] == {
        "pending": 0, "running": 0, "completed": DOCUMENTS, "failed": 0, "skipped": 0,
    }  # fmt: skip
    assert story.state["queue"] == 0


def test_the_display_shows_where_the_run_is(story: Story) -> None:
    assert "\x1b[" in story.screen
    shown = plain(story.screen)
    # The last thing that it draws, before the summary takes its place.
    last = shown[: shown.rindex("documents completed in")].rpartition("running")[2]
    for stage in STAGES:
        assert re.search(rf"^ +{stage} +\d+", last, re.MULTILINE), last
    assert re.search(r"\d+/\d+ documents", last)
    assert re.search(r"\d+\.\d/s", last)
    assert re.search(r"\d+s left", last)
    assert re.search(r"processed \d+ +persisted \d+ +failed 0 +queue \d+", last)


def test_the_summary_stands_at_the_end(story: Story) -> None:
    shown = plain(story.screen)
    # What the interrupted run had completed is not this one's doing.
    left = DOCUMENTS - story.waiting["documents"]["completed"]
    found = re.search(rf"p: {left} documents? completed in", shown)
    assert found, (left, shown)
    summary = shown[found.start() :]
    for words in ("mentions", "Most connected", "Alice Moreno", "Next:", "casegraph show"):
        assert words in summary
    assert "processed" not in summary
