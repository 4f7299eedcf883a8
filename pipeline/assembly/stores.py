"""The stores that the settings name, and what reads and writes them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

from pipeline.assembly.llm import Answers
from pipeline.errors import TemporaryError, UnavailableError, UsageError
from pipeline.llm.showing import Shown
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls, ensure_services
from pipeline.stores.protocols import Backlog, Blobs, Vectors, WriteBehind
from pipeline.stores.tiered_checkpoints import TieredCheckpoints

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.sources import Fetcher
    from pipeline.stores.chunk_vectors import CachedVectors
    from pipeline.stores.known_contexts import KnownContexts
    from pipeline.stores.ledger import Ledger
    from pipeline.stores.ledger_values import Publishing
    from pipeline.stores.publisher import Publisher
    from pipeline.stores.redis_link import RedisLink
    from pipeline.stores.s3_objects import S3Objects
    from pipeline.stores.vector_filling import VectorFilling


MOST_CONNECTIONS = 16

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stores:
    """What a stage reads and writes beside its input and output. `see_store` raises TemporaryError
    if `blobs` are not the ones of this database. Questions to a language model show what `contexts`
    know around chunks, and what is `shown` for the project.
    """

    checkpoints: TieredCheckpoints
    vectors: Vectors
    blobs: Blobs
    see_store: Callable[[], None]
    publisher_of: Callable[[str], Publisher]
    answers: Answers
    contexts: KnownContexts | None = None
    shown: Shown = field(default_factory=Shown)


def open_blobs(settings: Settings) -> Blobs:
    """Open the object store: a folder under the home, or S3 where a URL says so."""
    if settings.object_store_url:
        from pipeline.stores.s3_blobs import S3Blobs

        return S3Blobs.from_url(settings.object_store_url, settings.s3_endpoint_url)
    from pipeline.stores.folder_blobs import FolderBlobs

    return FolderBlobs(settings.home_folder / "objects")


def open_services(settings: Settings) -> ServiceUrls:
    """Find or start PostgreSQL and Redis, bring the schema up to date, and see that both will do.

    A Redis that does not answer is no obstacle: a run goes on without. One that answers and could
    lose what it is given is. Raises UnavailableError or UsageError that says what to do.
    """
    from pipeline.stores import migrating, redis_connection

    urls = ensure_services(settings)
    migrating.migrate(urls.database_url)
    if settings.acceleration == "on":
        client = redis_connection.client_of(urls.redis_url, settings.services.redis_answer_seconds)
        with suppress(TemporaryError), redis_connection.answering():
            redis_connection.check_server(client)
        client.close()
    return urls


def open_stores(settings: Settings, urls: ServiceUrls) -> Stores:
    """Open what a stage actor reads and writes. Connects to nothing yet."""
    from pipeline.stores import store_mark
    from pipeline.stores.memory import NoVectors
    from pipeline.stores.postgres_checkpoints import PostgresCheckpoints
    from pipeline.stores.redis_checkpoints import RedisCheckpoints
    from pipeline.stores.redis_vectors import RedisVectors

    blobs, ttl = open_blobs(settings), settings.run.checkpoint_ttl_seconds
    publisher_of = open_publishers(settings, urls)
    link, engine = open_link(settings, urls), _engine(urls)
    return Stores(
        checkpoints=TieredCheckpoints(
            RedisCheckpoints(link, ttl, blobs) if link else None,
            PostgresCheckpoints(engine, publisher_of, blobs),
        ),
        vectors=RedisVectors(link, ttl) if link else NoVectors(),
        blobs=blobs,
        see_store=partial(store_mark.see, engine, blobs),
        publisher_of=publisher_of,
        answers=Answers(_engine(urls, _at_once(settings)), link, ttl),
    )


def open_link(settings: Settings, urls: ServiceUrls) -> RedisLink | None:
    """Make this process's way to Redis; None in database mode by choice."""
    from pipeline.stores.redis_link import RedisLink

    if settings.acceleration == "off":
        return None
    return RedisLink(urls.redis_url, answer_seconds=settings.services.redis_answer_seconds)


def open_write_behind(settings: Settings, link: RedisLink, reader: str) -> WriteBehind:
    """Open the write-behind queue for a reader; one of the same name takes up what it held."""
    from pipeline.stores.redis_write_behind import RedisWriteBehind

    run = settings.run
    return RedisWriteBehind(
        link,
        reader,
        run.checkpoint_ttl_seconds,
        # What a reader has not acknowledged for as long as its run's lease lasts is anybody's.
        claim_idle_ms=int(run.lease_seconds * 1000),
        blobs=open_blobs(settings),
    )


def open_backlog(settings: Settings, urls: ServiceUrls) -> Callable[[], Backlog] | None:
    """Give a function that reads how much PostgreSQL does not have yet; None without Redis. It
    raises RedisAwayError.
    """
    link = open_link(settings, urls)
    return None if link is None else open_write_behind(settings, link, "").backlog


def open_filling(settings: Settings, stores: Stores, project: str) -> VectorFilling:
    """Make what fills in the vectors of a project's chunks."""
    from pipeline.stores.vector_filling import VectorFilling

    publisher = stores.publisher_of(project)
    return VectorFilling(publisher, stores.vectors, model_name(settings.embedding_model))


def model_name(embedding_model: str) -> str:
    """Name an embedding model as the cache knows it."""
    from pipeline.engines.sentence_embedder import SentenceEmbedder

    return SentenceEmbedder(embedding_model).name


def _publishing(settings: Settings) -> Publishing:
    """Say what publishing depends on, as the settings have it."""
    from pipeline.stores.ledger_values import Publishing

    return Publishing(archive=settings.limits.archive, embedding_model=settings.embedding_model)


def open_objects(settings: Settings) -> S3Objects:
    """Make what lists and reads sources in S3; it asks for nothing until it is asked."""
    from pipeline.stores.s3_objects import S3Objects

    return S3Objects(settings.s3_endpoint_url)


def open_fetcher(settings: Settings, stores: Stores) -> Fetcher:
    """Make what reads sources."""
    from pipeline.engines.media_types import detect
    from pipeline.sources import Fetcher

    return Fetcher(stores.blobs, detect, open_objects(settings), stores.see_store)


def open_ledger(settings: Settings, urls: ServiceUrls) -> Ledger:
    """Open the ledger of projects, runs and documents."""
    from pipeline.stores.ledger import Ledger

    return Ledger(
        _engine(urls),
        blobs=open_blobs(settings),
        publishing=_publishing(settings),
    )


def open_publishers(settings: Settings, urls: ServiceUrls) -> Callable[[str], Publisher]:
    """Give the publisher of each project. One that has seen its project with another plan is made
    anew.

    One that this version cannot read has a publisher that only writes: it comes up in a queue that
    is shared, and who can read it publishes what is written. Of one that was deleted nothing is
    there to write to: its publisher leaves what results name to the sweep.
    """
    from pipeline.stores.ledger import Ledger
    from pipeline.stores.publisher import Publisher

    engine = _engine(urls)
    blobs = open_blobs(settings)
    link = open_link(settings, urls)
    cache_of = _cache_of(link, settings.run.checkpoint_ttl_seconds) if link else None
    ledger = Ledger(engine, blobs=blobs)
    known: dict[str, Publisher] = {}

    def publisher_of(project: str) -> Publisher:
        if project in known and not known[project].outdated:
            return known[project]
        plan_, there = None, True
        try:
            plan_ = ledger.plan_of(project)
            there = plan_ is not None
        except UsageError as error:
            logger.warning("results are written and not published: %s", error)
        publisher = Publisher(engine, project, plan_, blobs, _publishing(settings), cache_of)
        if there:  # one that is not may be made anew
            known[project] = publisher
        return publisher

    return publisher_of


def _cache_of(link: RedisLink, ttl: int) -> Callable[[str], CachedVectors | None]:
    """Give the embedding cache for each model; None for one that is not installed here: the runs of
    the project that takes it fill in what is published without vectors.
    """
    from pipeline.stores.chunk_vectors import CachedVectors
    from pipeline.stores.redis_vectors import RedisVectors

    vectors = RedisVectors(link, ttl)

    @cache  # A name has a hash of the weights in it.
    def cache_of(embedding_model: str) -> CachedVectors | None:
        try:
            return CachedVectors(vectors, model_name(embedding_model))
        except (ImportError, UnavailableError) as error:
            logger.warning("results are published without vectors: %s", error)
            return None

    return cache_of


def open_progress(settings: Settings, urls: ServiceUrls, run: str) -> Callable[[str], bool]:
    """Give a function that tells other processes where a run is: a JSON text, kept a minute. It
    says no where Redis does not serve: then it is for `Ledger.tell`.
    """
    from pipeline.stores import keys

    link = open_link(settings, urls)

    def tell(snapshot: str) -> bool:
        if link is not None:
            with suppress(TemporaryError), link.answering() as client:
                client.set(keys.run(run, "progress"), snapshot, ex=60)
                return True
        return False

    return tell


def _at_once(settings: Settings) -> int:
    """Say for how many questions at once connections are kept: each is taken on and kept by one."""
    return min(settings.llm.concurrency, MOST_CONNECTIONS)


def _engine(urls: ServiceUrls, connections: int = 4) -> Engine:
    """Make the connections of a process that waits for PostgreSQL; none is opened yet."""
    from pipeline.stores import postgres

    return postgres.engine_of(urls.database_url, pool_size=connections)
