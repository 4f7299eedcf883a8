"""What every actor of a run is told when it is built: small, plain, and free of connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.assembly import Hosted, NameRules, Rules, Stores
from pipeline.documents import StageName
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stage import STAGES, Chain, Plan
from pipeline.stores.embedded import ServiceUrls

HostStage = Callable[[StageName, Settings, Stores], Hosted]
"""Builds one stage where it is to run, its models loaded."""


@dataclass(frozen=True)
class Workplace:
    """The settings, where the services are, and which project and run this is.

    `host` builds the stages whose identities `plan` names, `rules` what entities are made by.
    `waits` names the stages that wait for a language model, and says how many documents each of
    their actors works on at once; the others compute. Their questions show what is `shown`. `last`
    is the last stage that is run: of one before the end nothing is published, and its documents are
    left pending.
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

    @property
    def stages(self) -> Sequence[StageName]:
        """Name the stages that are run."""
        return STAGES[: STAGES.index(self.last) + 1]

    def is_past(self, chain: Chain) -> bool:
        """Say whether a content has all that is to be made of it, and waits for no publication."""
        return chain.gap is not None and chain.gap not in self.stages
