"""Shows the run of a project that is at work, wherever it was started, until it ends."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from pydantic import ValidationError

from actors.commands.common import print_json, say
from actors.commands.opening import opened_link
from actors.progress import ProgressDisplay, Snapshot
from pipeline.errors import TemporaryError
from pipeline.stores.run_progress import RunProgress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from sqlalchemy import Engine

    from pipeline.settings import Settings
    from pipeline.stores.run_progress import Told

LOOK_SECONDS = 1.0


def watch_run(
    settings: Settings, engine: Engine, redis_url: str, project: str, as_json: bool
) -> None:
    """Show the run of a project, by its id, until it ends; say so where none is at work. Ctrl-C
    ends the watching, not the run. Raises TemporaryError where PostgreSQL is away for longer than
    a run waits for it.
    """
    from rich.console import Console

    with opened_link(settings, redis_url) as link:
        near = None if settings.acceleration == "off" else link
        last: Told | None = None
        watched = False
        with _interrupted() as interrupted:
            progress = RunProgress(engine, project, near)
            looks = _looks(progress, settings.run.patience_seconds, interrupted)
            if as_json:
                _print_lines(looks)
                return
            with ProgressDisplay(Console()) as display:
                for last in looks:
                    if last.alive:
                        watched = True
                        display.show(_snapshot(last))
    if last is None:
        say("no run yet")
    else:
        say(f"{'the run' if watched else 'no run is at work; the last one'}: {_outcome(last)}")


@contextmanager
def _interrupted() -> Iterator[Event]:
    """Take down the first Ctrl-C, which some library may be at work in and swallow; the second one
    is raised where it comes.
    """
    asked = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _looks(progress: RunProgress, patience: float, interrupted: Event) -> Iterator[Told]:
    """Look again and again at the run that is at work, and for the last time when it has ended.
    Raises KeyboardInterrupt.
    """
    told = progress.look()
    since = time.monotonic()
    while told is not None:
        yield told
        if not told.alive:
            return
        if interrupted.wait(LOOK_SECONDS):
            raise KeyboardInterrupt
        try:
            told = progress.following(told)
            since = time.monotonic()
        except TemporaryError:
            if time.monotonic() - since > patience:
                raise


def _snapshot(told: Told) -> Snapshot:
    """Read what a run said; of another version's what this one knows too."""
    said = told.said or {}
    known = {name: value for name, value in said.items() if name in Snapshot.model_fields}
    try:
        return Snapshot.model_validate(known)
    except ValidationError:
        return Snapshot(state=str(said.get("line", "running")))


def _print_lines(looks: Iterator[Told]) -> None:
    """Print what is news as a line of JSON each; the last one has the outcome."""
    before = None
    for told in looks:
        news = {"run": told.run, "alive": told.alive, "outcome": None, **(told.said or {})}
        if not told.alive:
            news["outcome"] = _outcome(told)
        if news != before:
            print_json(news)
        before = news


def _outcome(told: Told) -> str:
    """Say how a run ended: one whose lease ran out did not end by itself."""
    return told.outcome or "interrupted"
