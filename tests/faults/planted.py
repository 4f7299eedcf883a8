"""Bugs of the kind that this system must not have, planted to see that the tests catch each.

    python -m faults.planted [NAME…]

For each it runs the tests that should fail, without the bug and with it: only a bug whose tests
pass without it, and fail with it for what it does wrong, is caught. Set `PLANTED_BUG` to have one
in a process that imports `faults.small_stages`, as each of a small run does, on Ray too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from faults import bugs_of_runs, bugs_of_stores

VARIABLE = "PLANTED_BUG"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plant:
    """A bug, a test that must fail with it, and a pattern of what pytest must say then: a test that
    fails for another reason sees something else.
    """

    bug: Callable[[], None]
    test: str
    failure: str


CRASHES = "tests/faults/test_crash_points.py::test_a_death_at_any_point_changes_nothing"
REDIS = "tests/faults/test_redis_faults.py"
FLUSHED = f"{REDIS}::test_flushed_in_the_middle_again_and_again"
FIRST_WINS = "tests/contracts/test_publisher.py::test_what_was_there_first_wins_and_is_handed_back"
EARLIER_CLAIM = (
    "tests/contracts/test_ledger.py"
    "::test_a_failure_of_an_earlier_claim_of_the_same_run_is_not_believed"
)
RECORDED = "tests/contracts/test_ledger.py::test_a_failure_that_is_recorded_already_is_told_as_one"
LEFT = (
    "tests/faults/test_vectors_left.py"
    "::test_the_next_command_computes_what_one_that_was_stopped_did_not"
)
KEEPERS = "tests/faults/test_registry_keepers.py"
LATE = f"{KEEPERS}::test_the_epoch_alone_keeps_out_what_was_worked_out_before_it"
CROSSING = (
    "tests/contracts/test_verifying_registry.py"
    "::test_names_of_a_block_that_crosses_its_bound_are_settled_again"
)
EACH_COPY = "tests/contracts/test_publisher_members.py::test_members_become_documents_of_each_copy"
LOST_NODES = "tests/unit/test_flow_of_lost_nodes.py"
GOES_ON = f"{LOST_NODES}::test_what_goes_with_its_node_goes_on_as_it_was_and_nobody_is_blamed"
FOLLOWED = (
    "tests/faults/test_losses_on_ray.py::test_a_coordinator_that_dies_is_followed_by_another_one"
)
STAGE_FAULTS = (
    "tests/acceptance/test_stage_faults.py"
    "::test_what_kills_breaks_hangs_or_exhausts_a_stage_fails_alone"
)
MISSING_PAGES = (
    "tests/faults/test_long_documents.py::test_who_goes_on_reads_only_the_pages_that_are_in_no_part"
)
JOINED = "tests/unit/test_flow_in_ranges.py::test_what_is_joined_is_all_ranges_in_order"
POISONOUS_PAGE = (
    "tests/unit/test_poisonous_pages.py"
    "::test_a_page_that_ends_the_child_is_missing_and_the_others_are_read"
)
UNPERSISTED = "expires, and PostgreSQL does not have it"
AN_ID = "'[0-9a-f-]{36}'"
PLANTS = {
    plant.bug.__name__: plant
    for plant in (
        Plant(
            bugs_of_stores.acknowledge_before_commit,
            f"{CRASHES}[persist.before-commit-on]",
            UNPERSISTED,
        ),
        Plant(bugs_of_stores.expiry_before_commit, f"{CRASHES}[put.after-on]", UNPERSISTED),
        Plant(
            bugs_of_stores.two_commands_for_a_put,
            f"{CRASHES}[put.after-on]",
            "is neither persisted nor queued",
        ),
        Plant(
            bugs_of_stores.a_loser_that_stays,
            f"{CRASHES}[adopt.before-on]",
            "is not what PostgreSQL has",
        ),
        Plant(bugs_of_runs.gaps_that_nobody_looks_for, FLUSHED, r"\+ +'pending': [1-9]"),
        Plant(bugs_of_runs.a_lost_input_is_a_failure, FLUSHED, r"\+ +'failed': [1-9]"),
        Plant(
            bugs_of_stores.no_fall_back,
            f"{REDIS}::test_absent_from_the_start",
            "Redis does not answer",
        ),
        Plant(bugs_of_stores.a_chain_without_links, FIRST_WINS, rf"assert \({AN_ID},\) == \(\)"),
        Plant(
            bugs_of_stores.failures_without_a_fence, EARLIER_CLAIM, rf"assert \[{AN_ID}\] == \[\]"
        ),
        Plant(bugs_of_stores.a_failure_told_twice, RECORDED, "assert 2 == 1"),
        Plant(bugs_of_stores.members_forgotten, EACH_COPY, "members_admitted=0"),
        Plant(
            bugs_of_stores.a_registry_without_epochs, LATE, r"assert \(True, 1\) == \(False, 0\)"
        ),
        Plant(bugs_of_stores.crowds_that_nobody_sees_come, CROSSING, "and should be in"),
        Plant(
            bugs_of_runs.a_fault_of_the_run,
            f"{REDIS}::test_absent_from_the_start",
            "KeyError: 'mine'",
        ),
        Plant(bugs_of_runs.a_lost_node_blames, GOES_ON, "suspect=True"),
        Plant(
            bugs_of_runs.a_coordinator_without_a_successor,
            FOLLOWED,
            "the process that coordinates the run died",
        ),
        Plant(
            bugs_of_runs.vectors_that_nobody_computes,
            LEFT,
            r"assert \([1-9][0-9]*, 1\) == \(0, 1\)",
        ),
        Plant(bugs_of_runs.a_call_repeated_silently, STAGE_FAULTS, r"assert [4-9] <= 3"),
        Plant(
            bugs_of_runs.parts_that_nobody_looks_for,
            f"{MISSING_PAGES}[put.after-on-False-parts_in_redis]",
            r"assert \{1, 2, .*\} == ",
        ),
        Plant(bugs_of_runs.a_range_left_out, JOINED, "'1-10 11-20 21-30' == "),
        Plant(
            bugs_of_runs.a_page_that_takes_its_file_along,
            f"{POISONOUS_PAGE}[killed-crashes the process]",
            "ParseFailure",
        ),
    )
}


def apply() -> None:
    """Plant the bug that the environment names, if it is not there."""
    if name := os.environ.get(VARIABLE):
        _plant(name)


@cache
def _plant(name: str) -> None:
    PLANTS[name].bug()


def pytest_configure() -> None:
    """Plant it in pytest's own process: `-p faults.planted`."""
    apply()


def failure(name: str, *, planted: bool = True) -> str:
    """Run a bug's test with it (or without) and give what pytest says of the failure; nothing if it
    passes.
    """
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if planted:
        environment[VARIABLE] = name
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-vvx", "-p", "faults.planted", PLANTS[name].test],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    # Not the source that it shows, nor what the program said meanwhile.
    said = [line for line in done.stdout.splitlines() if line.startswith("E  ")]
    return "\n".join(said) if done.returncode else ""


def tried(name: str) -> str:
    """Try one bug and say what came of it."""
    if failure(name, planted=False):
        return "FAILS ANYWAY"
    if not (seen := failure(name)):
        return "MISSED"
    return "caught" if re.search(PLANTS[name].failure, seen) else "FAILS OTHERWISE"


def main(names: Sequence[str]) -> int:
    """Try bugs, all if none is named, and print which were caught.

    A test that fails without a bug, too, sees something else: a broken environment catches nothing.
    """
    missed = []
    for name in names or list(PLANTS):
        said = tried(name)
        sys.stdout.write(f"{said}  {name}\n")
        sys.stdout.flush()
        missed += [] if said == "caught" else [name]
    sys.stdout.write(f"{len(names or PLANTS) - len(missed)} of {len(names or PLANTS)} caught\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
