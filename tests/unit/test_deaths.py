"""What is told of a process that died: what is known, in one line, and its last words."""

from pathlib import Path

import pytest
import ray
from ray.exceptions import OutOfMemoryError, RayError

from actors import last_words
from actors.deaths import (
    CHOSEN,
    GUESSES,
    LONGEST_MESSAGE,
    LONGEST_TAIL,
    LastWords,
    death_of,
    explained,
    gist,
    raised_in,
    tail_of,
    told_by,
)
from actors.last_words import Whereabouts
from pipeline.documents import StageName

RAY = """The actor died unexpectedly before finishing this task.
\tclass_name: StageActor
\tactor_id: 5c1f6a6a5d3f7c6f6a1d9c0a01000000
\tpid: 4711
\tnamespace: 0c3c4f1e
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR \
Worker exit detail: Worker unexpectedly exits with a connection error code 2. End of file. \
Some common causes include: (1) the process was killed by the OOM killer due to high memory usage, \
(2) ray stop --force was called, or (3) the worker crashed unexpectedly due to SIGSEGV or another \
unexpected error. If the process was killed by the kernel OOM killer, consider enabling resource \
isolation."""
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
NODE = """\
[2026-11-28 03:37:03,110 I 31 31] (raylet) node_manager.cc:3199: Killing 1 worker(s): \
Memory on the node was 5.87GB used / 23.54GB limit (0.249268)
Ray killed 1 worker(s) based on the killing policy
Considered workers: [
Selected to kill: (Actor(1080cd03e39e2aeb95f6db4401000000): job ID=01000000, task name=\
StageActor.__init__, required resources={}, pid=3506, actual memory used=0.06GB, worker ID=89b32ad8)
Not selected: (Actor(aa99638b5008a4275bc94d4701000000): job ID=01000000, task name=\
StageActor.__init__, required resources={}, pid=3507, actual memory used=0.06GB, worker ID=bfb27fa8)
]
"""


def test_what_is_known_is_told_without_ids_and_guesses() -> None:
    known = "Worker unexpectedly exits with a connection error code 2. End of file."
    assert death_of(RAY) == known
    assert told_by(RayError(RAY)) == known


def test_what_is_cut_off_is_what_the_ray_that_is_pinned_says() -> None:
    raylet = (Path(ray.__file__).parent / "core/src/ray/raylet/raylet").read_bytes()
    assert all(words.encode() in raylet for words in (GUESSES, CHOSEN))


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
        (RAY, LastWords(log=CRASHED, chosen=True), False, "no_memory"),
    ],
)
def test_deaths_are_told_apart(words: str, last: LastWords, silent: bool, error: str) -> None:
    assert explained(StageName.EXTRACT, words, last, silent=silent).error == error


@pytest.mark.parametrize(("pid", "chosen"), [(3506, True), (3507, False), (350, False)])
def test_who_was_killed_for_memory_is_named_in_the_log_of_its_node(
    tmp_path: Path, pid: int, chosen: bool
) -> None:
    """Ray tells who asked only that the actor was started again."""
    (tmp_path / "raylet.out").write_text("nothing of it\n")
    (tmp_path / "raylet.1.out").write_text(NODE + "and more\n" * 5_000)
    (tmp_path / "worker.err").write_text("its words")

    last = last_words.read(Whereabouts("node", pid, str(tmp_path / "worker.err")))

    assert last == LastWords(log="its words", chosen=chosen)


def test_of_whom_ray_killed_for_memory_only_that_is_told() -> None:
    error = OutOfMemoryError(
        "1 worker(s) were killed due to the node running low on memory. Memory on the node was "
        "6.54GB used\nRefer to the documentation: https://docs.ray.io/"
    )
    assert told_by(error) == "it was killed, since its machine had no memory left"


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
