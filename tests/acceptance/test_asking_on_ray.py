"""A stage that waits for a language model, as `casegraph run` carries it out on Ray."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from faults.asking_stages import CLAIMED, MODEL, naming
from faults.small_cli import ASKS, ON_RAY
from scripted_llm import Asked, Exchange, ScriptedLlm, always, hanging
from waiting import until

DOCUMENTS = 16
ANSWERED = 4


class Held:
    """Hangs with the first questions until their asker is dead, answers some, hangs again."""

    def __init__(self) -> None:
        self.died = threading.Event()
        self.again = 0

    def __call__(self, exchange: Exchange, asked: Asked) -> None:
        if not self.died.is_set():
            hanging(exchange, asked)
            return
        self.again += 1
        (naming if self.again <= ANSWERED else hanging)(exchange, asked)

    @property
    def hung(self) -> int:
        """Count the questions that hung after the death."""
        return max(self.again - ANSWERED, 0)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def server(held: Held) -> Iterator[ScriptedLlm]:
    server = ScriptedLlm(always(held))
    yield server
    server.close()


def asker(pid: int, port: int) -> psutil.Process:
    """Find the process that has asked."""
    [found] = [
        process
        for process in psutil.Process(pid).children(recursive=True)
        if any(x.raddr and x.raddr.port == port for x in process.net_connections("tcp"))
    ]
    return found


def completed(here) -> int:
    done: int = here.json("status", "--project", "p")["documents"]["completed"]
    return done


def test_a_killed_actor_takes_no_document_along_and_a_stopped_run_waits_for_no_model(
    small, server: ScriptedLlm, held: Held, tmp_path: Path
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number:02}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    settings = {
        ASKS: "1",
        CLAIMED: "2",
        "CASEGRAPH_LLM__BASE_URL": server.url,
        "CASEGRAPH_LLM__MODEL": MODEL,
        "CASEGRAPH_LLM__CONCURRENCY": str(DOCUMENTS),
    }
    here = replace(small, environment=small.environment | settings)
    run = "run", str(folder), "--project", "p"

    process = replace(here, environment=here.environment | {ON_RAY: "1"}).start(*run)
    try:
        # One actor asks for all of them at once.
        until(lambda: server.at_once == DOCUMENTS, 120)
        held.died.set()
        asker(process.pid, int(server.url.split(":")[2].split("/")[0])).kill()
        # Whose asker is dead is asked again when it has had its time, by half of the company at a
        # time: one of it may be to blame.
        until(lambda: held.hung, 60)
        until(lambda: completed(here) == ANSWERED, 60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 130, err
    status = here.json("status", "--project", "p")
    assert status["documents"]["completed"] == ANSWERED
    assert status["documents"]["pending"] == DOCUMENTS - ANSWERED
    assert here.json_lines("failures", "--project", "p") == []

    server.script = always(naming)
    assert here.json(*run)["documents"]["completed"] == DOCUMENTS
    texts = [asked.text for asked in server.asked[DOCUMENTS:]]
    # What has an answer is not asked again; those that hung are.
    assert held.hung < DOCUMENTS - ANSWERED
    assert len(texts) == DOCUMENTS + held.hung
    assert len(set(texts)) == DOCUMENTS
