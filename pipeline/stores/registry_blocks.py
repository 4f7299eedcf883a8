"""A project's names by their blocking keys, as PostgreSQL has them at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from pipeline.blocking_keys import QUIET, blocks_of
from pipeline.registry.blocks import BOUND, Block, LiveName, Part, block_among

_NAMES = text("""
SELECT id::text, type, normal, keys FROM names
WHERE project_id = CAST(:project AS uuid) AND id = ANY(CAST(:ids AS uuid[]))
""")

# The index is of hashes; so the keys are compared, too. A block has the names that ask in it and
# those that are quiet. LIMIT ends each crowd at one too many.
_BLOCKS = text("""
SELECT k.block, n.id, n.type, n.normal, n.keys
FROM unnest(CAST(:blocks AS text[])) AS k(block)
CROSS JOIN LATERAL (
    SELECT id::text, type, normal, keys FROM names
    WHERE project_id = CAST(:project AS uuid)
      AND name_blocks(project_id, keys)
          && name_blocks(CAST(:project AS uuid), ARRAY[k.block, k.block || :quiet])
      AND keys && ARRAY[k.block, k.block || :quiet]
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
          && name_blocks(CAST(:project AS uuid), ARRAY[k.one, k.one || :quiet])
      AND name_blocks(project_id, keys)
          && name_blocks(CAST(:project AS uuid), ARRAY[k.other, k.other || :quiet])
      AND keys && ARRAY[k.one, k.one || :quiet] AND keys && ARRAY[k.other, k.other || :quiet]
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
        self._blocks: dict[str, Block | None] = {}
        self._parts: dict[Part, Block | None] = {}
        self._known: dict[str, LiveName] = {}

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up."""
        wanted = [id_ for id_ in ids if id_ not in self._known]
        if wanted:
            rows = self._connection.execute(_NAMES, {"project": self._project, "ids": wanted})
            for row in rows:
                self._name(row)
        return {id_: self._known[id_] for id_ in ids if id_ in self._known}

    def load(self, blocks: Iterable[str]) -> None:
        """Read the blocks that were not read yet."""
        wanted = sorted(set(blocks) - self._blocks.keys())
        if not wanted:
            return
        found: dict[str, list[LiveName]] = {block: [] for block in wanted}
        values = {"project": self._project, "quiet": QUIET, "limit": self.bound + 1}
        for block, *row in self._connection.execute(_BLOCKS, {**values, "blocks": wanted}):
            found[block].append(self._name(row))
        for block, names in found.items():
            self._blocks[block] = self._bounded(names, (block, block))

    def load_parts(self, parts: Iterable[Part]) -> None:
        """Read the parts of crowds that were not read yet."""
        wanted = sorted({part for part in parts if part[0] != part[1]} - self._parts.keys())
        if not wanted:
            return
        found: dict[Part, list[LiveName]] = {part: [] for part in wanted}
        for one, other, *row in self._read_parts(wanted, self.bound + 1):
            found[one, other].append(self._name(row))
        for part, names in found.items():
            self._parts[part] = self._bounded(names, part)

    def block(self, block: str) -> Block | None:
        """Give the names of a block; None for a crowd."""
        if block not in self._blocks:
            self.load([block])
        return self._blocks[block]

    def shared(self, keys: Iterable[str]) -> Iterator[tuple[str, bool, Block | None]]:
        """Yield the blocks of several names that keys put their name in."""
        for block, asked in blocks_of(keys).items():
            found = self.block(block)
            if found is None or len(found.ids) > 1:
                yield block, asked, found

    def part(self, part: Part) -> Block | None:
        """Give the names of two blocks; None for what is dropped."""
        if part not in self._parts:
            self.load_parts([part])
        return self._parts[part]

    def members(self, part: Part, limit: int) -> Sequence[str]:
        """Give ids of a part, or of a block twice."""
        return [self._name(row).id for _, _, *row in self._read_parts([part], limit)]

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

    def _read_parts(self, parts: Sequence[Part], limit: int) -> Iterable[Any]:
        """Read the names of parts, of each so many at most."""
        values = {
            "project": self._project,
            "quiet": QUIET,
            "ones": [one for one, _ in parts],
            "others": [other for _, other in parts],
            "limit": limit,
        }
        return self._connection.execute(_PARTS, values)

    def _bounded(self, names: list[LiveName], part: Part) -> Block | None:
        """Make a block of what was read; None if there is more."""
        return block_among(names, part) if len(names) <= self.bound else None

    def _name(self, row: Iterable[Any]) -> LiveName:
        """Make a name of a row, once."""
        id_, type_, normal, keys = row
        known = self._known.get(id_)
        if known is None:
            known = self._known[id_] = LiveName(id_, type_, normal, tuple(keys))
        return known
