"""What is said of a run that has no coordinator yet, or none any more; Ray is played."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
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
from pipeline.stores.run_progress import INTERRUPTED, RunProgress, Told

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


class DyingRay(PlayedRay):
    """Ray with a coordinator that says once where it is, and dies."""

    polls = 0

    def wait(self, refs: list[Any], timeout: float) -> Any:
        self.polls += 1
        return (refs, []) if self.polls > 1 else ([], refs)

    def get(self, what: Any, timeout: float) -> Any:
        if self.polls > 1:
            raise exceptions.ActorDiedError
        return Snapshot(state="running", total=9, completed=7)


@dataclass(frozen=True)
class Begun:
    """A run that is to be carried out, and what is known of it without Redis."""

    place: Workplace
    progress: RunProgress

    def said(self) -> Told:
        told = self.progress.look()
        assert told is not None
        return told


@contextmanager
def begun(settings: Settings) -> Iterator[Begun]:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    urls = ServiceUrls(
        database_url=settings.database_url.get_secret_value(),
        redis_url=settings.redis_url.get_secret_value(),
    )
    ledger, plan = assembly.open_ledger(settings, urls), small_stages.plan()
    project = ledger.open_project("p", plan)
    # Whatever came before has taken longer than the lease that it began with.
    run = ledger.start_run(project.id, 0.0)
    engine = postgres.engine_of(urls.database_url, pool_size=1)
    place = Workplace(settings, urls, project.id, run, plan, small_stages.host)
    try:
        yield Begun(place, RunProgress(engine, project.id, None))
    finally:
        engine.dispose()


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
    there = settings.model_copy(
        update={
            "acceleration": "off" if address else "on",
            "run": settings.run.model_copy(update={"address": address}),
        }
    )
    seen = []

    def look(*_: object) -> None:
        told = run.said()
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

    shown: list[Snapshot] = []
    with begun(there) as run:
        with pytest.raises(UnavailableError, match="it is over"):
            on_ray(run.place, lambda: Expected(9), shown.append, Stop())
        look()

    states = [first, *(f"waiting for a node with {lack}" for lack in then), "starting"]
    assert list(dict.fromkeys(state for _, _, state, _ in seen)) == states
    assert {(of, alive, total) for of, alive, _, total in seen} == {(run.place.run, True, 9)}
    assert list(dict.fromkeys(snapshot.state for snapshot in shown)) == states


def test_what_a_coordinator_said_last_is_kept_when_it_dies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "local_ray", lambda _: nullcontext(DyingRay()))
    monkeypatch.setattr(cluster, "alive_nodes", lambda: [HERE])
    with begun(settings) as run:
        result = on_ray(run.place, lambda: Expected(9), lambda _: None, Stop())
        assert result.outcome == INTERRUPTED
        said = run.said().said
    assert said is not None
    assert (said["state"], said["completed"], said["total"]) == ("running", 7, 9)
