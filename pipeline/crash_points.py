"""Ends the process at a named point, for tests that walk all of them.

`CASEGRAPH_CRASH_AT=POINT` ends it by SIGKILL each time it comes there, `POINT@FILE` once: the first
process there makes FILE. Points stand before and after each durable step.
"""

from __future__ import annotations

import os
import signal
from typing import Final

VARIABLE: Final = "CASEGRAPH_CRASH_AT"

POINTS: Final = (
    "bind.before-commit", "bind.after-commit",
    "open.before-commit", "open.after-commit",
    "record.before-commit", "record.after-commit",
    "skip.before-commit", "skip.after-commit",
    "start.before-commit", "start.after-commit",
    "renew.before-commit", "renew.after-commit",
    "claim.before-commit", "claim.after-commit",
    "identify.before-commit", "identify.after-commit",
    "fail.before-commit", "fail.after-commit",
    "again.before-commit", "again.after-commit",
    "requeue.before-commit", "requeue.after-commit",
    "gone.before-commit", "gone.after-commit",
    "vectors.before-commit", "vectors.after-commit",
    "registry-hold.before-commit", "registry-hold.after-commit",
    "registry.before-commit", "registry.after-commit",
    "registry-let-go.before-commit", "registry-let-go.after-commit",
    "decide.before-commit", "decide.after-commit",
    "release.before-commit", "release.after-commit",
    "end.before-commit", "end.after-commit",
    "retry.before-commit", "retry.after-commit",
    "forget.before-commit", "forget.after-commit",
    "delete.before-commit", "delete.after-commit",
    "loosen.before-commit", "loosen.after-commit",
    "remove.before-commit", "remove.after-commit",
    "put.before", "put.after",
    "persist.before-commit", "persist.after-commit",
    "adopt.before", "adopt.after",
    "done.before", "done.after",
    "refuse.before", "refuse.after",
    "object.before", "object.after",
    "llm-allow.before-commit", "llm-allow.after-commit",
    "llm-ask.before-commit", "llm-ask.after-commit",
    "llm-renew.before-commit", "llm-renew.after-commit",
    "llm-fail.before-commit", "llm-fail.after-commit",
    "llm-keep.before-commit", "llm-keep.after-commit",
    "llm-use.before-commit", "llm-use.after-commit",
    "sketches.before-commit", "sketches.after-commit",
    "snapshot-begin.before-commit", "snapshot-begin.after-commit",
    "snapshot.before-commit", "snapshot.after-commit",
    "snapshot-pin.before-commit", "snapshot-pin.after-commit",
)  # fmt: skip


def crash_point(name: str) -> None:
    """End this process here if the environment says so."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    point, _, once = wanted.partition("@")
    if point != name:
        return
    if once:
        try:
            os.close(os.open(once, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
