"""A `LedgerCase` whose checkpoints go through a real Redis and its queue."""

from __future__ import annotations

from dataclasses import dataclass

from ledger_case import LedgerCase

from actors.persistence_actor import PersistenceWorker
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.publisher import Publisher
from pipeline.stores.redis_checkpoints import RedisCheckpoints
from pipeline.stores.redis_write_behind import RedisWriteBehind
from pipeline.stores.vector_filling import VectorFilling
from tests.checkpoint_case import link_to

TABLES = (
    "documents", "contents", "stage_results", "chunks", "mentions", "names", "relationships",
    "failures",
)  # fmt: skip


@dataclass
class StoreCase(LedgerCase):
    """A project whose checkpoints go through a real Redis."""

    url: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.link = link_to(self.url)
        self.fast = RedisCheckpoints(self.link, 1000, self.blobs)
        self.queue = RedisWriteBehind(self.link, "test", 1000, blobs=self.blobs)
        self.worker = PersistenceWorker(
            project=self.project,
            checkpoints=self.fast,
            write_behind=self.queue,
            publisher_of=self.publisher_of,
            filling_of=lambda project: VectorFilling(
                self.publisher_of(project), MemoryVectors(), "test"
            ),
            batch=100,
        )

    def publisher_of(self, project: str) -> Publisher:
        return Publisher(self.engine, project, self.plan, self.blobs, self.limits)

    @property
    def forgetting(self) -> Forgetting:
        return self.forgetting_with(ForgottenCopies(self.link, self.blobs))

    def forgetting_with(self, copies: ForgottenCopies) -> Forgetting:
        return Forgetting(self.engine, self.project, self.blobs, copies, copies.sweep)

    def close(self) -> None:
        self.link.client.close()

    def put(self, made: list[Checkpoint]) -> None:
        self.fast.put(self.project, made)

    def drain(self) -> None:
        while self.worker.drain(0).entries:
            pass

    def bring(self, name: str, data: str, *people: str) -> str:
        """Bring a document all the way, through Redis and the queue; return its run."""
        run = self.run()
        self.claimed(run, f"{name}.txt")
        self.identify(run, **{name: data})
        self.put(self.checkpoints(data, None, *people))
        self.drain()
        return run

    def counts(self) -> dict[str, int]:
        return {table: self.value(f"SELECT count(*) FROM {table}") for table in TABLES}
