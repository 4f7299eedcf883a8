"""How much of what models said of a project's documents the documents do not say."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

_DROPPED = text("""
SELECT s.key AS stage, w.key AS why, sum(w.value::bigint)::bigint AS number
FROM contents c CROSS JOIN jsonb_each(c.dropped) AS s CROSS JOIN jsonb_each_text(s.value) AS w
WHERE c.project_id = CAST(:project AS uuid) AND jsonb_typeof(c.dropped) = 'object'
GROUP BY s.key, w.key ORDER BY s.key, w.key
""")

Dropped = Mapping[str, Mapping[str, int]]
"""Stage → word for why → number."""


def dropped_of(connection: Connection, project: str) -> Dropped:
    """Count what was dropped of a project's published contents."""
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(_DROPPED, {"project": project}):
        counts.setdefault(row.stage, {})[row.why] = row.number
    return counts
