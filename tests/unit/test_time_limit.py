"""The limit of what a stage may compute, in processes of their own that end by it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from actors.time_limit import characters_of
from pipeline.documents import (
    Chunk,
    Chunks,
    ExtractedText,
    Mentions,
    Page,
    Pages,
    Source,
    StageName,
)
from pipeline.stage_limits import CHARACTERS, StageSeconds

PROGRAM = """
import re, sys, threading, time
from pathlib import Path
from actors.time_limit import TimeLimit
from pipeline.going_on import goes_on

note = Path(sys.argv[1]).open("wb", 0)
limit = TimeLimit(note, clock=CLOCK)

def compute(seconds):
    began = time.thread_time()
    while time.thread_time() < began + seconds:
        pass

def backtrack():
    re.match(r"(a+)+$", "a" * 60 + "b")

WORK
print("came back")
"""


def ended(tmp_path: Path, work: str, *, clock: bool = True) -> tuple[int, str, str]:
    """Run some work: how its process ended, what it printed, and where it was."""
    note = tmp_path / "note"
    program = PROGRAM.replace("CLOCK", str(clock)).replace("WORK", work)
    done = subprocess.run(
        [sys.executable, "-c", program, str(note)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    return done.returncode, done.stdout + done.stderr, note.read_text()


def test_what_holds_the_interpreter_ends_by_its_cpu_time(tmp_path):
    status, said, note = ended(tmp_path, "with limit.allowing(0.2, 1000): backtrack()")
    assert (status, said) == (-signal.SIGPROF, "")
    assert "in backtrack" in note


def test_who_waits_uses_no_cpu_time(tmp_path):
    work = "with limit.allowing(0.2, 1000): time.sleep(0.5)"
    assert ended(tmp_path, work) == (0, "came back\n", "")


def test_what_other_threads_use_counts_for_nobody(tmp_path):
    work = """
other = threading.Thread(target=compute, args=[0.5])
with limit.allowing(0.2, 1000):
    other.start()
    other.join()
"""
    assert ended(tmp_path, work, clock=False) == (0, "came back\n", "")


def test_each_of_several_threads_has_its_own_limit(tmp_path):
    work = """
def innocent():
    with limit.allowing(1000, 1): time.sleep(60)
threading.Thread(target=innocent, daemon=True).start()
with limit.allowing(0.2, 1): compute(60)
"""
    status, _, note = ended(tmp_path, work, clock=False)
    assert status == -signal.SIGPROF
    assert "in compute" in note


def test_a_limit_ends_with_its_block(tmp_path):
    work = """
with limit.allowing(0.2, 1): pass
compute(0.4)
time.sleep(1.2)
"""
    assert ended(tmp_path, work) == (0, "came back\n", "")


def test_who_waits_for_ever_ends_by_the_clock(tmp_path):
    status, said, note = ended(tmp_path, "with limit.allowing(100, 0.3): time.sleep(60)")
    assert status != 0
    assert "came back" not in said
    assert note.startswith("Timeout")


def test_who_says_that_it_goes_on_has_its_time_again(tmp_path):
    work = """
with limit.allowing(100, 2):
    for _ in range(6):
        time.sleep(0.5)
        goes_on()
"""
    assert ended(tmp_path, work) == (0, "came back\n", "")


def test_a_long_text_has_more_time_than_a_short_one():
    allowed = StageSeconds(extract=10.0)
    assert allowed.of(StageName.EXTRACT) == 10.0
    assert allowed.of(StageName.EXTRACT, 3 * CHARACTERS) == 40.0


def test_the_characters_of_each_input_are_counted():
    pages = Pages(text="Ann Lee", pages=(Page(number=1, start=0, end=7),))
    chunk = Chunk(start=0, end=7, page=1, text="Ann Lee", sentences=((0, 7),))
    chunks = Chunks(chunks=(chunk, chunk), page_starts=(0,))
    source = Source(path="/a", name="a", sha256="0" * 64, media_type="text/plain", size=9)
    found = ExtractedText(chunks=chunks, mentions=Mentions(mentions=()))
    assert [characters_of(value) for value in (source, pages, chunks, found)] == [0, 7, 14, 14]
