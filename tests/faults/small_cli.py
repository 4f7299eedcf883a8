"""The command `casegraph` with small stages, for what it does and says whatever the stages are.

On Ray where SMALL_ON_RAY is set, else in threads of this process, which takes seconds less. Where
SMALL_ASKS is set, a language model is asked for the names.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from actors import cli, driver
from faults import asking_stages, small_stages
from faults.local_run import in_threads
from pipeline.assembly import registries

ON_RAY, ASKS = "SMALL_ON_RAY", "SMALL_ASKS"


def small() -> dict[str, Any]:
    """Give what a run takes so that its stages and what makes its entities are small."""
    stages = {
        "plan_of": small_stages.plan,
        "host": small_stages.host,
        "rules": small_stages.SmallRules,
    }
    if ASKS not in os.environ:
        return stages
    return stages | {"host": asking_stages.host, "waits_of": asking_stages.waits}


def main() -> None:
    """Run a command."""
    driver.run = partial(driver.run, **small())
    # Commands that change names settle them, too.
    registries.Rules = small_stages.SmallRules
    if ON_RAY not in os.environ:
        driver.run = partial(driver.run, carry_out=in_threads)
    cli.main()


if __name__ == "__main__":
    main()
