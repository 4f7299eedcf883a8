"""What every actor of a run is told when it is built: small, plain, and free of connections."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.embedded import ServiceUrls


@dataclass(frozen=True)
class Workplace:
    """The settings, where the services are, and which project and run this is."""

    settings: Settings
    urls: ServiceUrls
    project: str
    run: str
    plan: Plan
