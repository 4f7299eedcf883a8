"""Where people decide about the names of one project: what they type leads here."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from pipeline.documents import MentionType
from pipeline.registry.owner import CODE, Binding, LostLeaseError, RegistryOwner
from pipeline.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.decision_desk import DecisionDesk, Settle
    from pipeline.engines.name_books import NameBooks

WAIT_SECONDS = 10.0
"""How long a command waits for a run that holds the registry."""
LOOK_SECONDS = 0.2


def open_desk(settings: Settings, engine: Engine, project: str) -> DecisionDesk:
    """Open the decisions of a project, by its id. What compares names is loaded when it is needed.

    Each decision is applied before its caller hears of it, unless another process holds the
    registry for too long.
    """
    from functools import partial

    from pipeline.decision_desk import DecisionDesk
    from pipeline.engines.name_books import NameBooks
    from pipeline.resolution.normal import NormalForms
    from pipeline.stores.decisions import record
    from pipeline.stores.graph_reader import GraphReader
    from pipeline.stores.registry_reader import RegistryReader

    books = NameBooks()
    forms = NormalForms(books)
    bind = Binding(project, lambda type_, words: forms(MentionType(type_), words))
    return DecisionDesk(
        reader=GraphReader(engine, project),
        registry=RegistryReader(engine, project),
        bind=bind,
        record=partial(record, engine, project),
        settle=_settling(settings, engine, project, bind, books),
    )


def _settling(
    settings: Settings, engine: Engine, project: str, bind: Binding, books: NameBooks
) -> Settle:
    """Give what brings a registry up to date, or waits for whoever does."""
    from pipeline.registry.comparing import Comparing
    from pipeline.stores.registry_store import PostgresRegistry

    store = PostgresRegistry(engine, project)
    owner = RegistryOwner(store, bind, Comparing(books), f"{CODE}; {books.version}")
    holder = str(uuid.uuid4())

    def settle() -> bool:
        late = time.monotonic() + WAIT_SECONDS
        while store.behind()[1]:
            if store.hold(holder, settings.run.lease_seconds):
                try:
                    while owner.catch_up(holder) is not None:
                        pass
                except LostLeaseError:
                    continue
                finally:
                    store.let_go(holder)
            elif time.monotonic() > late:
                return False
            else:
                time.sleep(LOOK_SECONDS)
        return True

    return settle
