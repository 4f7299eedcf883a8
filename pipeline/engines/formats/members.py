"""What containers hold: members written out under their hash, within a budget.

Real output bytes are counted, whatever an archive says of itself: entries that overlap, or that
lie about their size, cost what they cost.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.documents import Member
from pipeline.errors import PermanentError
from pipeline.scratch import written
from pipeline.settings import ArchiveLimits

# Below this a high ratio is nothing to fear: a log file of a few megabytes shrinks a thousandfold.
RATIO_FROM_BYTES = 64 << 20
MAX_NAME = 200
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def over_budget(
    root_size: int, depth: int, members: int, total_bytes: int, limits: ArchiveLimits
) -> str | None:
    """Say in words how a top-level file is over its budget; None if it is not.

    `root_size` is the size of the top-level file; `depth` that of its deepest archive, 1 for
    itself; `members` and `total_bytes` are counted over all archives within it.
    """
    if depth > limits.max_depth:
        return f"archives are nested more than limits.archive.max_depth = {limits.max_depth} deep"
    if members > limits.max_members:
        return f"it holds more than limits.archive.max_members = {limits.max_members:,} files"
    if total_bytes > limits.max_bytes:
        return f"it unpacks to more than limits.archive.max_bytes = {limits.max_bytes:,} bytes"
    if total_bytes > RATIO_FROM_BYTES and total_bytes > root_size * limits.max_ratio:
        return (
            f"it unpacks to more than limits.archive.max_ratio = {limits.max_ratio} times its size"
        )
    return None


def check_budget(root_size: int, members: int, total_bytes: int, limits: ArchiveLimits) -> None:
    """Refuse one archive that is over the budget alone. Raises PermanentError("archive_bomb")."""
    reason = over_budget(root_size, 1, members, total_bytes, limits)
    if reason is not None:
        raise PermanentError(
            "archive_bomb",
            f"the archive is not unpacked: {reason}; unpack it yourself if you trust it, or raise "
            "the setting",
        )


def safe_path(name: str) -> str:
    """Make an archive's name for a member a relative path that leads nowhere but down.

    Drives, leading slashes and ".." go; control characters become "_"; long names are cut in
    the middle, so that the extension stays.
    """
    flat = CONTROL.sub("_", name.replace("\\", "/"))
    flat = re.sub(r"^[A-Za-z]:", "", flat)
    parts = [part.strip() for part in flat.split("/")]
    kept = [_shortened(part) for part in parts if part not in {"", ".", ".."}]
    return "/".join(kept[-20:]) or "member"


def _shortened(part: str) -> str:
    """Cut a path's part to what a file system and a reader can take."""
    if len(part) <= MAX_NAME:
        return part
    return part[: MAX_NAME - 24] + "…" + part[-23:]


class MemberWriter:
    """Writes a container's members into a folder, each under the SHA-256 of its bytes."""

    def __init__(self, folder: Path, container_size: int, limits: ArchiveLimits) -> None:
        self._folder = folder
        self._container_size = container_size
        self._limits = limits
        self._members: dict[str, Member] = {}
        self._total = 0

    def add(self, name: str, blocks: Iterable[bytes]) -> Member:
        """Write a member as its bytes come. Raises PermanentError("archive_bomb"), and
        TemporaryError for a disk that takes no more: a member is not left out for that.

        A second member of the same path gets a number before its extension.
        """
        path = self._unused(safe_path(name))
        total, size = hashlib.sha256(), 0
        target = self._folder / "writing"
        try:
            with written(target) as write:
                for block in blocks:
                    size += len(block)
                    self._total += len(block)
                    self._check(len(self._members) + 1)
                    total.update(block)
                    write(block)
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(cause := error.__cause__, OSError) and cause.errno == errno.EFBIG:
                raise cause from None  # the child's own limit: it is the member that is too large
            raise
        self._check(len(self._members) + 1)
        member = Member(path=path, sha256=total.hexdigest(), size=size)
        target.replace(self._folder / member.sha256)
        self._members[path] = member
        return member

    def _check(self, members: int) -> None:
        check_budget(self._container_size, members, self._total, self._limits)

    def _unused(self, path: str) -> str:
        """Find a path that no other member has."""
        if path not in self._members:
            return path
        stem, dot, extension = path.rpartition(".")
        if not dot or "/" in extension:
            stem, extension = path, ""
        number = 2
        while (candidate := f"{stem}~{number}{dot if extension else ''}{extension}") in (
            self._members
        ):
            number += 1
        return candidate

    def members(self) -> tuple[Member, ...]:
        """List the members by path."""
        return tuple(self._members[path] for path in sorted(self._members))
