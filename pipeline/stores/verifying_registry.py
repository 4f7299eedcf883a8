"""Compares the entities that are stored with those of a rebuild, at the same moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from pipeline.registry.blocks import BOUND
from pipeline.registry.owner import RegistryOwner
from pipeline.registry.rebuilt import Miss, StoredEntities, Told, differences, stored_json
from pipeline.stores.registry_store import StoredMoment
from pipeline.verification import Finding

_NODES = text("""
SELECT e.name_id::text AS name, e.sense, e.entity_id::text AS entity, e.reasons
FROM name_entities e JOIN names n ON n.id = e.name_id
WHERE n.project_id = CAST(:project AS uuid)
""")

_MISSES = text("""
SELECT one::text, other::text, why, verdict, reasons FROM near_misses
WHERE project_id = CAST(:project AS uuid)
""")

_CAPPED = text("SELECT kind, key FROM capped WHERE project_id = CAST(:project AS uuid)")


class StoredRegistry:
    """A project's entities as they are, and as `owner` would make them of the same names."""

    def __init__(
        self, connection: Connection, project: str, owner: RegistryOwner, bound: int = BOUND
    ) -> None:
        self._connection = connection
        self._project = project
        self._owner = owner
        self._moment: Any = StoredMoment(connection, project, bound)

    @property
    def waiting(self) -> str:
        """Say what the entities do not show yet; empty if they are to be as a rebuild has them."""
        if pending := len(self._moment.pending):
            changes = "change of a name is" if pending == 1 else "changes of names are"
            return f"{pending:,} {changes} not in entities yet"
        if self._moment.version != self._owner.version and self._moment.count():
            return "entities are those of other rules than this version's"
        return ""

    def findings(self) -> Iterator[Finding]:
        """Say what a rebuild has otherwise. All names are in memory meanwhile."""
        update = self._owner.rebuilt(self._moment)
        for difference in differences(update, self._stored(), self._tell):
            yield Finding(*difference)

    def _stored(self) -> StoredEntities:
        values = {"project": self._project}
        nodes = self._connection.execute(_NODES, values).all()
        senses: Mapping[tuple[str, str], int] = self._moment.stored_senses()
        return StoredEntities(
            entities={(row.name, row.sense): row.entity for row in nodes},
            reasons={(row.name, row.sense): stored_json(row.reasons) for row in nodes},
            misses={
                (row.one, row.other): Miss(row.why, row.verdict, stored_json(row.reasons))
                for row in self._connection.execute(_MISSES, values)
            },
            senses=senses,
            capped={(row.kind, row.key) for row in self._connection.execute(_CAPPED, values)},
        )

    def _tell(self, ids: Collection[str]) -> Told:
        """Look names up, to write them as people do."""
        names = self._moment.blocks.names(ids)
        return {id_: f"{name.type} {name.normal!r}" for id_, name in names.items()}
