"""Temporary folders: gone with their block, and swept when their process was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import scratch

HOLDER = """
import sys
from pipeline.scratch import scratch
with scratch() as folder:
    (folder / "source").write_text("words")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "MADE_SECONDS", -1.0)


def test_a_folder_goes_with_its_block() -> None:
    with scratch.scratch() as folder:
        (folder / "source").write_text("words")
    assert not folder.exists()


def test_only_the_folders_of_the_dead_are_swept(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        folder = Path(holder.stdout.readline().strip())
        with scratch.scratch() as own:
            assert scratch.sweep_scratch() == 0
            assert (folder / "source").read_text() == "words"
            holder.kill()
            holder.wait()
            assert folder.exists()

            assert scratch.sweep_scratch() == 1
            assert own.exists()
    assert not folder.exists()


def test_what_is_young_or_somebody_elses_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"{scratch.PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{scratch.PREFIX}file").write_text("words")
    assert scratch.sweep_scratch() == 0

    (tmp_path / f"{scratch.PREFIX}young").mkdir()
    monkeypatch.setattr(scratch, "MADE_SECONDS", 60.0)
    assert scratch.sweep_scratch() == 0
    assert elsewhere.exists()
