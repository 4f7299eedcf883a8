"""What every actor of a run is told when it is built: small, plain, and free of connections."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from actors.node_settings import Marks, this_machine, with_own, without_own
from pipeline.assembly import Hosted, NameRules, Rules, Stores
from pipeline.documents import StageName
from pipeline.errors import UnavailableError, UsageError
from pipeline.llm.showing import Shown
from pipeline.settings import Settings, load_settings
from pipeline.stage import STAGES, Chain, Plan
from pipeline.stores.embedded import ServiceUrls, find_services

HostStage = Callable[[StageName, Settings, Stores], Hosted]
"""Builds one stage where it is to run, its models loaded."""


@dataclass(frozen=True)
class Workplace:
    """The settings, where the services are, and which project and run this is.

    `host` builds the stages whose identities `plan` names, `rules` what entities are made by.
    `waits` names the stages that wait for a language model, and says how many documents each of
    their actors works on at once; the others compute. Their questions show what is `shown`. `last`
    is the last stage that is run: of one before the end nothing is published, and its documents are
    left pending. One that is `sealed` by marks has no endpoint and no secret in it. `called` is
    the project's name, for who watches.
    """

    settings: Settings
    urls: ServiceUrls
    project: str
    run: str
    plan: Plan
    host: HostStage
    rules: Callable[[], NameRules] = Rules
    waits: Mapping[StageName, int] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    last: StageName = STAGES[-1]
    marks: Marks | None = None
    called: str = ""

    @property
    def stages(self) -> Sequence[StageName]:
        """Name the stages that are run."""
        return STAGES[: STAGES.index(self.last) + 1]

    def is_past(self, chain: Chain) -> bool:
        """Say whether a content has all that is to be made of it, and waits for no publication."""
        return chain.gap is not None and chain.gap not in self.stages

    def sealed(self) -> Workplace:
        """Take out what each node knows from its own environment: Ray keeps what actors are built
        with, and shows it.
        """
        return replace(
            self,
            settings=without_own(self.settings),
            urls=ServiceUrls(database_url="", redis_url=""),
            marks=Marks.made(self.settings, this_machine()),
        )

    def opened(self) -> Workplace:
        """Add what this node knows, where it is to. Raises UnavailableError that names the node and
        the setting if that leads elsewhere than where the run was started.
        """
        if self.marks is None:
            return self
        node = socket.gethostname()
        try:
            settings = with_own(self.settings, load_settings())
        except UsageError as error:
            raise UnavailableError(f"on the node {node}: {error}") from error
        difference = self.marks.difference(settings, this_machine(), asks=bool(self.waits))
        if difference:
            raise UnavailableError(f"the node {node} {difference}")
        return replace(self, settings=settings, urls=find_services(settings), marks=None)
