"""What questions to a language model show beside documents: who says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.assembly.stages import waits
from pipeline.assembly.stores import Stores, open_link
from pipeline.llm.example_sets import Task
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls

if TYPE_CHECKING:
    from pipeline.stores.content_sketches import ContentSketches
    from pipeline.stores.example_pins import UsedExamples
    from pipeline.stores.known_contexts import KnownContexts
    from pipeline.stores.snapshot_making import Made


def open_examples(settings: Settings, urls: ServiceUrls) -> UsedExamples:
    """Open what says which examples a project uses. Connects to nothing yet."""
    from pipeline.stores import postgres
    from pipeline.stores.example_pins import ExamplePins
    from pipeline.stores.redis_examples import CachedExamples

    pins, link = ExamplePins(postgres.engine_of(urls.database_url)), open_link(settings, urls)
    return CachedExamples(pins, link, settings.run.checkpoint_ttl_seconds) if link else pins


def shown_for(settings: Settings, urls: ServiceUrls, project: str) -> Shown:
    """Say what questions about a project's documents show, by its id: what it has pinned. Nothing
    is read where no stage asks.

    Raises TemporaryError where PostgreSQL does not answer, and UsageError for a schema that is
    wrong.
    """
    from pipeline.llm.schema_file import read_schema

    if not waits(settings):
        return Shown()
    domain = read_schema(settings.llm.schema_file).name
    examples = open_examples(settings, urls)
    of_project = settings.llm.context == "project"
    return Shown(
        {task: examples.used(project, domain, task) for task in Task},
        pinned_context(urls, project) if of_project else None,
    )


def with_shown(
    stores: Stores, settings: Settings, urls: ServiceUrls, project: str, shown: Shown
) -> Stores:
    """Add what questions about a project's documents show. Connects to nothing yet."""
    return replace(
        stores, shown=shown, contexts=open_contexts(settings, urls, project, shown.snapshot)
    )


def open_contexts(
    settings: Settings, urls: ServiceUrls, project: str, snapshot: str | None
) -> KnownContexts:
    """Open what is known around the chunks of a project, by its id: what a document says itself,
    and what the `snapshot` of that hash says. Connects to nothing yet.
    """
    from pipeline.stores.known_contexts import KnownContexts, KnownSnapshot
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.redis_snapshot import RedisSnapshot
    from pipeline.stores.snapshot_rows import StoredSnapshot

    sketches = _sketches(settings, urls)
    if snapshot is None:
        return KnownContexts(sketches)
    link = sketches.link
    return KnownContexts(
        sketches,
        KnownSnapshot(
            RedisSnapshot(link, project, snapshot) if link else None,
            StoredSnapshot(engine_of(urls.database_url), project, snapshot),
        ),
    )


def pinned_context(urls: ServiceUrls, project: str) -> str | None:
    """Give the hash of the snapshot that a project uses; None if it has none."""
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.snapshot_rows import pinned

    engine = engine_of(urls.database_url, pool_size=1)
    try:
        found = pinned(engine, project)
    finally:
        engine.dispose()
    return found.hash if found else None


def refresh_context(settings: Settings, urls: ServiceUrls, project: str) -> Made:
    """Make a snapshot of what is published of a project, and let the project use it from now on.

    Raises TemporaryError where PostgreSQL does not answer, or something was forgotten meanwhile.
    """
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.snapshot_making import make_snapshot

    sketches = _sketches(settings, urls)
    engine = engine_of(urls.database_url)
    try:
        return make_snapshot(engine, project, sketches.model, sketches.of)
    finally:
        engine.dispose()
        sketches.engine.dispose()


def _sketches(settings: Settings, urls: ServiceUrls) -> ContentSketches:
    """Make what sketches chunks, by the model that embeds them."""
    from pipeline.engines.sentence_embedder import SentenceEmbedder
    from pipeline.stores.content_sketches import ContentSketches
    from pipeline.stores.memory import NoVectors
    from pipeline.stores.postgres import engine_of
    from pipeline.stores.redis_vectors import RedisVectors

    embedder = SentenceEmbedder(settings.embedding_model)
    link, ttl = open_link(settings, urls), settings.run.checkpoint_ttl_seconds
    return ContentSketches(
        engine_of(urls.database_url),
        link,
        RedisVectors(link, ttl) if link else NoVectors(),
        embedder.name,
        lambda texts: list(embedder.embed(texts)),
        ttl,
    )
