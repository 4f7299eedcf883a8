"""What is told of a process that died: what is known, in one line, and its last words."""

import pytest

from actors.deaths import (
    LONGEST_MESSAGE,
    LONGEST_TAIL,
    LastWords,
    death_of,
    explained,
    gist,
    raised_in,
    tail_of,
)
from pipeline.documents import StageName

RAY = """The actor died unexpectedly before finishing this task.
\tclass_name: StageActor
\tactor_id: 5c1f6a6a5d3f7c6f6a1d9c0a01000000
\tpid: 4711
\tnamespace: 0c3c4f1e
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR \
Worker exit detail: Worker unexpectedly exits with a connection error code 2. End of file. \
There are some potential root causes. (1) The process is killed by SIGKILL by OOM killer due to \
high memory usage. (2) ray stop --force is called. (3) The worker is crashed unexpectedly."""
CRASHED = """:job_id:01000000
:actor_name:StageActor
a warning of our own
*** SIGSEGV received at time=1795794279 on cpu 0 ***
PC: @     0x7f15c1d85ad8  (unknown)  (unknown)
    @     0x7f15c1c5a050  (unknown)  (unknown)
[2026-11-27 15:44:39,286 E 22852 22927] logging.cc:474: *** SIGSEGV received at time=1795794279 ***
Fatal Python error: Segmentation fault

Stack (most recent call first):
  File "ctypes/__init__.py", line 519 in string_at

Extension modules: msgpack._cmsgpack, google._upb._message
"""
LATE = """Timeout (0:00:05)!
Thread 0x00007f00e2ffd6c0 (most recent call first):
  File "/lib/python3.11/threading.py", line 327 in wait
  File "/lib/python3.11/concurrent/futures/_base.py", line 451 in result

Thread 0x00007f00cdbff6c0 (most recent call first):
  File "/lib/python3.11/re/__init__.py", line 166 in match
  File "/lib/python3.11/concurrent/futures/thread.py", line 58 in run
  File "/lib/python3.11/concurrent/futures/thread.py", line 83 in _worker
"""


def test_what_is_known_is_told_without_ids_and_guesses() -> None:
    known = "Worker unexpectedly exits with a connection error code 2. End of file."
    assert death_of(RAY) == known


def test_other_words_are_told_as_they_are_and_not_at_length() -> None:
    assert death_of("The actor is dead.\n  Its owner has died. ") == "Its owner has died."
    assert death_of("x" * 10_000) == "x" * LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("words", "last", "silent", "error"),
    [
        (RAY, LastWords(log=CRASHED), False, "worker_died"),
        (RAY, LastWords(), False, "worker_died"),
        (RAY, LastWords(log=CRASHED, late=LATE), False, "stage_timeout"),
        (RAY, LastWords(), True, "stage_timeout"),
        (RAY, LastWords(log="Traceback …\nMemoryError"), False, "stage_memory"),
        (RAY, LastWords(log="  what():  std::bad_alloc"), False, "stage_memory"),
        ("Task was killed due to the node running low on memory.", LastWords(), False, "no_memory"),
    ],
)
def test_deaths_are_told_apart(words: str, last: LastWords, silent: bool, error: str) -> None:
    assert explained(StageName.EXTRACT, words, last, silent=silent).error == error


def test_the_words_of_a_crash_are_pythons_and_not_rays() -> None:
    tail = explained(StageName.CHUNK, RAY, LastWords(log=CRASHED), silent=False).tail
    assert tail.splitlines()[0] == "Fatal Python error: Segmentation fault"
    assert tail.splitlines()[-1].endswith("in string_at")


def test_the_words_of_who_was_late_are_where_it_worked() -> None:
    tail = explained(StageName.CHUNK, RAY, LastWords(late=LATE), silent=False).tail
    assert "in match" in tail
    assert "in wait" not in tail


def test_last_words_are_bounded() -> None:
    many = "\n".join(f"line {number}" for number in range(5_000))
    assert len(tail_of(many)) <= LONGEST_TAIL
    assert tail_of(many).endswith("line 4999")
    assert tail_of(many).startswith("line ")
    assert len(tail_of("x" * 10_000)) == LONGEST_TAIL


def test_the_gist_of_last_words_is_one_line() -> None:
    assert gist(LastWords(log=CRASHED)) == "Fatal Python error: Segmentation fault"
    assert gist(LastWords(late=LATE)).endswith('re/__init__.py", line 166 in match')
    assert gist(LastWords(log="first\nlast\n")) == "last"
    assert gist(LastWords()) == ""


def test_the_stack_of_an_error_has_no_ids() -> None:
    stack = (
        "\x1b[36mray::StageActor.run()\x1b[39m (pid=1, ip=10.0.0.1)\n  File x\n    ^^^\nValueError"
    )
    assert raised_in(stack) == "  File x\nValueError"
