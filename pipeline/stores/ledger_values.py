"""What the ledger takes and gives: frozen values."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline.documents import Value
from pipeline.settings import ArchiveLimits
from pipeline.stage import Chain, Plan
from pipeline.walking import FoundFile

Found = FoundFile
"""A file that was come across: `uri`, `source`, `size`, `stamp`."""


class ProjectRow(Value):
    """A project. `configuration_digest` is its plan's."""

    id: str
    name: str
    configuration_digest: str


class OpenedProject(ProjectRow):
    """A project as a run opened it. `plan` is the settings' plan with the project's generations."""

    plan: Plan


class Publishing(Value):
    """What publishing depends on and no stage's output does, as the last run of a project had it:
    whoever reads the queue publishes for all projects, and not by its own settings.
    """

    archive: ArchiveLimits
    embedding_model: str


class Recorded(Value):
    """How many of the recorded documents were new, had changed, or were as before; and by how many
    more are to be worked on now, and fewer are settled (completed or failed).
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    opened: int = 0
    unsettled: int = 0

    def joined(self, more: Recorded) -> Recorded:
        """Add those of another batch."""
        mine, theirs = self.model_dump(), more.model_dump()
        return Recorded(**{name: mine[name] + theirs[name] for name in mine})


class Claimed(Value):
    """A document that a run works on.

    `claim` is the number of this claim, which no other one ever has; `attempts` counts it.
    `next_*` say what its bytes were when it was last identified. `same_bytes` says that they are so
    still: readers see that content, no walk found the source changed since or was told to look
    again, and only the stages are others.
    """

    document_id: str
    uri: str
    source: str
    blob: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    depth: int = 0
    size: int
    stamp: str
    attempts: int
    claim: int
    next_content_id: str | None = None
    next_sha256: str | None = None
    next_media_type: str | None = None
    next_size: int | None = None
    same_bytes: bool = False

    @property
    def name(self) -> str:
        """Give the file's own name."""
        return PurePosixPath(self.source).name


class Identified(Value):
    """What the bytes of a document are that was claimed under the number `claim`."""

    document_id: str
    claim: int
    sha256: str
    media_type: str
    size: int


class Work(Value):
    """What is to be done for an identified document: the stages after `chain`, unless it is
    `published` already, and so completed, or `failed` since it cannot be published.
    """

    document_id: str
    content_id: str
    chain: Chain
    published: bool
    failed: bool
