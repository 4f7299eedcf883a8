"""Where the run of a project is, as it tells itself every two seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from pipeline.errors import TemporaryError
from pipeline.stores import keys
from pipeline.stores.postgres import reading
from pipeline.stores.redis_link import RedisLink

INTERRUPTED = "interrupted"
"""The outcome of a run that was cut off: another one takes up what it had."""

_RUN = text("""
SELECT id::text, outcome, ended_at IS NULL AND lease_until > now() AS alive, progress
FROM runs WHERE project_id = CAST(:project AS uuid) AND (:run = '' OR id::text = :run)
ORDER BY ended_at IS NULL AND lease_until > now() DESC, started_at DESC, id LIMIT 1
""")


class Told(NamedTuple):
    """What is known of a run: `outcome` once it has ended, `alive` while its lease lasts, and what
    it last `said`: JSON with a `line` for people, `at` (seconds since 1970) and what stands in
    it; None before it says something.
    """

    run: str
    outcome: str | None
    alive: bool
    said: Mapping[str, Any] | None


@dataclass(frozen=True)
class RunProgress:
    """The runs of one project, by its id. Without a link to Redis PostgreSQL alone is asked."""

    engine: Engine
    project: str
    link: RedisLink | None

    def look(self, run: str = "") -> Told | None:
        """Look at a run, or at the one that is at work, else the last; None if there is none. Of
        what Redis and PostgreSQL have, the newer counts. Raises TemporaryError where PostgreSQL is
        away.
        """
        with reading(self.engine) as connection:
            row = connection.execute(_RUN, {"project": self.project, "run": run}).one_or_none()
        if row is None:
            return None
        said = [x for x in (self._near(row.id), row.progress) if x]
        newest = max(said, key=lambda x: x["at"], default=None)
        return Told(row.id, row.outcome, row.alive, newest)

    def following(self, told: Told) -> Told | None:
        """Look at a run again; where it was cut off, at the one that has taken up what it had."""
        now = self.look(told.run)
        if now is None or now.alive or now.outcome not in {None, INTERRUPTED}:
            return now
        latest = self.look()
        return latest if latest is not None and latest.alive else now

    def _near(self, run: str) -> Mapping[str, Any] | None:
        """Read what Redis has of a run; None also for what cannot be read."""
        with suppress(TemporaryError, ValueError, TypeError):
            if self.link is not None:
                with self.link.answering() as client:
                    value = client.get(keys.run(run, "progress"))
                said = json.loads(value) if value else None
                return said if isinstance(said, dict) and "at" in said else None
        return None
