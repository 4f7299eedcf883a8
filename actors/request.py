"""What a person asks of a run, and the files that this names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from pipeline import assembly, identity
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stores import embedded_postgres
from pipeline.walking import FoundFile, Walk, uri_of

BATCH = 500


@dataclass(frozen=True)
class Request:
    """What to run: see the options of `casegraph run`; `max_cost` in millionths of a dollar."""

    sources: Sequence[str]
    project: str
    walk: Walk
    rehash: bool = False
    reconfigure: bool = False
    from_stage: StageName | None = None
    max_cost: int | None = None
    refresh_context: bool = False

    def files(self, settings: Settings) -> Iterator[list[FoundFile]]:
        """Walk over the sources, in lists of at most `BATCH` files; one list at a time is held.

        Raises UsageError, at once, for a source that is not there, and where there is no file and
        nothing that the project has from there, of which something were to be said.
        """
        self.walk.check(self.sources)
        batches = _in_batches(self.walk.files(self.sources))
        first = next(batches, None)
        if first is not None:
            return chain([first], batches)
        if self._has_documents(settings):
            return iter(())
        raise UsageError(f"there is no file to take in {', '.join(self.sources)}{self._why()}")

    def _has_documents(self, settings: Settings) -> bool:
        """Say whether the project has documents from these sources."""
        if (
            settings.database_url is None
            and not embedded_postgres.folder(settings.home_folder).exists()
        ):
            return False
        ledger = assembly.open_ledger(settings, assembly.open_services(settings))
        with ledger.roll_call(identity.project_id(self.project)) as roll:
            return roll.missing(uris(self.sources)) > 0

    def _why(self) -> str:
        """Say why files that are there were not taken."""
        passed = self.walk.passed
        if passed.excluded:
            return f": all {passed.excluded} were left out by --include and --exclude"
        if passed.hidden:
            return f": all {passed.hidden} are hidden; --hidden takes them"
        return ""


def uris(sources: Sequence[str]) -> list[str]:
    """Name what a person gave as sources."""
    return [uri_of(source) for source in sources]


def split_by_size(
    files: Sequence[FoundFile], limit: int
) -> tuple[list[FoundFile], list[tuple[FoundFile, str]]]:
    """Part files that are small enough from those that are left out, with the reason."""
    small, large = [], []
    for file in files:
        if file.size <= limit:
            small.append(file)
        else:
            reason = (
                f"{file.size:,} bytes are over the limit of {limit:,}; raise limits.max_file_bytes"
            )
            large.append((file, reason))
    return small, large


def _in_batches(files: Iterator[FoundFile]) -> Iterator[list[FoundFile]]:
    """Cut a stream into lists; nothing but one list is ever held."""
    batch: list[FoundFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
