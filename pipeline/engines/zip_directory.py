"""The directory at the end of a ZIP file, read within bounds before any library reads it whole.

`zipfile` builds an object for each entry as soon as it opens a file, so a directory of a hundred
million entries must be refused first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
ENTRY = struct.Struct("<4s6H3L5H2L")
TAIL_BYTES = 65_535 + END.size
NAMES_BYTES = 1 << 20
LOCAL = struct.Struct("<4s5H3L2H")
FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class ZipDirectory:
    """Where the directory lies: entries it claims, its size and offset in bytes."""

    entries: int
    size: int
    offset: int


def read_directory(file: BinaryIO) -> ZipDirectory | None:
    """Find the directory; None if the file has none (it was cut short, or is no ZIP)."""
    length = file.seek(0, 2)
    base = max(0, length - TAIL_BYTES - LOCATOR_64.size)
    file.seek(base)
    tail = file.read(length - base)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + END.size > len(tail):
        return None
    _, _, _, _, entries, size, offset, _ = END.unpack_from(tail, at)
    directory_end = base + at
    if (entries == 0xFFFF or FULL in (size, offset)) and at >= LOCATOR_64.size:
        wide = _read_wide(file, tail[at - LOCATOR_64.size : at], length)
        if wide is not None:
            directory_end -= LOCATOR_64.size + END_64.size
            entries, size, offset = wide
    # Bytes may stand before the archive (a self-extractor), so the end is what counts.
    return ZipDirectory(entries=entries, size=size, offset=max(0, directory_end - size))


def _read_wide(file: BinaryIO, locator: bytes, length: int) -> tuple[int, int, int] | None:
    """Read the 64-bit end record: entries, size, offset."""
    signature, _, at, _ = LOCATOR_64.unpack(locator)
    if signature != b"PK\x06\x07" or at >= length:
        return None
    file.seek(at)
    data = file.read(END_64.size)
    if len(data) < END_64.size or data[:4] != b"PK\x06\x06":
        return None
    fields = END_64.unpack(data)
    return fields[7], fields[8], fields[9]


def read_names(file: BinaryIO) -> frozenset[str] | None:
    """Read the names in the first part of the directory; None if there is no directory."""
    directory = read_directory(file)
    if directory is None:
        return None
    file.seek(directory.offset)
    data = file.read(min(directory.size, NAMES_BYTES))
    names, at = set(), 0
    while at + ENTRY.size <= len(data) and data[at : at + 4] == b"PK\x01\x02":
        fields = ENTRY.unpack_from(data, at)
        name, extra, comment = fields[10:13]
        start = at + ENTRY.size
        names.add(data[start : start + name].decode("utf-8", "replace"))
        at = start + name + extra + comment
    return frozenset(names)
