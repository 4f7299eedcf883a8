"""What a container's limit leaves, whatever the machine has; and what a process has taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from actors.deaths import ran_out_of_memory
from actors.memory import Growth, available_bytes

MIB, GIB = 1 << 20, 1 << 30


def group(folder: Path, limit: object, used: int, inactive: int = 0, version: int = 2) -> None:
    """Write a control group's files."""
    first = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    second = ("memory.max", "memory.current", "inactive_file")
    of_limit, of_use, of_inactive = first if version == 1 else second
    folder.mkdir(parents=True, exist_ok=True)
    (folder / of_limit).write_text(f"{limit}\n")
    (folder / of_use).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{of_inactive} {inactive}\n")


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    (tmp_path / "groups").mkdir()
    return tmp_path / "groups"


def seen(groups: Path, own: str) -> int:
    (groups.parent / "own").write_text(own)
    return available_bytes(groups, groups.parent / "own")


@pytest.fixture(autouse=True)
def _large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = psutil.virtual_memory()._replace(available=100 * GIB)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)


def test_a_limit_counts_and_copies_of_files_do_not(groups: Path) -> None:
    group(groups / "job", 4 * GIB, 3 * GIB, inactive=GIB)
    assert seen(groups, "0::/job\n") == 2 * GIB


def test_the_narrowest_group_counts(groups: Path) -> None:
    group(groups / "pod", 2 * GIB, GIB)
    group(groups / "pod/job", 8 * GIB, GIB)
    group(groups / "pod/job/step", "max", GIB)
    assert seen(groups, "0::/pod/job/step\n") == GIB


def test_a_container_that_sees_its_group_as_the_root(groups: Path) -> None:
    group(groups, 3 * GIB, GIB)
    assert seen(groups, "0::/../../elsewhere\n") == 2 * GIB


def test_the_first_version_of_groups(groups: Path) -> None:
    group(groups / "memory/job", 3 * GIB, GIB, version=1)
    assert seen(groups, "5:cpu,cpuacct:/job\n4:memory:/job\n0::/\n") == 2 * GIB


def test_what_is_over_its_limit_has_nothing_left(groups: Path) -> None:
    group(groups, GIB, 2 * GIB)
    assert seen(groups, "0::/\n") == 0


@pytest.mark.parametrize("own", ["", "0::/nowhere\n", "0::/\n"])
def test_without_a_limit_it_is_the_machines(groups: Path, own: str) -> None:
    assert seen(groups, own) == 100 * GIB


def test_what_a_process_has_taken_since_is_counted() -> None:
    growth = Growth()
    assert growth.bytes < 32 * MIB
    held = bytearray(b"x") * (64 * MIB)
    assert 48 * MIB < growth.bytes < 96 * MIB
    del held
    assert growth.bytes < 32 * MIB


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, whose limits it may change."""
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_a_process_gets_no_more_than_it_is_allowed_each_time() -> None:
    done = python(f"""
from actors.memory import allow_all, allow_more
kept = []
for _ in range(3):
    allow_more({64 * MIB})
    kept.append(bytes({40 * MIB}))
try:
    bytes({80 * MIB})
except MemoryError:
    print("refused")
allow_all()
kept.append(bytes({80 * MIB}))
print("allowed")
""")
    assert (done.stdout, done.stderr) == ("refused\nallowed\n", "")


def limited(work: str) -> subprocess.CompletedProcess[str]:
    """Do some work as the call of a stage that may take 64 MiB."""
    return python(f"""
from types import SimpleNamespace
from actors.process_limits import ProcessLimits
from pipeline.documents import StageName
from pipeline.settings import Limits, Settings
from pipeline.stage_limits import StageMemory

limits = Limits(stage_memory_bytes=StageMemory(chunk={64 * MIB}))
place = SimpleNamespace(settings=Settings(limits=limits), waits={{}})
with ProcessLimits(place, StageName.CHUNK, "").memory():
    {work}
print("came back")
""")


@pytest.mark.parametrize(
    "work",
    [
        f"bytes({128 * MIB})",
        'raise RuntimeError("DefaultCPUAllocator: can\'t allocate memory: you tried")',
    ],
)
def test_who_cannot_have_the_memory_it_needs_does_not_go_on(work: str) -> None:
    done = limited(work)
    assert (done.returncode, done.stdout) == (1, "")
    assert ran_out_of_memory(done.stderr)


def test_who_raises_something_else_goes_on() -> None:
    done = limited("raise ValueError(1)")
    assert "ValueError: 1" in done.stderr
    assert limited("bytes(1)").stdout == "came back\n"
