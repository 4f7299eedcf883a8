"""Projects and their configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import insert

from pipeline import generations, identity
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.stage import Plan
from pipeline.stores import example_pins, loose_objects, tables
from pipeline.stores.copying import copy_rows, staged
from pipeline.stores.ledger_values import OpenedProject, Publishing
from pipeline.stores.postgres import transaction
from pipeline.stores.protocols import Blobs

_PLAN = text("SELECT name, configuration FROM projects WHERE id = CAST(:id AS uuid)")

_LOCK = text("""
SELECT configuration, configuration_digest FROM projects WHERE id = CAST(:id AS uuid)
FOR NO KEY UPDATE
""")

_PUBLISHED = text("""
SELECT id::text, sha256, media_type, chain FROM contents
WHERE project_id = CAST(:id AS uuid) AND chain IS NOT NULL
""")

_MADE = text("""
SELECT EXISTS (
    SELECT 1 FROM stage_results r JOIN contents c ON c.id = r.content_id
    WHERE c.project_id = CAST(:id AS uuid) AND r.stage <> ALL (CAST(:reading AS text[]))
)
""")

# What their bytes are is known: a file that is gone can still go through what follows `ocr`.
_REOPEN = """
WITH locked AS (
    SELECT d.id FROM documents d JOIN {outdated} o ON o.id = d.content_id
    WHERE d.status = 'completed' ORDER BY d.id FOR UPDATE OF d
)
UPDATE documents d
SET status = 'pending', next_content_id = d.content_id, attempts = 0, claimed_by = NULL,
    updated_at = now()
FROM locked WHERE locked.id = d.id
"""
READ_AT_ONCE = 500
SHOWN = 3
LONGEST_VALUE = 40
READING = StageName.OCR, StageName.CHUNK
"""What a dry run does: it must not hold a project to the rest of its settings."""


class Projects:
    """The projects of one database."""

    def __init__(
        self,
        engine: Engine,
        *,
        blobs: Blobs | None = None,
        publishing: Publishing | None = None,
    ) -> None:
        """Take the pool, and what publishing a known content needs: the object store for
        payloads that lie there, and what the settings say of it, which becomes the projects' that
        are opened.
        """
        self._engine = engine
        self._blobs = blobs
        self._publishing = publishing

    def open_project(
        self,
        name: str,
        plan: Plan,
        *,
        reconfigure: bool = False,
        from_stage: StageName | None = None,
    ) -> OpenedProject:
        """Make a project on first use, else see that it has this plan but for its generations,
        which are kept.

        With `reconfigure` the plan becomes the project's, and where nothing was made yet that
        another plan would make in another way; `from_stage` raises that stage's generation.
        Documents whose published chain does not follow the new plan are pending again. Raises
        UsageError for another plan without `reconfigure`, and for one that this version cannot
        read.
        """
        id_ = identity.project_id(name)
        configuration = plan.model_dump(mode="json")
        with transaction(self._engine, "open") as connection:
            made = connection.execute(
                insert(tables.projects)
                .values(
                    id=id_,
                    name=name,
                    configuration=configuration,
                    configuration_digest=plan.digest,
                )
                .on_conflict_do_nothing()
            )
            connection.execute(
                insert(tables.registries).values(project_id=id_).on_conflict_do_nothing()
            )
            stored = connection.execute(_LOCK, {"id": id_}).one()
            before = _plan(name, stored.configuration)
            plan = generations.kept(plan, before)
            free = reconfigure or _only_read(connection, id_, before, plan)
            if stored.configuration_digest != plan.digest and not free:
                difference = difference_of(stored.configuration, plan.model_dump(mode="json"))
                raise UsageError(
                    f"project {name!r} was made with other settings: {difference}. Give "
                    "--reconfigure to process its documents again with these, or take another "
                    "project name"
                )
            # A project made just now has nothing that could run again.
            if from_stage and not made.rowcount:
                plan = generations.raised(plan, from_stage)
            if stored.configuration_digest != plan.digest:
                _reconfigure(connection, id_, plan)
            if self._publishing is not None:
                connection.execute(
                    tables.projects.update()
                    .where(tables.projects.c.id == id_)
                    .values(publishing=self._publishing.model_dump(mode="json"))
                )
        return OpenedProject(id=id_, name=name, configuration_digest=plan.digest, plan=plan)

    def takes(self, project: str, before: Plan, plan: Plan) -> bool:
        """Say whether a project, by its id, that has one plan takes another one unasked."""
        with transaction(self._engine) as connection:
            return before == plan or _only_read(connection, project, before, plan)

    def plan_of(self, project: str) -> Plan | None:
        """Read a project's plan, by its id; None if there is no such project. Raises UsageError for
        one that this version cannot read.
        """
        with transaction(self._engine) as connection:
            row = connection.execute(_PLAN, {"id": project}).one_or_none()
        return _plan(row.name, row.configuration) if row else None


def _only_read(connection: Connection, project: str, before: Plan, plan: Plan) -> bool:
    """Say whether all that was made of a project's documents is what both plans make."""
    if any(before.identity_of(stage) != plan.identity_of(stage) for stage in READING):
        return False
    return not connection.scalar(_MADE, {"id": project, "reading": [x.value for x in READING]})


def _plan(name: str, configuration: Any) -> Plan:
    """Read a stored plan. Raises UsageError for one that is none of this version's."""
    try:
        return Plan.model_validate(configuration)
    except ValidationError as error:
        raise UsageError(
            f"another version of casegraph made project {name!r}, and this one cannot read its "
            "settings; use that version, or take another project name"
        ) from error


def _reconfigure(connection: Connection, project: str, plan: Plan) -> None:
    """Store another plan and reopen the documents that do not follow it, however many."""
    connection.execute(
        tables.projects.update()
        .where(tables.projects.c.id == project)
        .values(configuration=plan.model_dump(mode="json"), configuration_digest=plan.digest)
    )
    example_pins.drop_unused(connection, project)
    outdated = staged(connection, "contents", ("id",), ())
    published = connection.execute(
        _PUBLISHED,
        {"id": project},
        execution_options={"stream_results": True, "yield_per": READ_AT_ONCE},
    )
    for rows in published.partitions():
        wrong = [
            (row.id,) for row in rows if not follows(plan, row.sha256, row.media_type, row.chain)
        ]
        copy_rows(connection, outdated, ("id",), wrong)
    connection.execute(loose_objects.HOLD)
    connection.exec_driver_sql(_REOPEN.format(outdated=outdated))


def follows(plan: Plan, sha256: str, media_type: str, chain: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether a published chain is what a plan would make."""
    known = {(StageName(x["stage"]), x["fingerprint"]): x["digest"] for x in chain}
    return plan.follow(sha256, media_type, known).gap is None


def difference_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Say in which stages two plans differ, and in what; empty if they do not."""
    before = {stage["stage"]: stage for stage in old["identities"]}
    parts = [
        f"{stage['stage']} ({'; '.join(changes)})"
        for stage in new["identities"]
        if (changes := _changes(before.get(stage["stage"], {}), stage))
    ]
    return ", ".join(parts)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name what changed in one stage: version, generation, settings."""
    words = [
        f"{key} {old.get(key)!r} → {new[key]!r}"
        for key in ("version", "generation")
        if old.get(key) != new[key]
    ]
    before, after = _flat(old.get("configuration", {})), _flat(new["configuration"])
    words += [
        f"{key} {_short(before[key])} → {_short(after[key])}"
        for key in sorted(before.keys() & after.keys())
        if before[key] != after[key]
    ]
    # Who asks a language model has a dozen settings that others do not have.
    one_sided = sorted(before.keys() ^ after.keys())
    if len(one_sided) > SHOWN:
        return [*words, f"and {len(one_sided)} settings that only one of both has"]
    return words + [
        f"{key} {_short(before.get(key))} → {_short(after.get(key))}" for key in one_sided
    ]


def _flat(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings of settings under one name."""
    flat: dict[str, Any] = {}
    for key, value in configuration.items():
        inner = _flat(value) if isinstance(value, dict) else {"": value}
        flat |= {f"{key}.{name}" if name else key: one for name, one in inner.items()}
    return flat


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"
