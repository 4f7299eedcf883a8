"""A project's names by their blocking keys, as PostgreSQL has them at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from pipeline.registry.blocks import BOUND, LiveName, Part

_NAMES = text("""
SELECT id::text, type, normal, keys FROM names
WHERE project_id = CAST(:project AS uuid) AND id = ANY(CAST(:ids AS uuid[]))
""")

# The index is of hashes; so the keys are compared, too. LIMIT ends each crowd at one too many.
_BLOCKS = text("""
SELECT k.key, n.id, n.type, n.normal, n.keys
FROM unnest(CAST(:keys AS text[])) AS k(key)
CROSS JOIN LATERAL (
    SELECT id::text, type, normal, keys FROM names
    WHERE project_id = CAST(:project AS uuid)
      AND name_blocks(project_id, keys) @> name_blocks(CAST(:project AS uuid), ARRAY[k.key])
      AND keys @> ARRAY[k.key]
    LIMIT :limit
) AS n
""")

_PARTS = text("""
SELECT k.one, k.other, n.id, n.type, n.normal, n.keys
FROM unnest(CAST(:ones AS text[]), CAST(:others AS text[])) AS k(one, other)
CROSS JOIN LATERAL (
    SELECT id::text, type, normal, keys FROM names
    WHERE project_id = CAST(:project AS uuid)
      AND name_blocks(project_id, keys)
          @> name_blocks(CAST(:project AS uuid), ARRAY[k.one, k.other])
      AND keys @> ARRAY[k.one, k.other]
    LIMIT :limit
) AS n
""")

_EVERY = text("""
SELECT id::text, type, normal, keys FROM names WHERE project_id = CAST(:project AS uuid)
ORDER BY id
""")

_COUNT = text("SELECT count(*) FROM names WHERE project_id = CAST(:project AS uuid)")
STREAM_ROWS = 5_000


class StoredBlocks:
    """Names of one project, read as they are asked for and kept while it lasts."""

    def __init__(self, connection: Connection, project: str, bound: int = BOUND) -> None:
        self.bound = bound
        self._connection = connection
        self._project = project
        self._blocks: dict[str, Sequence[LiveName] | None] = {}
        self._parts: dict[Part, Sequence[LiveName] | None] = {}
        self._known: dict[str, LiveName] = {}

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up."""
        wanted = [id_ for id_ in ids if id_ not in self._known]
        if wanted:
            rows = self._connection.execute(_NAMES, {"project": self._project, "ids": wanted})
            for row in rows:
                self._name(row)
        return {id_: self._known[id_] for id_ in ids if id_ in self._known}

    def load(self, keys: Collection[str]) -> None:
        """Read the blocks of keys that were not read yet."""
        wanted = sorted(set(keys) - self._blocks.keys())
        if not wanted:
            return
        found: dict[str, list[LiveName]] = {key: [] for key in wanted}
        rows = self._connection.execute(
            _BLOCKS, {"project": self._project, "keys": wanted, "limit": self.bound + 1}
        )
        for key, *row in rows:
            found[key].append(self._name(row))
        for key, names in found.items():
            self._blocks[key] = names if len(names) <= self.bound else None

    def load_parts(self, parts: Collection[Part]) -> None:
        """Read the parts of crowds that were not read yet."""
        wanted = sorted({part for part in parts if part[0] != part[1]} - self._parts.keys())
        if not wanted:
            return
        found: dict[Part, list[LiveName]] = {part: [] for part in wanted}
        rows = self._connection.execute(
            _PARTS,
            {
                "project": self._project,
                "ones": [one for one, _ in wanted],
                "others": [other for _, other in wanted],
                "limit": self.bound + 1,
            },
        )
        for one, other, *row in rows:
            found[one, other].append(self._name(row))
        for part, names in found.items():
            self._parts[part] = names if len(names) <= self.bound else None

    def block(self, key: str) -> Sequence[LiveName] | None:
        """Give the names that have a key; None for a crowd."""
        if key not in self._blocks:
            self.load([key])
        return self._blocks[key]

    def part(self, part: Part) -> Sequence[LiveName] | None:
        """Give the names that have both keys; None for what is dropped."""
        if part not in self._parts:
            self.load_parts([part])
        return self._parts[part]

    def members(self, keys: Part | tuple[str], limit: int) -> Sequence[LiveName]:
        """Give names that have one key or both, as many as there are or `limit`."""
        rows = self._connection.execute(
            _PARTS,
            {"project": self._project, "ones": [keys[0]], "others": [keys[-1]], "limit": limit},
        )
        return [self._name(row) for _, _, *row in rows]

    def count(self) -> int:
        """Count the live names of the project."""
        return int(self._connection.scalar(_COUNT, {"project": self._project}) or 0)

    def every(self) -> Iterator[LiveName]:
        """Yield all live names by id; none is kept."""
        rows = self._connection.execute(
            _EVERY, {"project": self._project}, execution_options={"yield_per": STREAM_ROWS}
        )
        for id_, type_, normal, keys in rows:
            yield LiveName(id_, type_, normal, tuple(keys))

    def _name(self, row: Iterable[Any]) -> LiveName:
        """Make a name of a row, once."""
        id_, type_, normal, keys = row
        known = self._known.get(id_)
        if known is None:
            known = self._known[id_] = LiveName(id_, type_, normal, tuple(keys))
        return known
