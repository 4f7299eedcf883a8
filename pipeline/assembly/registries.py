"""The registry of a project: its store, the rules that settle it, and who keeps it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.documents import MentionType
from pipeline.registry.keeping import Mirror, RegistryKeeper
from pipeline.registry.owner import CODE, Binding, RegistryOwner
from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.engines.name_books import NameBooks
    from pipeline.registry.comparing import Comparing
    from pipeline.resolution.normal import NormalForms


class Rules:
    """What decides which names are one thing. The books are read when a name is first looked up:
    most commands find nothing to do.
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

    def normal(self, type_: str, words: str) -> str:
        """Give the normal form of a name that a person wrote down."""
        return self._forms(MentionType(type_), words)


def open_registry(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    *,
    engine: Engine | None = None,
    mirror: Mirror | None = None,
) -> RegistryKeeper:
    """Open a project's registry, by its id, to keep it up to date; connects to nothing yet.

    `engine` is a pool that is there already; `mirror` hears of what is written.
    """
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.registry_store import PostgresRegistry

    store = PostgresRegistry(engine or engine_of(urls.database_url), project)
    rules = Rules()

    def make_owner() -> RegistryOwner:
        return RegistryOwner(store, Binding(project, rules.normal), rules, rules.version)

    return RegistryKeeper(
        store,
        make_owner,
        rules.version,
        lease_seconds=settings.run.lease_seconds,
        patience_seconds=settings.run.patience_seconds,
        mirror=mirror,
    )
