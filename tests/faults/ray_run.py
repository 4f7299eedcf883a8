"""A whole run with small stages on Ray, as `casegraph run` carries it out: FOLDER PROJECT [STAGE].

STAGE is what `--from` takes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from actors import driver
from actors.progress import Snapshot
from actors.request import Request
from actors.stop import Stop
from faults import small_stages
from pipeline.documents import StageName
from pipeline.errors import CasegraphError
from pipeline.settings import load_settings
from pipeline.walking import Selection, Walk

SHOWN = "RAY_RUN_SHOWN"
"""A file in which each snapshot is written down, with the seconds of the system's clock."""
REAL = "RAY_RUN_REAL"
"""Set where the stages are to be those that the settings name."""
SMALL: dict[str, Any] = {
    "plan_of": small_stages.plan,
    "host": small_stages.host,
    "rules": small_stages.SmallRules,
}


def shown() -> AbstractContextManager[TextIO | None]:
    """Open the file for snapshots, if there is to be one."""
    path = os.environ.get(SHOWN)
    return Path(path).open("a", buffering=1, encoding="utf-8") if path else nullcontext()


def to(file: TextIO | None) -> Callable[[Snapshot], None]:
    """Give what writes a snapshot down."""

    def show(snapshot: Snapshot) -> None:
        if file is not None:
            line = {"at": time.monotonic(), **snapshot.model_dump(mode="json")}
            file.write(json.dumps(line) + "\n")

    return show


def main(arguments: Sequence[str]) -> int:
    """Run once; the exit status is that of `casegraph run`."""
    folder, project, *stage = arguments
    from_stage = StageName(stage[0]) if stage else None
    request = Request([folder], project, Walk(Selection()), from_stage=from_stage)
    stages = {} if os.environ.get(REAL) else SMALL
    try:
        with shown() as file:
            report = driver.run(load_settings(), request, to(file), Stop(), **stages)
    except CasegraphError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(report.as_json()) + "\n")
    if report.outcome != "finished":
        sys.stderr.write(f"{report.reason}\n")
        return 1
    return 3 if report.documents["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
