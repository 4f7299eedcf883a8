"""What the coordinator asks of a stage actor, and what it hears: frozen values, ids, never text."""

from __future__ import annotations

from pipeline.documents import DocumentFailure, PageRange, StageName, Value
from pipeline.sources import Identified, Located
from pipeline.stage import Chain, Link
from pipeline.stores.protocols import CacheUse, Persisted


class Task(Value):
    """One content for one stage, as a stage actor gets it: ids, never text.

    Of the documents that have these bytes, `document_id` is the one whose source is read.
    `durable` means that its checkpoints go to PostgreSQL before the next stage begins: what was
    lost on the way once too often is not lost again. Of a document that is read in ranges of
    pages, it is for one of them, or for joining all that it `joins`.
    """

    content_id: str
    document_id: str
    located: Located
    identified: Identified
    chain: Chain
    durable: bool = False
    pages: PageRange | None = None
    joins: tuple[PageRange, ...] = ()

    @property
    def key(self) -> str:
        """Name it among all that a run has under way."""
        return f"{self.content_id}#{self.pages}" if self.pages else self.content_id

    def at(self, chain: Chain, *, durable: bool) -> Task:
        """Give the same at the gap of a chain."""
        return self.model_copy(update={"chain": chain, "durable": durable, "joins": ()})

    def read_from(self, document_id: str, located: Located) -> Task:
        """Give the same with another document's source, from the beginning."""
        return self.model_copy(update={"document_id": document_id, "located": located, "joins": ()})


class Outcome(Value):
    """What a stage actor says of one task.

    `link` is the checkpoint that is there now, `reused` if it was there before; of a range of pages
    `part` says that its part is. `count` means that the document has so many pages that it is to be
    read in ranges. None of these and no `failure` means that an input is gone: back to the first
    gap, nobody to blame. `unreadable`
    says what was wrong with one that was there: only what is made again and again and never can be
    read fails by it.
    `changed` means that the source is no longer what was identified, `unread` says why it cannot be
    read: both are about the task's document alone, not about others with the same content.
    """

    content_id: str
    link: Link | None = None
    failure: DocumentFailure | None = None
    reused: bool = False
    part: bool = False
    count: int = 0
    changed: bool = False
    unread: DocumentFailure | None = None
    unreadable: DocumentFailure | None = None
    seconds: float = 0.0

    @property
    def is_sourceless(self) -> bool:
        """Say whether the content has to be read from another document's source."""
        return self.changed or self.unread is not None


class Answer(Value):
    """What a stage actor says of one call: an outcome for each task, what became durable with it,
    why Redis did not serve, what its caches of embeddings and of language models' answers were
    asked for and had, how many seconds it `waited` for checkpoints to be read and written, and by
    how many bytes its process has `grown` since its models were loaded.
    """

    outcomes: tuple[Outcome, ...]
    persisted: Persisted | None = None
    trouble: str = ""
    embeddings: CacheUse = CacheUse()
    answers: CacheUse = CacheUse()
    waited: float = 0.0
    grown: int = 0


class Call(Value):
    """One call to one actor of a stage. `suspect` means that its one task was in a call that was
    lost, and runs now to see whether it is to blame: alone, or with fewer other suspects than
    `company` where the stage waits for a language model.
    """

    number: int
    stage: StageName
    actor: int
    tasks: tuple[Task, ...]
    suspect: bool = False
    company: int = 1
