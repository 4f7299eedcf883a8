"""`casegraph status`: how far a project is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from actors.commands.common import (
    json_option,
    print_json,
    project_option,
)
from actors.commands.opening import opened_link, opened_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.llm.spending import Spent
    from pipeline.settings import Settings
    from pipeline.stores.project_reader import ProjectState, RunRow
    from pipeline.stores.protocols import Backlog
    from pipeline.stores.registry_reader import CapsRow, DissolvedRow

DISSOLVED_SHOWN = 5


@click.command(short_help="Show how far a project is.")
@project_option
@click.option("--watch", is_flag=True, help="Show the run that is at work until it ends.")
@json_option
def status(project: str, watch: bool, as_json: bool) -> None:
    """Show how many documents are done, failed or waiting, and how the last run ended. With --watch
    show where the run is that is at work, with --json as a line each time that this is news.
    """
    from actors.commands.watching import watch_run
    from pipeline.stores import project_reader
    from pipeline.stores.llm_account import LlmAccount
    from pipeline.stores.registry_reader import RegistryReader
    from pipeline.stores.registry_store import PostgresRegistry

    with opened_services() as (settings, engine, redis_url):
        found = project_reader.find_project(engine, project)
        if watch:
            watch_run(settings, engine, redis_url, found, as_json)
            return
        state = project_reader.state(engine, found)
        behind = PostgresRegistry(engine, found).behind()
        changes = behind.pending if behind else 0
        registry = RegistryReader(engine, found)
        capped = {row.kind: row for row in registry.caps()}
        dissolved = registry.dissolved(DISSOLVED_SHOWN)
        models = LlmAccount(engine, found).spent()
        backlog, trouble = _backlog(settings, redis_url)
        mode = _mode(state.last_run, trouble)
    if as_json:
        shown = _as_json(project, state, backlog, mode, changes) | _too_many(capped, dissolved)
        print_json(shown | {"language_models": models.as_json()})
    else:
        _print(project, state, backlog, mode, changes)
        _print_too_many(capped, dissolved)
        _print_models(project, models)


def _print_models(project: str, spent: Spent) -> None:
    """Say what language models were asked, if they were."""
    from actors.commands.printing import console

    if spent.calls:
        more = f"casegraph costs --project {shlex.quote(project)}"
        console().print(
            f"language models: {spent} (see {more})", markup=False, highlight=False, soft_wrap=True
        )


def _too_many(capped: Mapping[str, CapsRow], dissolved: Sequence[DissolvedRow]) -> dict[str, Any]:
    """Say of which names too many are alike to be compared in full, and which came apart by it."""
    block, component = capped.get("block"), capped.get("component")
    return {
        "too_many_alike": {
            "groups_not_compared": block.groups if block else 0,
            "groups_cut": component.groups if component else 0,
            "largest_cut": component.largest if component else 0,
            "dissolved": [row.names for row in dissolved],
            "dissolved_count": dissolved[0].every if dissolved else 0,
        }
    }


def _print_too_many(capped: Mapping[str, CapsRow], dissolved: Sequence[DissolvedRow]) -> None:
    """Say so to a person."""
    from actors.commands.printing import console
    from pipeline.counting import counted
    from pipeline.registry.explaining import several, shown

    lines = []
    if block := capped.get("block"):
        lines.append(
            f"{counted(block.groups, 'group')} of names too many to be compared with each other"
        )
    if component := capped.get("component"):
        such = f", such as {shown(component.name)}" if component.name else ""
        lines.append(
            f"{counted(component.groups, 'group')} of up to {component.largest:,} names that hang"
            f" together{such}: only the surest comparisons counted"
        )
    lines += [f"{several(row.names)} were one before, and are not any more" for row in dissolved]
    if dissolved and (left := dissolved[0].every - len(dissolved)):
        lines.append(f"and {left:,} more")
    for line in lines:
        console().print(f"entities: {line}", markup=False, highlight=False, soft_wrap=True)


def _backlog(settings: Settings, redis_url: str) -> tuple[Backlog | None, str]:
    """Say what PostgreSQL does not have yet, of all projects; or None, and why Redis does not
    serve.
    """
    from pipeline.errors import TemporaryError
    from pipeline.stores.redis_write_behind import RedisWriteBehind

    if settings.acceleration == "off":
        return None, "CASEGRAPH_ACCELERATION=off"
    try:
        with opened_link(settings, redis_url) as link:
            return RedisWriteBehind(link, "status", 1).backlog(), ""
    except TemporaryError as error:
        return None, str(error)


def _mode(run: RunRow | None, trouble: str) -> tuple[str, str]:
    """Say in which mode the run that goes on is, or else the next one would be, and why."""
    if run is not None and run.alive and run.mode:
        return run.mode, run.mode_reason or ""
    return ("database" if trouble else "accelerated"), trouble


def _as_json(
    project: str,
    state: ProjectState,
    backlog: Backlog | None,
    mode: tuple[str, str],
    changes: int,
) -> dict[str, Any]:
    """Make the object of `status --json`."""
    run = state.last_run
    return {
        "project": project,
        "documents": state.documents,
        "flags": state.flags,
        "stages": state.stages,
        "dropped": state.dropped,
        "queue": None if backlog is None else backlog.entries,
        "unpersisted_bytes": None if backlog is None else backlog.bytes,
        "changes": changes,
        "mode": mode[0],
        "mode_reason": mode[1],
        "last_run": None
        if run is None
        else {
            "id": run.id,
            "outcome": _outcome(run),
            "started_at": run.started_at.isoformat(),
            "ended_at": run.ended_at.isoformat() if run.ended_at else None,
            "embeddings": {"asked": run.embeddings_asked, "found": run.embeddings_found},
            "store_wait_seconds": run.store_wait,
            "latency_seconds": run.latency,
        },
    }


def _outcome(run: RunRow) -> str:
    """Say how a run ended: a run whose lease ran out did not end by itself."""
    return run.outcome or ("running" if run.alive else "interrupted")


def _print(
    project: str,
    state: ProjectState,
    backlog: Backlog | None,
    mode: tuple[str, str],
    changes: int,
) -> None:
    """Show the state to a person."""
    from rich.markup import escape

    from actors.commands.printing import console, print_table

    out = console()
    total = sum(state.documents.values())
    out.print(f"[bold]{escape(project)}[/]  {total:,} documents", highlight=False)
    print_table(
        ["documents", ""],
        [(word, number) for word, number in {**state.documents, **state.flags}.items() if number],
    )
    print_table(["stage", "contents in PostgreSQL"], list(state.stages.items()))
    if state.dropped:
        print_table(
            ["said by a model, and dropped", "", ""],
            [(stage, *why) for stage, counts in state.dropped.items() for why in counts.items()],
        )
    name, reason = mode
    out.print(f"mode: {name}{f' ({escape(reason)})' if reason else ''}", highlight=False)
    if backlog is not None:
        out.print(
            f"queue: {backlog.entries:,} results ({backlog.bytes:,} bytes) waiting to be written "
            "to PostgreSQL",
            highlight=False,
        )
    if changes:
        waiting = "1 change" if changes == 1 else f"{changes:,} changes"
        out.print(f"entities: {waiting} of names not in them yet", highlight=False)
    if (run := state.last_run) is not None:
        out.print(
            f"last run: {_outcome(run)}, started {run.started_at:%Y-%m-%d %H:%M} UTC",
            highlight=False,
        )
        if run.embeddings_asked:
            share = run.embeddings_found / run.embeddings_asked
            out.print(
                f"embedding cache: {run.embeddings_found:,} of {run.embeddings_asked:,} found "
                f"({share:.0%})",
                highlight=False,
            )
    if state.documents["failed"]:
        out.print(
            f"why documents failed: casegraph failures --project {escape(shlex.quote(project))}"
        )
    if state.documents["pending"] or state.documents["running"]:
        out.print("documents are waiting: run the same `casegraph run` again to go on")
