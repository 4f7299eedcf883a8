"""The examples that questions to a language model show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.assembly.stores import open_link
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from pipeline.stores.example_pins import UsedExamples


def open_examples(settings: Settings, urls: ServiceUrls) -> UsedExamples:
    """Open what says which examples a project uses. Connects to nothing yet."""
    from pipeline.stores import postgres
    from pipeline.stores.example_pins import ExamplePins
    from pipeline.stores.redis_examples import CachedExamples

    pins, link = ExamplePins(postgres.engine_of(urls.database_url)), open_link(settings, urls)
    return CachedExamples(pins, link, settings.run.checkpoint_ttl_seconds) if link else pins
