"""ZIP: every file in it becomes a document of its own. The archive itself has no text."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import IO

from pipeline.documents import Pages
from pipeline.engines.formats.draft import Draft, Job
from pipeline.engines.formats.members import check_budget, safe_path
from pipeline.engines.zip_directory import read_directory
from pipeline.errors import PermanentError
from pipeline.settings import ArchiveLimits

BLOCK = 256 << 10
DIRECTORY_BYTES = 256 << 20
# What systems leave in archives beside what people put there.
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
# What zipfile and its decompressors raise for bytes that are not what they should be.
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
              OSError, ValueError, RuntimeError)  # fmt: skip


def open_zip(path: Path, limits: ArchiveLimits) -> zipfile.ZipFile:
    """Open an archive whose directory is within bounds. Raises PermanentError."""
    with path.open("rb") as file:
        directory = read_directory(file)
    if directory is None:
        raise PermanentError(
            "damaged", "the archive has no directory: it is cut short; get it again from its source"
        )
    check_budget(path.stat().st_size, directory.entries, 0, limits)
    if directory.size > DIRECTORY_BYTES:
        check_budget(path.stat().st_size, limits.max_members + 1, 0, limits)
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise PermanentError(
            "damaged", f"the archive cannot be read ({error}); get it again from its source"
        ) from error


def read_zip(job: Job) -> Pages:
    """Take an archive apart. Raises PermanentError for a bomb, and where nothing can be read."""
    limits = job.options.archive
    with open_zip(job.path, limits) as archive:
        entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
        # Two entries of one name stay in the archive's order: the sort is stable.
        check_budget(job.path.stat().st_size, len(entries), 0, limits)
        failures = [_take(job, archive, entry) for entry in entries if _is_wanted(job, entry)]
    locked = failures.count("encrypted")
    if failures and locked == len(failures):
        raise PermanentError(
            "encrypted", "the archive is protected by a password; unpack it yourself"
        )
    if failures and not any(failure is None for failure in failures):
        raise PermanentError("damaged", "no file in the archive can be read: " + job.warnings[-1])
    return Draft(job.options.max_characters).pages(job)


def _is_wanted(job: Job, entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry is a file that a person put there."""
    name = entry.filename
    if entry.is_dir() or name.startswith(LITTER[0]) or name.rpartition("/")[2] in LITTER[1:]:
        return False
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        job.warn(f"{safe_path(name)!r} in the archive is a link or a device; it is left out")
        return False
    return True


def _take(job: Job, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str | None:
    """Write one entry out; return why not, with a warning, where it cannot be read."""
    path = safe_path(entry.filename)
    if path != entry.filename:
        job.warn(f"{entry.filename[:200]!r} in the archive is no safe path; it became {path!r}")
    if entry.flag_bits & 0x1:
        job.warn(f"{path!r} in the archive is protected by a password; it is left out")
        return "encrypted"
    try:
        with closing(unpacked(archive, entry)) as blocks:
            job.members.add(path, blocks)
    except UNREADABLE as error:
        job.warn(f"{path!r} in the archive cannot be read ({error}); it is left out")
        return "damaged"
    return None


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Generator[bytes]:
    """Yield an entry's bytes as they are unpacked. Raises what is UNREADABLE."""
    with archive.open(entry) as data:
        while block := _block(data, entry):
            yield block


def _block(data: IO[bytes], entry: zipfile.ZipInfo) -> bytes:
    """Unpack one block. What LZMA is damaged in may be how much memory it asks for at once."""
    try:
        return data.read(BLOCK)
    except MemoryError as error:
        if entry.compress_type != zipfile.ZIP_LZMA:
            raise
        raise lzma.LZMAError("it asks for more memory than there is") from error
