"""What lies in an object store that is a folder."""

from __future__ import annotations

from pathlib import Path

MARK = b"casegraph keeps objects of one database here"


def stored_objects(folder: Path) -> list[Path]:
    """List the objects, but for the mark that says whose they are."""
    return [x for x in folder.rglob("*") if x.is_file() and not x.read_bytes().startswith(MARK)]
