"""As many compute at once as there are cores; who dies or hangs holds up nobody for long."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors import core_turns
from actors.core_turns import CoreTurns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no turns elsewhere")

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, time
from actors.core_turns import CoreTurns
with CoreTurns(int(sys.argv[1]), sys.argv[2]).turn():
    print("has it", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(cores: int, name: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that takes a turn and does not give it back."""
    command = [sys.executable, "-c", HOLDS, str(cores), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "has it\n"
            yield process
        finally:
            process.kill()


def seconds_until_had(turns: CoreTurns) -> float:
    began = time.monotonic()
    with turns.turn():
        return time.monotonic() - began


def test_no_more_are_at_it_at_once_than_there_are_cores() -> None:
    at_it, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal at_it, most
        with CoreTurns(3, "of a test: at once").turn():
            with lock:
                at_it += 1
                most = max(most, at_it)
            time.sleep(0.01)
            with lock:
                at_it -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert most == 3


def test_a_process_that_is_killed_gives_back_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_turns, "PATIENCE", 60.0)
    mine = CoreTurns(1, "of a test: killed")
    with holder(1, "of a test: killed") as process:
        threading.Timer(0.2, process.kill).start()
        assert 0.1 < seconds_until_had(mine) < 60


def test_who_has_waited_in_vain_goes_on_and_does_not_wait_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core_turns, "PATIENCE", 0.3)
    mine = CoreTurns(1, "of a test: vain")
    with holder(1, "of a test: vain"):
        before, by_system = mine.clock(), time.perf_counter()
        assert seconds_until_had(mine) >= 0.3
        # What a stage takes has no such wait in it.
        assert mine.clock() - before <= time.perf_counter() - by_system - 0.3
        assert seconds_until_had(mine) < 0.3
    # What was had without a turn is not given back as if it had been one.
    with mine.turn(), holder(2, "of a test: vain"):
        pass
    monkeypatch.setattr(core_turns, "AFTER_VAIN", 0.0)
    with mine.turn():
        late = CoreTurns(1, "of a test: vain")
        assert seconds_until_had(late) >= 0.3


def test_where_somebody_has_removed_them_nobody_waits() -> None:
    mine = CoreTurns(1, "of a test: removed")
    with mine.turn():
        command = ["ipcrm", "--semaphore-id", str(mine.id)]
        subprocess.run(command, check=True)
        assert seconds_until_had(mine) < core_turns.PATIENCE
    assert seconds_until_had(CoreTurns(1, "of a test: removed")) < core_turns.PATIENCE


def test_what_raises_gives_its_turn_back() -> None:
    mine = CoreTurns(1, "of a test: raises")
    for _ in range(3):
        with pytest.raises(ValueError, match="no such word"), mine.turn():
            raise ValueError("no such word")
    assert seconds_until_had(mine) < core_turns.PATIENCE


def test_where_the_system_has_none_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_turns.sys, "platform", "darwin")
    mine = CoreTurns(1, "of a test: none")
    with mine.turn():
        assert seconds_until_had(mine) < core_turns.PATIENCE
