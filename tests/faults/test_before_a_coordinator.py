"""A run says what it is at before it has a coordinator that would, and is alive; Ray is played."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ray import exceptions

from actors import cluster, joining
from actors.claims import Expected
from actors.on_ray import on_ray
from actors.progress import Snapshot
from actors.stop import Stop
from actors.topology import Node
from actors.workplace import Workplace
from faults import small_stages
from pipeline import assembly
from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.stores import postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.run_progress import RunProgress

ADDRESS = "127.0.0.1:6379"
HERE = Node(id="n", cpus=1, memory=1 << 40)


class PlayedRay:
    """Ray where no coordinator ever answers."""

    exceptions = exceptions
    gcs_address = ADDRESS

    def __getattr__(self, name: str) -> PlayedRay:
        return self

    def __call__(self, *arguments: Any, **more: Any) -> PlayedRay:
        return self

    def get_node_id(self) -> str:
        return "00" * 28

    def wait(self, *arguments: Any, **more: Any) -> Any:
        raise exceptions.RuntimeEnvSetupError("it is over")


@pytest.mark.parametrize(
    ("address", "first", "then"),
    [
        (None, "starting Ray", []),
        (ADDRESS, f"joining the Ray cluster at {ADDRESS}", ["a core to work with"]),
    ],
)
def test_who_looks_from_elsewhere_sees_what_a_run_waits_for(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    address: str | None,
    first: str,
    then: list[str],
) -> None:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    urls = ServiceUrls(
        database_url=settings.database_url.get_secret_value(),
        redis_url=settings.redis_url.get_secret_value(),
    )
    there = settings.model_copy(
        update={
            "acceleration": "off" if address else "on",
            "run": settings.run.model_copy(update={"address": address}),
        }
    )
    ledger, plan = assembly.open_ledger(there, urls), small_stages.plan()
    project = ledger.open_project("p", plan)
    # Whatever came before has taken longer than the lease that it began with.
    run = ledger.start_run(project.id, 0.0)
    engine = postgres.engine_of(urls.database_url, pool_size=1)
    progress, seen = RunProgress(engine, project.id, None), []

    def look(*_: object) -> None:
        told = progress.look()
        assert told is not None
        assert told.said is not None
        seen.append((told.run, told.alive, told.said["state"], told.said["total"]))
        assert told.said["mode"] == ("database" if address else "accelerated")

    @contextmanager
    def played(*_: object) -> Iterator[Any]:
        look()
        yield PlayedRay()

    without: list[list[Node]] = [[] for _ in then]

    def nodes() -> list[Node]:
        look()
        return without.pop() if without else [HERE]

    for module, name in ((cluster, "local_ray"), (joining, "joined")):
        monkeypatch.setattr(module, name, played)
    for module in (cluster, joining):
        monkeypatch.setattr(module, "alive_nodes", nodes)
    monkeypatch.setattr(joining.Presence, "is_there", lambda _: True)
    monkeypatch.setattr(joining, "POLL_SECONDS", 0.0)
    place = Workplace(there, urls, project.id, run, plan, small_stages.host)

    shown: list[Snapshot] = []
    with pytest.raises(UnavailableError, match="it is over"):
        on_ray(place, lambda: Expected(9), shown.append, Stop())
    look()
    engine.dispose()

    states = [first, *(f"waiting for a node with {lack}" for lack in then), "starting"]
    assert list(dict.fromkeys(state for _, _, state, _ in seen)) == states
    assert {(of, alive, total) for of, alive, _, total in seen} == {(run, True, 9)}
    assert list(dict.fromkeys(snapshot.state for snapshot in shown)) == states
