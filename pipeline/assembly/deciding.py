"""Where people decide about the names of one project: what they type leads here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.assembly.registries import Rules, open_registry
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.registry.owner import Binding
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.decision_desk import DecisionDesk

WAIT_SECONDS = 10.0
"""How long a decision waits for a run that holds the registry. It takes a turn about every second.
"""


def open_desk(
    settings: Settings, urls: ServiceUrls, project: str, *, engine: Engine
) -> DecisionDesk:
    """Open the decisions of a project, by its id. What compares names is loaded when it is needed.

    Each decision is applied before its caller hears of it, unless another process holds the
    registry for too long, or PostgreSQL goes away: it is kept, and the next who can applies it.
    """
    from pipeline.decision_desk import DecisionDesk
    from pipeline.stores.decisions import record
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.registry_reader import RegistryReader

    rules = Rules()
    keeper = open_registry(settings, urls, project, rules, engine=engine)

    def settle() -> bool:
        try:
            return keeper.finish(WAIT_SECONDS).held
        except (TemporaryError, UnavailableError):
            return False
        finally:
            keeper.leave()

    return DecisionDesk(
        reader=GraphReader(engine, project),
        registry=RegistryReader(engine, project),
        bind=Binding(project, rules.normal),
        record=partial(record, engine, project),
        settle=settle,
    )
