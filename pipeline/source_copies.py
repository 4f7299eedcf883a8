"""Copies local files to the object store as they are recorded: other machines do not see them.

A copy is named by its document, as a member's object is: it goes when the document's bytes change,
or it is forgotten. What is as it was, by size and time, and has a copy is not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pipeline.s3_names import is_s3
from pipeline.scratch import scratch
from pipeline.sources import copied
from pipeline.stores.ledger_documents import Documents
from pipeline.stores.ledger_values import Found, Recorded
from pipeline.stores.protocols import Blobs

AT_ONCE = 8
SCRATCH_BYTES = 256 << 20
"""What lies on the local disk at once, if no file is larger."""


def record_with_copies(
    ledger: Documents, blobs: Blobs, project: str, found: Sequence[Found], *, rehash: bool = False
) -> Recorded:
    """Do as `Documents.record_documents`, with a copy of each file in the object store. One that
    cannot be read is recorded without: whoever looks at it says so. Raises what `Blobs.put_file`
    does, and TemporaryError.
    """
    local = [file for file in found if not is_s3(file.uri)]
    lacking = {file.uri for file in (local if rehash else ledger.without_copy(project, local))}
    recorded = Recorded()
    for some in _groups(found, lacking):
        with scratch() as folder, ThreadPoolExecutor(AT_ONCE) as threads:
            wanted = [file for file in some if file.uri in lacking]
            targets = [folder / str(number) for number in range(len(wanted))]
            hashes = list(threads.map(_copied, wanted, targets))
            kept = {
                file.uri: (sha256, target)
                for file, sha256, target in zip(wanted, hashes, targets, strict=True)
                if sha256 is not None
            }

            def put(copy: tuple[str, Path]) -> None:
                blobs.put_file(copy[1], copy[0])

            list(threads.map(put, kept.values()))
            copies = {uri: sha256 for uri, (sha256, _) in kept.items()}
            given = ledger.record_documents(project, some, rehash=rehash, copies=copies)
            recorded = recorded.joined(given)
            # One that nothing had named may have been removed before it was named here.
            list(threads.map(put, kept.values()))
    return recorded


def _copied(file: Found, target: Path) -> str | None:
    """Copy a file and give its hash; None if it cannot be read."""
    with suppress(OSError):
        return copied(file.uri, target)[0]
    return None


def _groups(found: Sequence[Found], lacking: set[str]) -> Iterator[list[Found]]:
    """Part files so that the copies of each part do not take too much of the disk."""
    group: list[Found] = []
    size = 0
    for file in found:
        more = file.size if file.uri in lacking else 0
        if group and size + more > SCRATCH_BYTES:
            yield group
            group, size = [], 0
        group.append(file)
        size += more
    if group:
        yield group
