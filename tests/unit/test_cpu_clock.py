"""What a process and its children take of the CPU, counted."""

import subprocess
import sys
import time

from actors.cpu_clock import cpu_clock

BURNT = 0.3
BURNS = f"""
import time
while time.process_time() < {BURNT}: pass
print("burnt", flush=True)
input()
"""


def test_waiting_takes_nothing_and_a_child_counts_while_it_lives_and_after() -> None:
    clock = cpu_clock()
    before, began = clock(), time.process_time()
    with subprocess.Popen(
        [sys.executable, "-c", BURNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "burnt\n"
        alive = clock() - before
        child.communicate("\n")
    ended = clock() - before
    mine = time.process_time() - began
    # The system counts a living process in hundredths of a second.
    assert BURNT - 0.02 <= alive <= ended + 0.02
    assert ended <= mine + 2 * BURNT


def test_this_process_counts() -> None:
    clock = cpu_clock()
    before, began = clock(), time.process_time()
    while time.process_time() < began + BURNT:
        pass
    assert clock() - before >= BURNT
