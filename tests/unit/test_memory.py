"""What a container's limit leaves, whatever the machine has; and what a process has taken."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

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
