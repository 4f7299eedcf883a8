"""The live state of a project in Redis, as the owner of its registry writes it.

What is there is always of one state, its stamp: an update of many entries is one script, and one
that was not made from the state that is there is refused. All of it expires.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from pipeline import codec
from pipeline.documents import MentionType
from pipeline.errors import PermanentError
from pipeline.registry.live import (
    PATTERNS,
    Canonical,
    Context,
    Counted,
    Neighbours,
    Recent,
    Stamp,
    most_frequent,
)
from pipeline.stores import keys
from pipeline.stores.redis_connection import value_at
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_values import script

LIVE_SECONDS = 3_600
"""So long the copies outlive who keeps them up to date."""

FILLING_SECONDS = 60
SCRIPT_ENTRIES = 1_000
"""So many entities are added at a time: Redis does nothing else meanwhile."""

ASIDE = ("canonicals", "names", "graph")
HASHES = len(ASIDE) + len(MentionType)

Model = TypeVar("Model", bound=BaseModel)


def in_place(project: str) -> list[str]:
    """List a project's keys: the three large hashes, the patterns of each type, the two values."""
    return [
        keys.canonicals(project), keys.names(project), keys.graph(project),
        *(keys.patterns(project, type_) for type_ in MentionType),
        keys.recent(project), keys.project_context(project),
    ]  # fmt: skip


def aside(project: str) -> list[str]:
    """List the keys under which copies are brought together: the mark of who does it, the hashes.
    Without the mark nobody goes on.
    """
    return [keys.filling(project, what) for what in ("by", *ASIDE)]


def snapshot_keys(project: str) -> list[str]:
    """List the keys of a project's snapshot: the mark of who brings one together, the one that is
    brought together, and the one in place.
    """
    return [
        keys.filling(project, "snapshot by"),
        keys.filling(project, "snapshot"),
        keys.snapshot(project),
    ]


def live_keys(project: str) -> list[str]:
    """List all that Redis has of a project's live state, and of what it knew at one moment."""
    return [*aside(project), *in_place(project), *snapshot_keys(project)]


class Shown(NamedTuple):
    """What the copies are of, and how many entities have one. `text` is the stamp with a part that
    no other filling of them has. `late` are entities whose counts are of an earlier epoch.
    """

    stamp: Stamp
    text: str
    entities: int = 0
    late: tuple[str, ...] = ()


class Held(NamedTuple):
    """What the copies say of some entities, and the fewest mentions that one with a copy has."""

    canonicals: Mapping[str, Canonical]
    recent: Recent
    floor: int


@dataclass(frozen=True)
class Entries:
    """Entries by entity and by node; None is none any more."""

    canonicals: Mapping[str, Canonical | None] = field(default_factory=dict)
    names: Mapping[str, str | None] = field(default_factory=dict)
    graph: Mapping[str, Neighbours | None] = field(default_factory=dict)

    def parts(self, size: int) -> Iterator[Entries]:
        """Cut them into parts of at most so many entries of each kind."""
        each = [list(of.items()) for of in (self.canonicals, self.names, self.graph)]
        for at in range(0, max(map(len, each)), size):
            yield Entries(*(dict(of[at : at + size]) for of in each))  # type: ignore[arg-type]

    def arguments(self) -> list[str | bytes | int]:
        """Write them as the scripts take them."""
        return [
            *_fields((id_, _packed(one)) for id_, one in self.canonicals.items()),
            *_fields((node, entity or "") for node, entity in self.names.items()),
            *_fields((id_, _packed(one)) for id_, one in self.graph.items()),
        ]


class RedisRegistry:
    """Writes the live copies of one project. Raises RedisAwayError."""

    def __init__(self, link: RedisLink, project: str, seconds: int = LIVE_SECONDS) -> None:
        self._link = link
        self._project = project
        self._seconds = seconds
        self._keys = in_place(project)
        self._aside = aside(project)
        register = link.client.register_script
        self._look: Any = register(script("live_look"))
        self._apply: Any = register(script("live_apply"))
        self._sum: Any = register(script("live_sum"))

    def look(self, *, renew: bool = True) -> Shown | None:
        """Say what the copies are of, and let them live on; None if they are not whole."""
        with self._link.answering():
            answer = self._look(keys=self._keys, args=[HASHES, self._seconds if renew else ""])
        return None if answer is None else _shown(*answer)

    def entities_of(self, nodes: Collection[str]) -> dict[str, str]:
        """Say which entity each node is in, as the copies have it."""
        if not nodes:
            return {}
        asked = sorted(nodes)
        with self._link.answering() as client:
            found = client.hmget(self._keys[1], asked)
        return {
            node: name.decode() if name else node for node, name in zip(asked, found, strict=True)
        }

    def held(self, entities: Collection[str]) -> Held:
        """Read what the copies say. Whoever writes by it sees by the stamp whether it was so."""
        asked = sorted(entities)
        with self._link.answering() as client:
            floor, *values = client.hmget(self._keys[0], ["@floor", *asked])
            recent = value_at(client, keys.recent(self._project))
        return Held(
            {
                id_: one
                for id_, value in zip(asked, values, strict=True)
                if value is not None and (one := read_value(Canonical, value)) is not None
            },
            read_value(Recent, recent or b"") or Recent(),
            int(floor or 1),
        )

    def apply(
        self,
        seen: Shown,
        stamp: Stamp,
        entries: Entries,
        patterns: Counted,
        recent: Recent | None = None,
        late: Sequence[str] = (),
    ) -> Shown | None:
        """Bring the copies from the state that was seen to another; None if they are of a third.
        `patterns` are added to those that are there; `late` are entities that are to be read again.
        """
        text = f"{stamp.born}:{stamp.epoch}:{seen.text.rpartition(':')[2]}"
        added = [_fields(patterns.get(type_, {}).items()) for type_ in MentionType]
        with self._link.answering():
            answer = self._apply(
                keys=self._keys,
                args=[
                    HASHES, seen.text, text, self._seconds, 2 * PATTERNS, _packed(recent),
                    ",".join(late), *entries.arguments(), *(x for part in added for x in part),
                ],
            )  # fmt: skip
        return seen._replace(stamp=stamp, text=text, late=tuple(late)) if answer else None

    def sum_up(self, seen: Shown, context: Context) -> bool:
        """Put a summary of the state that was seen in its place; False if the copies are of another
        by now.
        """
        with self._link.answering():
            answer = self._sum(
                keys=[self._keys[0], keys.project_context(self._project)],
                args=[seen.text, self._seconds, _packed(context)],
            )
        return bool(answer)

    def begin(self) -> Filling | None:
        """Begin to bring new copies together; None while another process does."""
        mark = secrets.token_hex(8)
        with self._link.answering() as client:
            if not client.set(self._aside[0], mark, nx=True, ex=FILLING_SECONDS):
                return None
            client.unlink(*self._aside[1:])
        return Filling(self._link, self._project, mark, self._seconds)

    def drop(self) -> None:
        """Remove the copies, and whoever brings new ones together begins anew."""
        with self._link.answering() as client:
            client.unlink(*self._aside, *self._keys)


class Filling:
    """Copies that are brought together aside. What is read for them must be read after it began:
    then whatever is forgotten meanwhile takes the mark away, and nothing is put in place.
    """

    def __init__(self, link: RedisLink, project: str, mark: str, seconds: int) -> None:
        self._link = link
        self._mark = mark
        self._seconds = seconds
        self._keys, self._aside = in_place(project), aside(project)
        self._lengths = dict.fromkeys(ASIDE, 0)
        self._fill: Any = link.client.register_script(script("live_fill"))
        self._swap: Any = link.client.register_script(script("live_swap"))

    def add(self, entries: Entries) -> bool:
        """Add entries that were not added before; False if it is over."""
        for what in ASIDE:
            self._lengths[what] += len(getattr(entries, what))
        for part in entries.parts(SCRIPT_ENTRIES):
            with self._link.answering():
                answer = self._fill(
                    keys=self._aside, args=[self._mark, FILLING_SECONDS, *part.arguments()]
                )
            if not answer:
                return False
        return True

    def finish(
        self, stamp: Stamp, floor: int, patterns: Counted, recent: Recent, context: Context
    ) -> bool:
        """Put them in place; False if it is over, or what is there is newer by now."""
        most = [_fields(most_frequent(patterns.get(type_, {}), PATTERNS)) for type_ in MentionType]
        with self._link.answering():
            answer = self._swap(
                keys=[*self._aside, *self._keys],
                args=[
                    self._mark, HASHES, f"{stamp.born}:{stamp.epoch}:{self._mark}", stamp.born,
                    stamp.epoch, self._seconds, floor, *self._lengths.values(), _packed(recent),
                    _packed(context), *(x for part in most for x in part),
                ],
            )  # fmt: skip
        return int(answer) == 1

    def give_up(self) -> None:
        """Leave nothing behind, if nobody else has begun by now."""
        with self._link.answering() as client:
            if client.get(self._aside[0]) == self._mark.encode():
                client.unlink(*self._aside)


def read_value(model: type[Model], data: bytes) -> Model | None:
    """Read a value; None for what cannot be read."""
    try:
        return codec.decode(model, data)
    except PermanentError:
        return None


def _shown(text: bytes, fields: int, late: bytes | None) -> Shown | None:
    """Read a stamp; None for what is none of ours."""
    parts = text.decode("utf-8", "replace").split(":")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    return Shown(
        Stamp(int(parts[0]), int(parts[1])),
        ":".join(parts),
        fields - 2 - bool(late),  # stamp, floor and what is late
        tuple(late.decode().split(",")) if late else (),
    )


def _packed(value: BaseModel | None) -> bytes:
    return b"" if value is None else codec.encode(value)


def _fields(pairs: Iterable[Sequence[Any]]) -> list[Any]:
    """Write fields as the scripts take them: how many, then each with its value."""
    flat = [x for pair in pairs for x in pair]
    return [len(flat) // 2, *flat]
