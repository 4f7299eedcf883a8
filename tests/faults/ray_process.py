"""A run on Ray in a process of its own, which is ended with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def start(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start `faults.ray_run` in a session of its own, with no settings but those given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CASEGRAPH_")}
    return subprocess.Popen(
        [sys.executable, "-m", "faults.ray_run", *arguments],
        env=kept | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"} | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def reap(process: subprocess.Popen[str]) -> tuple[str, str]:
    """End a run with all its processes: those of Ray outlive a command that was killed. Returns
    what it said that nobody has read.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for child in _session(process.pid):
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()
    words = []
    for pipe in (process.stdout, process.stderr):
        words.append("" if pipe is None or pipe.closed else pipe.read())
        if pipe is not None:
            pipe.close()
    return words[0], words[1]


def _session(leader: int) -> list[psutil.Process]:
    """List the processes of a session."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) == leader:
                found.append(process)
    return found
