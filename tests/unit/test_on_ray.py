"""What the command makes of the end of its coordinator; Ray is played."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults import small_stages
from ray import exceptions

from actors import cluster
from actors.claims import Expected
from actors.on_ray import on_ray
from actors.progress import Snapshot
from actors.run_result import INTERRUPTED
from actors.stop import Stop
from actors.topology import Node
from actors.workplace import Workplace
from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

KILLED = exceptions.OutOfMemoryError(
    "1 worker(s) were killed due to the node running low on memory. Memory on the node was 6.54GB "
    "used\nRefer to the documentation: https://docs.ray.io/"
)


class Remote:
    """Stands for whatever is made or called from far."""

    def __getattr__(self, name: str) -> Remote:
        return self

    def __call__(self, *arguments: Any, **more: Any) -> Remote:
        return self


class PlayedRay(Remote):
    """Ray with a coordinator that says where it is, and then ends with an error."""

    exceptions = exceptions

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.polls = 0

    def get_node_id(self) -> str:
        return "00" * 28

    def wait(self, refs: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        self.polls += 1
        return (refs, []) if self.polls > 1 else ([], refs)

    def get(self, what: Any, timeout: float) -> Any:
        if self.polls > 1:
            raise self.error
        return Snapshot(completed=7, failed=1)


def ended(error: Exception, monkeypatch: pytest.MonkeyPatch, home: Path) -> Any:
    """Carry out a run whose coordinator ends with an error."""

    @contextmanager
    def played(_: int) -> Iterator[Any]:
        yield PlayedRay(error)

    monkeypatch.setattr(cluster, "local_ray", played)
    monkeypatch.setattr(cluster, "alive_nodes", lambda: [Node(id="n", cpus=1, memory=1 << 40)])
    urls = ServiceUrls(database_url="postgresql:///none", redis_url="redis:///0")
    settings = Settings(home=home)
    place = Workplace(settings, urls, "p", "r", small_stages.plan(), small_stages.host)
    return on_ray(place, lambda: Expected(9), lambda _: None, Stop())


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (KILLED, "it was killed, since its machine had no memory left"),
        (exceptions.ActorDiedError(), "The actor died unexpectedly before finishing this task."),
    ],
)
def test_of_a_coordinator_that_dies_or_is_killed_for_memory_another_one_takes_up_what_it_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, why: str
) -> None:
    result = ended(error, monkeypatch, tmp_path)

    assert (result.outcome, result.completed, result.failed) == (INTERRUPTED, 7, 1)
    assert result.reason == f"the process that coordinates the run died: {why}"


def test_what_ray_cannot_do_at_all_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = exceptions.RuntimeEnvSetupError("no space left")
    with pytest.raises(UnavailableError, match=r"^the run ended early: no space left$"):
        ended(lost, monkeypatch, tmp_path)
