"""What a run has claimed: its documents, the contents they wait for, and how many are done.

Plain bookkeeping, without Ray or store. All of it can be rebuilt from PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from actors.waits import Waits
from pipeline.documents import DocumentFailure, StageName
from pipeline.sources import Located
from pipeline.stores.ledger import Claimed


@dataclass(frozen=True)
class Expected:
    """How many documents a run is to work on, as far as that is known. `more` says that a walk over
    the sources is still at work and may bring others, `failed` that it could not go on.
    """

    total: int
    more: bool = False
    failed: bool = False


FailedRow = tuple[str, int, DocumentFailure]

CHANGES = 3


@dataclass
class Claims:
    """The documents of one run. Counts are of documents; `total` grows with admitted members, and
    with what is `expected`.
    """

    total: int
    expected: Expected = field(default_factory=lambda: Expected(0))
    completed: int = 0
    failed: int = 0
    waits: Waits = field(default_factory=Waits)
    _documents: dict[str, Claimed] = field(default_factory=dict)
    _aside: set[str] = field(default_factory=set)
    _waiting: dict[str, set[str]] = field(default_factory=dict)
    _content: dict[str, str] = field(default_factory=dict)
    _processed: set[str] = field(default_factory=set)
    _changes: dict[str, int] = field(default_factory=dict)

    @property
    def processed(self) -> int:
        """Count the documents that have gone through all stages, also those that came when their
        content had. What is persisted is processed too, so this is never the smaller number.
        """
        return self.completed + sum(len(self._waiting.get(x, ())) for x in self._processed)

    @property
    def unclaimed(self) -> int:
        """Count the documents that are neither held nor done, as far as this run knows."""
        held = len(self._documents) + len(self._aside)
        return max(self.total - self.completed - self.failed - held, 0)

    def __contains__(self, document: str) -> bool:
        return document in self._documents or document in self._aside

    def add(self, claimed: Iterable[Claimed]) -> None:
        """Take in documents that were claimed. One that is claimed anew waits for nothing any more:
        what comes late of a content it waited for is about the bytes of before.
        """
        for document in claimed:
            self._wait_no_more(document.document_id)
            self._documents[document.document_id] = document
            self._aside.discard(document.document_id)

    def expect(self, expected: Expected) -> bool:
        """Hear how many documents there are by now; say if there are more than before."""
        grown = expected.total - self.expected.total
        self.total += grown
        self.expected = expected
        return grown > 0

    def holds(self, claimed: Claimed) -> bool:
        """Say whether a document is still the run's own under that claim."""
        return self._documents.get(claimed.document_id) == claimed

    def renumber(self, claims: Mapping[str, int]) -> None:
        """Hold documents under the numbers of their newest claims."""
        for document, claim in claims.items():
            if held := self._documents.get(document):
                self._documents[document] = held.model_copy(
                    update={"claim": claim, "attempts": held.attempts + 1}
                )

    def lose(self, documents: Iterable[str]) -> None:
        """Let go of documents that another run has by now."""
        for document in documents:
            self._documents.pop(document, None)

    def located(self, document: str) -> Located:
        """Say where a document's bytes are."""
        return locate(self._documents[document])

    def source(self, content: str) -> tuple[str, Located] | None:
        """Name a document that waits for a content, and say where its bytes are; None without."""
        for document in self.waiting(content):
            if document in self._documents:
                return document, self.located(document)
        return None

    def wait(self, content: str, document: str) -> None:
        """Let a document wait for its content; a copy waits for the same one."""
        self._wait_no_more(document)
        self._waiting.setdefault(content, set()).add(document)
        self._content[document] = content

    def _wait_no_more(self, document: str) -> None:
        """Let a document wait for no content, whichever it did."""
        if (content := self._content.pop(document, None)) is not None:
            self._waiting.get(content, set()).discard(document)

    def leave(self, content: str, document: str) -> bool:
        """Let a document wait for a content no longer, and say if it did."""
        left = self._content.get(document) == content
        if left:
            self._wait_no_more(document)
        return left

    def changed(self, document: str) -> DocumentFailure | None:
        """Count that a document's source was another when it was read. It is looked at again, but
        not without end: say why it fails once it was so `CHANGES` times.
        """
        times = self._changes[document] = self._changes.get(document, 0) + 1
        if times < CHANGES:
            return None
        return DocumentFailure(
            stage=StageName.OCR,
            error="source_changing",
            message=f"it was changed {times} times while it was read; run again when nobody "
            "writes to it",
        )

    def count_processed(self, contents: Iterable[str]) -> None:
        """Count contents that have gone through all stages and are not published yet."""
        self._processed.update(contents)

    def publish(
        self, contents: Iterable[str], documents: Iterable[str], others: Collection[str] = ()
    ) -> None:
        """Settle what was published: nothing waits for `contents`, and `documents` are done.

        Those that `others` have, runs at work beside this one, are counted there; what a run that
        is over left in the queue is counted by who persists it.
        """
        for content in contents:
            self.waits.end(content)
            self.abandon(content)
        for document in documents:
            mine = self._documents.pop(document, None)
            self.completed += mine is not None or document not in others

    def waiting(self, content: str) -> list[str]:
        """Name the documents that wait for a content."""
        return sorted(self._waiting.get(content, ()))

    def abandon(self, content: str) -> list[str]:
        """Name the documents that waited for a content, and let none wait for it any more."""
        self._processed.discard(content)
        self.waits.drop(content)
        documents = sorted(self._waiting.pop(content, ()))
        for document in documents:
            del self._content[document]
        return documents

    def set_aside(self, documents: Iterable[str]) -> None:
        """Keep no more of documents that are read as far as they are wanted than that they are
        claimed until the run ends.
        """
        for document in documents:
            if self._documents.pop(document, None):
                self._aside.add(document)

    def count_failed(self, documents: Iterable[str]) -> None:
        """Settle documents that failed where they were identified."""
        for document in documents:
            self.failed += self._documents.pop(document, None) is not None

    def fail(self, documents: Iterable[str], failure: DocumentFailure) -> list[FailedRow]:
        """Settle documents that failed: (document, claim, failure) of each that is still ours."""
        rows = [
            (document, claimed.claim, failure)
            for document in documents
            if (claimed := self._documents.pop(document, None))
        ]
        self.failed += len(rows)
        return rows


def locate(document: Claimed) -> Located:
    """Say where a claimed document's bytes are."""
    return Located(uri=document.uri, name=document.name, blob=document.blob)
