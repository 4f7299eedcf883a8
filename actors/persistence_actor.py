"""Drains the write-behind queue into PostgreSQL.

Order is what keeps everything: commit first, then one script gives the checkpoints their expiry
and drops the entries. A death in between means the entries are read again, and writing them again
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actors.workplace import Workplace
from pipeline import identity
from pipeline.documents import Value
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.protocols import Checkpoints, Entry, Vectors, WriteBehind
from pipeline.stores.publisher import Publisher

VECTORS_A_TIME = 256


class Drained(Value):
    """What one round did. `completed` are documents; `published` are contents that readers see
    now, or that nothing points to any more; `refused` contents with the reason; `depth` is what
    is left in the queue.
    """

    entries: int = 0
    published: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    admitted: int = 0
    depth: int = 0


@dataclass(frozen=True)
class PersistenceWorker:
    """The queue's one reader, with what it writes to.

    The queue is shared by all projects on the same Redis, and whoever reads an entry persists it:
    `publisher_of` gives the publisher of an entry's project, None for one that was deleted.
    """

    project: str
    checkpoints: Checkpoints
    write_behind: WriteBehind
    publisher_of: Callable[[str], Publisher | None]
    vectors: Vectors
    model: str
    batch: int

    def drain(self, block_ms: int) -> Drained:
        """Take what is queued, waiting up to `block_ms` for the first entry, and persist it."""
        entries = self.write_behind.read(self.batch, block_ms)
        report = Drained(entries=len(entries))
        for project in sorted({entry.project for entry in entries}):
            mine = [entry for entry in entries if entry.project == project]
            part = self._persist(project, mine)
            if project == self.project:
                report = part.model_copy(update={"entries": len(entries)})
        if entries:
            self.without_vector()
        return report.model_copy(update={"depth": self.write_behind.depth()})

    def _persist(self, project: str, entries: Sequence[Entry]) -> Drained:
        """Persist the entries of one project. What belongs to none any more is moved away: left
        where it is, a project made anew under the same name would take it for persisted.
        """
        publisher = self.publisher_of(project)
        if publisher is None:
            for entry in entries:
                self.write_behind.refuse(entry, "its project was deleted")
            return Drained()
        found = self.write_behind.load(entries)
        checkpoints = [checkpoint for entry in entries if (checkpoint := found.get(entry.id))]
        persisted = publisher.persist(checkpoints)
        for winner in persisted.winners:
            self.checkpoints.adopt(winner)
        refused = dict(persisted.refused)
        for entry in entries:
            if entry.content in refused:
                self.write_behind.refuse(entry, refused[entry.content])
        self.write_behind.done([entry for entry in entries if entry.content not in refused])
        return Drained(
            published=(*persisted.published, *persisted.gone),
            completed=tuple(persisted.completed),
            refused=tuple(refused.items()),
            admitted=persisted.members_admitted,
        )

    def without_vector(self) -> list[str]:
        """Fill in the vectors the cache has; return some of the texts whose vector is nowhere."""
        publisher = self.publisher_of(self.project) if self.project else None
        missing = publisher.missing_vectors(VECTORS_A_TIME) if publisher else []
        keys = {chunk: identity.text_key(text) for chunk, text in missing}
        vectors = self.vectors.get(self.model, sorted(set(keys.values())))
        found = {chunk: vectors[key] for chunk, key in keys.items() if key in vectors}
        if found and publisher:
            publisher.store_vectors(self.model, found)
        return [text for chunk, text in missing if chunk not in found]


def make_worker(
    settings: Settings, urls: ServiceUrls, project: str, name: str
) -> PersistenceWorker:
    """Build a worker under a name that no other running one has."""
    from pipeline import assembly

    stores = assembly.open_stores(settings, urls)
    return PersistenceWorker(
        project=project,
        checkpoints=stores.checkpoints,
        write_behind=assembly.open_write_behind(settings, urls, name),
        publisher_of=assembly.open_publishers(settings, urls),
        vectors=stores.vectors,
        model=assembly.embedding_model(settings),
        batch=settings.run.persist_batch,
    )


def drain_queue(settings: Settings, urls: ServiceUrls) -> None:
    """Persist all that is queued, of whatever project; for when no run is there to do it.

    Raises UsageError while a run is at work, which would lose its services.
    """
    from pipeline import assembly

    if at_work := assembly.projects_at_work(urls):
        raise UsageError(
            f"a run of {', '.join(at_work)} is at work; stop it first (Ctrl-C where it was started)"
        )
    worker = make_worker(settings, urls, project="", name="drain")
    while worker.drain(0).entries:
        pass


class PersistenceActor:
    """A `PersistenceWorker` that builds itself where it runs."""

    def __init__(self, place: Workplace) -> None:
        self._worker = make_worker(place.settings, place.urls, place.project, place.run)

    def ready(self) -> str:
        """Say that PostgreSQL and the queue answered."""
        return "persistence"

    def drain(self, block_ms: int) -> Drained:
        """See `PersistenceWorker.drain`."""
        return self._worker.drain(block_ms)

    def without_vector(self) -> list[str]:
        """See `PersistenceWorker.without_vector`."""
        return self._worker.without_vector()
