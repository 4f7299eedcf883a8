"""What the owner of a registry reads and writes, and where that is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pipeline import identity
from pipeline.errors import TemporaryError
from pipeline.registry.blocks import Blocks, LiveName, Part
from pipeline.registry.decisions import Decision
from pipeline.registry.misses import NearMiss


class LostLeaseError(TemporaryError):
    """Another process holds the project's registry by now."""


class Pending(NamedTuple):
    """A change that is not applied yet. `keys` are the blocking keys that a name had, or the names
    that a content mentioned before.
    """

    id: int
    kind: str
    subject: str
    keys: tuple[str, ...] | None = None


class Node(NamedTuple):
    """A node in its entity, and why it is there: (other node, what joined them)."""

    name: str
    sense: int
    entity: str
    reasons: tuple[Mapping[str, Any], ...]

    @property
    def id(self) -> str:
        """Give the node's id."""
        return identity.node_id(self.name, self.sense)


class Moment(Protocol):
    """What PostgreSQL has of a project at one moment."""

    epoch: int
    version: str | None
    pending: Sequence[Pending]
    decisions: Sequence[Decision]
    blocks: Blocks

    def count(self) -> int:
        """Count the live names."""
        ...

    def every_name(self) -> Iterator[LiveName]:
        """Yield all live names by id."""
        ...

    def contents_of(self, documents: Collection[str]) -> Mapping[str, str]:
        """Give the contents that readers see of documents."""
        ...

    def occurring(self, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Give those (name, content) of which there is a mention."""
        ...

    def stored_senses(self) -> Mapping[tuple[str, str], int]:
        """Give the senses that are stored."""
        ...

    def namesakes(self) -> Collection[tuple[str, int]]:
        """Give the (name, sense) other than sense 0 that are in an entity."""
        ...

    def entities_of(self, names: Collection[str]) -> Mapping[str, str]:
        """Give the stored entity of each of these names, sense 0."""
        ...


@dataclass(frozen=True)
class Update:
    """What is to be written.

    `nodes` are all that were settled, those alone in their entity too; with `whole` there are no
    others. `senses` are all that there are, None where they stay as they are. `retired` says where
    the ids of namesakes lead, which no name has; `freed` where those of names lead that are gone,
    now that a merge does not count any more, None for nowhere. `gone` are names that are not live
    any more, and senses that went with a name's row. `dissolved` are names that were one entity
    until too many were like them. `contents` were published or removed, or a name means something
    else in them; `left` are the names that were mentioned there before.
    """

    epoch: int
    version: str
    applied: Sequence[int]
    whole: bool
    nodes: Sequence[Node] = ()
    gone: Collection[str] = ()
    misses: Sequence[NearMiss] = ()
    senses: Mapping[tuple[str, str], int] | None = None
    retired: Mapping[str, str] = field(default_factory=dict)
    freed: Mapping[str, str | None] = field(default_factory=dict)
    capped: Mapping[str, int] = field(default_factory=dict)
    crowds: Collection[Part] = ()
    thinned: Collection[Part] = ()
    dissolved: Sequence[Sequence[str]] = ()
    compared: int = 0
    contents: Collection[str] = ()
    left: Collection[str] = ()


class RegistryStore(Protocol):
    """Where a project's registry is kept."""

    def hold(self, holder: str, seconds: float) -> bool:
        """Take the lease or renew it; say whether it is the holder's now."""
        ...

    def let_go(self, holder: str) -> None:
        """Give the lease back."""
        ...

    def moment(self) -> Any:
        """Open one moment of the project, as a context manager that gives a `Moment`."""
        ...

    def write(self, holder: str, update: Update) -> None:
        """Write an update. Raises LostLeaseError for who has not the lease or the last epoch."""
        ...
