"""What Ray prints on standard output of its own accord stays out of what a command answers."""

from __future__ import annotations

import subprocess
import sys

DEATHS = """
import os
from actors.cluster import local_ray

def die():
    os._exit(9)

with local_ray(2) as ray:
    from ray._private.ray_logging import stdout_deduplicator
    task = ray.remote(die).options(max_retries=0)
    while not any(held.count for held in stdout_deduplicator.recent.values()):
        try:
            ray.get(task.remote())
        except ray.exceptions.WorkerCrashedError:
            pass
print("the answer")
"""


def test_the_deaths_of_workers_are_not_printed():
    """Ray holds a second death's message back, and prints it when it shuts down."""
    done = subprocess.run(
        [sys.executable, "-c", DEATHS], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "the answer\n"), done.stderr
