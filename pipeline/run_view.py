"""Where a run is, as a notebook shows it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.stores.run_progress import INTERRUPTED

if TYPE_CHECKING:
    import pandas

    from pipeline.stores.run_progress import RunProgress, Told

WATCH_SECONDS = 2.0
NONE = "no run yet"


@dataclass(frozen=True)
class RunView:
    """What is known of the run of a project: the last line of a cell draws it. Who watches it waits
    for PostgreSQL for as many seconds as a run's `patience`.
    """

    source: RunProgress
    told: Told | None
    patience: float = 0.0

    @classmethod
    def of(cls, source: RunProgress, run: str = "", patience: float = 0.0) -> RunView:
        """Look at a run, or at the one that is at work, else the last."""
        return cls(source, source.look(run), patience)

    @property
    def alive(self) -> bool:
        """Say whether the run is at work."""
        return self.told is not None and self.told.alive

    @property
    def said(self) -> Mapping[str, Any]:
        """Give what the run last said of itself; empty for nothing, or for too long ago."""
        return (self.told.said or {}) if self.told else {}

    @property
    def stages(self) -> pandas.DataFrame:
        """Count by stage the contents that are done and that wait, and the calls under way."""
        from pandas import DataFrame

        return DataFrame(self._rows(), columns=["stage", "done", "waiting", "calls"]).set_index(
            "stage"
        )

    def watch(self, seconds: float | None = None) -> RunView:
        """Show the run, in place in a notebook, until it ends or so many seconds are over; give
        what was seen last. Raises TemporaryError where PostgreSQL is away for too long.
        """
        since = time.monotonic()
        late = None if seconds is None else since + seconds
        show, view = _shower(), self
        show(view)
        while view.alive and view.told and (late is None or time.monotonic() < late):
            time.sleep(WATCH_SECONDS if late is None else min(WATCH_SECONDS, seconds or 0))
            try:
                view = replace(view, told=self.source.following(view.told))
            except TemporaryError:
                if time.monotonic() - since > self.patience:
                    raise
                continue
            since = time.monotonic()
            show(view)
        return view

    def __repr__(self) -> str:
        if self.told is None:
            return NONE
        line = str(self.said.get("line", ""))
        if self.told.alive:
            return line or "starting"
        return self.told.outcome or INTERRUPTED

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(repr(self))}</b></p>"
        if not self.alive or not self.said:
            return head
        rows = "".join(
            f"<tr><td>{stage}</td><td>{done:,}</td><td>{waiting:,}</td><td>{calls:,}</td></tr>"
            for stage, done, waiting, calls in self._rows()
        )
        cells = "<th>stage</th><th>done</th><th>waiting</th><th>calls</th>"
        return f"{head}<table><tr>{cells}</tr>{rows}</table>"

    def _rows(self) -> list[tuple[str, int, int, int]]:
        said = self.said
        done, queued, at_work = (said.get(key) or {} for key in ("done", "queued", "at_work"))
        return [
            (
                stage,
                done.get(stage, 0),
                queued.get(stage, 0),
                at_work.get(stage, {}).get("calls", 0),
            )
            for stage in (stage.value for stage in StageName)
        ]


def _shower() -> Any:
    """Give what shows a view: in a notebook in place of the one before, else as a new line."""
    if (shell := sys.modules.get("IPython")) is None or shell.get_ipython() is None:
        return print
    from IPython.display import display

    handle: Any = display(display_id=True)  # type: ignore[no-untyped-call]
    return handle.update
