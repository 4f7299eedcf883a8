"""A whole run with small stages on Ray, as `casegraph run` carries it out: FOLDER PROJECT [STAGE].

STAGE is what `--from` takes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from actors import driver
from actors.request import Request
from actors.stop import Stop
from faults import small_stages
from pipeline.documents import StageName
from pipeline.errors import CasegraphError
from pipeline.settings import load_settings
from pipeline.walking import Selection, Walk


def main(arguments: Sequence[str]) -> int:
    """Run once; the exit status is that of `casegraph run`."""
    folder, project, *stage = arguments
    from_stage = StageName(stage[0]) if stage else None
    request = Request([folder], project, Walk(Selection()), from_stage=from_stage)
    try:
        report = driver.run(
            load_settings(),
            request,
            lambda _snapshot: None,
            Stop(),
            plan_of=small_stages.plan,
            host=small_stages.host,
            rules=small_stages.SmallRules,
        )
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
