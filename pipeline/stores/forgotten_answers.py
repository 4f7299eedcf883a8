"""Deletes answers of language models that hold words of what is forgotten.

An answer that was asked or found for a content that is still there stays. One of a content that
another has replaced stays too, since the document may become again what it was, until something of
its project is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, text

from pipeline.stores import keys


class AnswerKey(NamedTuple):
    """Under what an answer is kept."""

    model: str
    request_hash: str


# Two statements: the first's deletions must be seen by the second.
_UNUSE = text("""
WITH gone AS (
    DELETE FROM llm_uses u
    WHERE u.project_id = CAST(:project AS uuid)
      AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.id = u.content_id)
    RETURNING model, request_hash
)
SELECT DISTINCT model, request_hash FROM gone ORDER BY 1, 2
""")

_OF_PROJECT = text("""
SELECT model, request_hash FROM llm_uses WHERE project_id = CAST(:project AS uuid)
UNION SELECT model, request_hash FROM llm_responses WHERE project_id = CAST(:project AS uuid)
ORDER BY 1, 2
""")

_LEAVE = text("DELETE FROM llm_uses WHERE project_id = CAST(:project AS uuid)")

_DELETE = text("""
DELETE FROM llm_responses r
USING unnest(CAST(:models AS text[]), CAST(:hashes AS text[])) AS g (model, request_hash)
WHERE r.model = g.model AND r.request_hash = g.request_hash
  AND NOT EXISTS (SELECT 1 FROM llm_uses u JOIN contents c ON c.id = u.content_id
                  WHERE u.model = r.model AND u.request_hash = r.request_hash)
RETURNING r.model, r.request_hash
""")


def forget_answers(connection: Connection, project: str) -> tuple[AnswerKey, ...]:
    """Delete the answers that hold words of contents that are gone, and of none that is there."""
    return _delete(connection, _keys(connection.execute(_UNUSE, {"project": project})))


def forget_answers_of_project(connection: Connection, project: str) -> tuple[AnswerKey, ...]:
    """Delete the answers that a project has asked for or found, and no other."""
    known = _keys(connection.execute(_OF_PROJECT, {"project": project}))
    connection.execute(_LEAVE, {"project": project})
    return _delete(connection, known)


def redis_keys(answers: Iterable[AnswerKey]) -> list[str]:
    """Name the copies that Redis has of answers."""
    return [keys.llm_response(*answer) for answer in answers]


def _keys(rows: Iterable[tuple[str, str]]) -> list[AnswerKey]:
    return [AnswerKey(*row) for row in rows]


def _delete(connection: Connection, answers: list[AnswerKey]) -> tuple[AnswerKey, ...]:
    if not answers:
        return ()
    models, hashes = (list(column) for column in zip(*answers, strict=True))
    rows = connection.execute(_DELETE, {"models": models, "hashes": hashes})
    return tuple(sorted(AnswerKey(*row) for row in rows))
