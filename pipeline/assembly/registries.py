"""The registry of a project: its store, the rules that settle it, and who keeps it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pipeline.assembly.live import open_mirror
from pipeline.documents import MentionType
from pipeline.registry.growing import Compares
from pipeline.registry.keeping import RegistryKeeper
from pipeline.registry.owner import CODE, Binding, RegistryOwner
from pipeline.registry.profiles import Profile
from pipeline.registry.updates import RegistryStore
from pipeline.registry.verdicts import Comparison
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.engines.name_books import NameBooks
    from pipeline.registry.comparing import Comparing
    from pipeline.resolution.normal import NormalForms


class NameRules(Compares, Protocol):
    """What decides which names are one thing."""

    @property
    def version(self) -> str:
        """Name all that the entities depend on beside names and decisions."""
        ...

    def normal(self, type_: str, words: str, /) -> str:
        """Give the normal form of a name that a person wrote down."""
        ...


class Rules:
    """What decides it for real. The books are read when a name is first looked up: most commands
    find nothing to do.
    """

    @cached_property
    def version(self) -> str:
        """Name all that the entities depend on beside names and decisions."""
        from pipeline.engines.name_books import books_version
        from pipeline.resolution.stage import CODE as NORMAL

        return f"{CODE}; {NORMAL}; {books_version()}"

    @cached_property
    def _books(self) -> NameBooks:
        from pipeline.engines.name_books import NameBooks

        return NameBooks()

    @cached_property
    def _comparing(self) -> Comparing:
        from pipeline.registry.comparing import Comparing

        return Comparing(self._books)

    @cached_property
    def _forms(self) -> NormalForms:
        from pipeline.resolution.normal import NormalForms

        return NormalForms(self._books)

    def profile(self, type_: str, normal: str, /) -> Profile:
        """Take a name apart."""
        return self._comparing.profile(type_, normal)

    def compare(self, one: Profile, other: Profile, /) -> Comparison | None:
        """Compare two names."""
        return self._comparing.compare(one, other)

    def normal(self, type_: str, words: str, /) -> str:
        """Give the normal form of a name that a person wrote down."""
        return self._forms(MentionType(type_), words)


def open_registry(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    rules: NameRules | None = None,
    *,
    engine: Engine | None = None,
    fills: bool = False,
) -> RegistryKeeper:
    """Open a project's registry, by its id, to keep it up to date; connects to nothing yet.

    `rules` are the real ones unless a test says otherwise; `engine` is a pool that is there
    already. What is written is shown in Redis; `fills` is for who keeps the registry while a run
    goes on.
    """
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.registry_store import PostgresRegistry

    store = PostgresRegistry(engine or engine_of(urls.database_url), project)
    return RegistryKeeper(
        store,
        _owner(store, project, rules),
        lease_seconds=settings.run.lease_seconds,
        patience_seconds=settings.run.patience_seconds,
        mirror=open_mirror(settings, urls, project, engine=engine, fills=fills),
    )


def _owner(store: RegistryStore, project: str, rules: NameRules | None = None) -> RegistryOwner:
    """Make what settles a project's entities by the rules."""
    by = rules or Rules()
    return RegistryOwner(store, Binding(project, by.normal), by, by.version)


def open_owner(engine: Engine, project: str, rules: NameRules | None = None) -> RegistryOwner:
    """Make what says how entities should be; it is not asked to write."""
    from pipeline.stores.registry_store import PostgresRegistry

    return _owner(PostgresRegistry(engine, project), project, rules)
