"""Drains the write-behind queue into PostgreSQL.

Order is what keeps everything: commit first, then one script gives the checkpoints their expiry
and drops the entries. A death in between means the entries are read again, and writing them again
changes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from actors.actor_log import begin_log
from actors.last_words import Whereabouts, whereabouts
from actors.memory import Growth
from actors.mode import BY_CHOICE
from actors.workplace import Workplace
from pipeline.documents import Value
from pipeline.errors import RedisAwayError, UnavailableError, UsageError
from pipeline.identity import is_id
from pipeline.settings import Settings
from pipeline.stores import embedded_postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.protocols import (
    Backlog,
    Checkpoint,
    Checkpoints,
    Entry,
    Persisted,
    WriteBehind,
)
from pipeline.stores.publisher import Publisher
from pipeline.stores.vector_filling import VectorFilling

OVER = "the run is over"
POLL_MS, LONGEST_WAIT_SECONDS = 200, 30.0


class Drained(Value):
    """What one round did: `entries` were taken, `persisted` is what became durable for the run's
    own project, `backlog` is what is left. `away` says why Redis was not there; then nothing is
    known of the backlog. `grown` is by how many bytes the process has since it was made.
    """

    entries: int = 0
    persisted: Persisted = Persisted()
    backlog: Backlog = Backlog()
    away: str = ""
    grown: int = 0


@dataclass(frozen=True)
class PersistenceWorker:
    """The queue's one reader, with what it writes to.

    The queue is shared by all projects on the same Redis, and whoever reads an entry persists it:
    `publisher_of` gives the publisher of an entry's project, also of one that was deleted.
    """

    project: str
    checkpoints: Checkpoints
    write_behind: WriteBehind
    publisher_of: Callable[[str], Publisher]
    filling_of: Callable[[str], VectorFilling]
    batch: int

    def drain(self, block_ms: int) -> Drained:
        """Take what is queued, waiting up to `block_ms` for the first entry, and persist it.

        Raises TemporaryError if PostgreSQL, or the object store, does not answer.
        """
        try:
            taken = self.write_behind.read(self.batch, block_ms)
            found = self.write_behind.load(taken)
        except RedisAwayError as error:
            return Drained(away=str(error))
        loaded = [entry for entry in taken if entry.id in found]
        entries = [entry for entry in loaded if _is_ours(entry)]
        report = Drained(entries=len(loaded))
        try:
            for entry in loaded:
                if not _is_ours(entry):
                    self.write_behind.refuse(entry, "it names no project or no content")
            # The run's own project last: what was committed for it is always told.
            projects = {entry.project for entry in entries}
            for project in sorted(projects, key=lambda project: (project == self.project, project)):
                mine = [entry for entry in entries if entry.project == project]
                persisted = self._write(project, mine, found)
                if project == self.project:
                    light = persisted.model_copy(update={"winners": ()})
                    report = report.model_copy(update={"persisted": light})
                self._settle(mine, found, persisted)
            return report.model_copy(update={"backlog": self.write_behind.backlog()})
        except RedisAwayError as error:
            # What was committed is told all the same; its entries are read again some time.
            return report.model_copy(update={"away": str(error)})

    def leave(self) -> None:
        """Leave the queue: it is not drained by this worker any more."""
        # Where Redis is away, whoever leaves it next forgets this reader as well.
        with suppress(RedisAwayError):
            self.write_behind.leave()

    def fill_vectors(self) -> bool:
        """Fill in the vectors of the run's own project that the cache has by now, and say whether
        every published chunk has one then. Raises TemporaryError.
        """
        return self.filling_of(self.project).from_cache()

    def _write(
        self, project: str, entries: Sequence[Entry], found: Mapping[str, Checkpoint | None]
    ) -> Persisted:
        """Persist the entries of one project."""
        publisher = self.publisher_of(project)
        return publisher.persist([x for entry in entries if (x := found.get(entry.id))])

    def _settle(
        self,
        entries: Sequence[Entry],
        found: Mapping[str, Checkpoint | None],
        persisted: Persisted,
    ) -> None:
        """Tell Redis what PostgreSQL has now. What was gone may have been put again by now, and has
        an entry of its own then.
        """
        self.checkpoints.adopt(persisted.winners)
        refused = dict(persisted.refused)
        for entry in entries:
            if entry.content in refused:
                self.write_behind.refuse(entry, refused[entry.content])
        taken = [entry for entry in entries if entry.content not in refused]
        self.write_behind.done(
            [entry for entry in taken if found[entry.id]],
            [entry for entry in taken if not found[entry.id]],
        )
        # What comes late for a content that was forgotten meanwhile, or went with its project,
        # leaves no trace; and who brings the content back would take it for persisted.
        late = [entry.key for entry in entries if entry.content in set(persisted.gone)]
        self.checkpoints.discard(late)


def _is_ours(entry: Entry) -> bool:
    """Say whether PostgreSQL can be asked about what an entry names."""
    return is_id(entry.project) and is_id(entry.content)


def make_worker(
    settings: Settings, urls: ServiceUrls, project: str, name: str
) -> PersistenceWorker | None:
    """Build a worker under a name that no other running one has; None without Redis."""
    from pipeline import assembly
    from pipeline.stores.redis_checkpoints import RedisCheckpoints

    link = assembly.open_link(settings, urls)
    if link is None:
        return None
    stores = assembly.open_stores(settings, urls)
    return PersistenceWorker(
        project=project,
        checkpoints=RedisCheckpoints(link, settings.run.checkpoint_ttl_seconds, stores.blobs),
        write_behind=assembly.open_write_behind(settings, link, name),
        publisher_of=stores.publisher_of,
        filling_of=lambda of: assembly.open_filling(settings, stores, of),
        batch=settings.run.persist_batch,
    )


def drain_queue(settings: Settings, urls: ServiceUrls) -> int:
    """Persist all that is queued, of whatever project, for when no run is there to do it; return
    how many results stay: where PostgreSQL is an embedded one that does not run, or a reader that
    died a moment ago still holds them and they do not come free in time.

    Raises UsageError while a run is at work, which would lose its services, UnavailableError if
    Redis does not answer: what it holds cannot be told; TemporaryError if PostgreSQL does not.
    """
    from pipeline import assembly

    accelerated = settings.model_copy(update={"acceleration": "on"})
    if settings.database_url is None and embedded_postgres.running(settings.home_folder) is None:
        look = assembly.open_backlog(accelerated, urls)
        return look().entries if look is not None else 0
    if at_work := assembly.projects_at_work(urls):
        raise UsageError(
            f"a run of {', '.join(at_work)} is at work; stop it first (Ctrl-C where it was started)"
            f", or wait {settings.run.lease_seconds:.0f} s if it was killed"
        )
    worker = make_worker(accelerated, urls, project="", name="drain")
    if worker is None:
        return 0
    # As long as a lease lasts, what a dead reader had taken is nobody else's.
    wait = min(settings.run.lease_seconds + 1.0, LONGEST_WAIT_SECONDS)
    late = time.monotonic() + wait
    block_ms = 0
    while True:
        report = worker.drain(block_ms)
        if report.away:
            raise UnavailableError(f"the queue cannot be drained: {report.away}")
        if report.entries:
            late = time.monotonic() + wait
        elif not report.backlog.entries or time.monotonic() > late:
            worker.leave()
            return report.backlog.entries
        else:
            block_ms = POLL_MS


class PersistenceActor:
    """A `PersistenceWorker` that builds itself where it runs."""

    def __init__(self, place: Workplace) -> None:
        place = place.opened()
        begin_log(place, "persistence")
        self._worker = make_worker(place.settings, place.urls, place.project, place.run)
        self._away = BY_CHOICE
        self._growth = Growth()

    def where(self) -> Whereabouts:
        """Say where this process is."""
        return whereabouts()

    def alive(self) -> None:
        """Answer, while another thread is at work."""

    def ready(self) -> str:
        """Say that it was built; the stores are asked when they are needed."""
        return "persistence"

    def drain(self, block_ms: int) -> Drained:
        """See `PersistenceWorker.drain`; without a queue there is nothing to drain."""
        if self._worker is None:
            time.sleep(block_ms / 1000)
            return Drained(away=self._away)
        report = self._worker.drain(block_ms)
        return report.model_copy(update={"grown": self._growth.bytes})

    def leave(self) -> None:
        """Leave the queue at the end of a run. A call to `drain` that comes later does nothing: it
        would be a reader again.
        """
        if self._worker is not None:
            self._worker.leave()
            self._worker, self._away = None, OVER

    def fill_vectors(self) -> bool:
        """See `PersistenceWorker.fill_vectors`; without a cache nothing is known."""
        return self._worker is not None and self._worker.fill_vectors()

    def end(self) -> NoReturn:
        """End this process without an answer. What it has read it reads again when it is back."""
        os._exit(0)
