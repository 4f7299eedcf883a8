"""What the stage asks of recognisers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pipeline.documents import Chunk, MentionType, Parse


class FoundSpan(Protocol):
    """What a model calls a name."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def proper(self) -> bool: ...  # noqa: D102
    @property
    def common(self) -> bool: ...  # noqa: D102
    @property
    def subtype(self) -> str | None: ...  # noqa: D102


class Reading(Protocol):
    """A reading of one chunk. `model` found its names; `dropped` counts what was said of names that
    are not there, by a word for why; `trouble` says why another model than the one that was asked
    for has read it.
    """

    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def dropped(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def trouble(self) -> str: ...  # noqa: D102

    def spans(self) -> Iterator[FoundSpan]:
        """Yield names at the document's offsets."""
        ...

    def parse(self, start: int, end: int) -> Parse | None:
        """Give the parse of one sentence."""
        ...


class ModelRecognizer(Protocol):
    """Reads the chunks of one document. `language` is the one in which it parses, `kept` the labels
    of its names that become mentions, `configuration` what decides them beside its `version`.
    """

    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def kept(self) -> Mapping[str, MentionType]: ...  # noqa: D102
    @property
    def configuration(self) -> Mapping[str, Any]: ...  # noqa: D102

    def reads(self, language: str | None) -> bool:
        """Say whether its names are to be believed in a language; None is an unknown one."""
        ...

    def read(
        self, chunks: Sequence[Chunk], batch: int, language: str | None = None
    ) -> Sequence[Reading]:
        """Give one reading for each chunk of a document in that language. Raises PermanentError for
        one that it cannot read.
        """
        ...


class RuleSpan(Protocol):
    """What a rule found, at offsets of the text it was given."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def type(self) -> MentionType: ...  # noqa: D102
    @property
    def subtype(self) -> str | None: ...  # noqa: D102
    @property
    def normal(self) -> str | None: ...  # noqa: D102


class RuleRecognizer(Protocol):
    """Finds what follows rules, in any language."""

    model: str
    version: str

    def find(self, text: str) -> Sequence[RuleSpan]:
        """Find spans in one chunk's text."""
        ...
