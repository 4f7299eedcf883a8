"""What language models were asked for a project and what that cost, as PostgreSQL counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from pipeline.documents import StageName
from pipeline.llm.answering import attempts_at
from pipeline.llm.asking import Question, Usage
from pipeline.llm.spending import Spent
from pipeline.stores.idling import may_idle
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.postgres import reading

STREAM_ROWS = 1_000


class By(StrEnum):
    """What calls are summed up by."""

    DOCUMENT = "document"
    MODEL = "model"
    RUN = "run"
    STAGE = "stage"


class CostRow(NamedTuple):
    """What the calls for one of these came to. Of several documents with the same bytes the first
    is named, with the number of the `others`; `what` is empty where it is not known (any more).
    """

    what: str
    others: int
    spent: Spent


def row_json(row: CostRow) -> dict[str, Any]:
    """Give a row as commands and notebooks show it."""
    return {"what": row.what, "others": row.others, **row.spent.as_json()}


# A call whose time is over is lost, also while nobody has asked the same again.
_CALLS = """
SELECT CASE WHEN state = 'asked' AND until < now() THEN 'lost' ELSE state END AS state, code,
       content_id, run_id, stage, model, tokens_in, tokens_out, tokens_cached, cost
FROM llm_calls WHERE project_id = CAST(:project AS uuid)
"""

_SUMS = """
count(*) AS calls, count(*) FILTER (WHERE state = 'lost') AS lost,
count(*) FILTER (WHERE state = 'asked') AS under_way,
coalesce(sum(tokens_in), 0)::bigint AS tokens_in,
coalesce(sum(tokens_out), 0)::bigint AS tokens_out,
coalesce(sum(tokens_cached), 0)::bigint AS tokens_cached,
coalesce(sum(cost) FILTER (WHERE state <> 'asked'), 0)::bigint AS cost,
coalesce(sum(cost) FILTER (WHERE state = 'asked'), 0)::bigint AS set_aside,
array_agg(code) FILTER (WHERE state = 'failed') AS codes
"""

_SUMMED = """
SELECT calls, lost, under_way, tokens_in, tokens_out, tokens_cached, cost, set_aside,
       coalesce((SELECT jsonb_object_agg(code, number) FROM (
           SELECT coalesce(code, 'unknown') AS code, count(*) AS number
           FROM unnest(codes) AS code GROUP BY 1) AS by_code), '{}') AS failed
"""

_TOTAL = text(f"""
WITH calls AS ({_CALLS}), sums AS (SELECT {_SUMS} FROM calls
              WHERE :all OR run_id = ANY(CAST(:runs AS uuid[])))
{_SUMMED} FROM sums
""")  # noqa: S608 - our own words

_BY = """
WITH calls AS ({calls}), sums AS (SELECT {key} AS key, {sums} FROM calls GROUP BY 1)
{summed}, {what} AS what, {others} AS others FROM sums {more}
ORDER BY cost DESC, calls DESC, key::text COLLATE "C" LIMIT :limit
"""

_DOCUMENTS = """
LEFT JOIN LATERAL (
    SELECT min(source COLLATE "C") AS source, count(*) - 1 AS others FROM documents
    WHERE content_id = key OR next_content_id = key) AS d ON true
"""

_KEYS: Mapping[By, tuple[str, str, str, str]] = {
    By.DOCUMENT: ("content_id", "coalesce(d.source, '')", "greatest(d.others, 0)", _DOCUMENTS),
    By.MODEL: ("model", "key", "0", ""),
    By.RUN: ("run_id", "coalesce(key::text, '')", "0", ""),
    By.STAGE: ("stage", "coalesce(key, '')", "0", ""),
}


_QUESTIONS = {
    by: text(
        _BY.format(
            calls=_CALLS, sums=_SUMS, summed=_SUMMED, key=key, what=what, others=others, more=more
        )
    )
    for by, (key, what, others, more) in _KEYS.items()
}

_KEPT = text("""
SELECT r.model, r.request_hash FROM llm_responses r
JOIN unnest(CAST(:models AS text[]), CAST(:hashes AS text[])) AS q (model, request_hash)
    USING (model, request_hash)
""")

_ANSWERED = text("""
SELECT c.content_id::text AS content, c.stage, count(DISTINCT c.request_hash) AS answers
FROM llm_calls c JOIN llm_responses r USING (model, request_hash)
WHERE c.content_id = ANY(CAST(:contents AS uuid[])) AND c.state = 'answered'
  AND c.stage IS NOT NULL AND c.model = ANY(:models)
GROUP BY 1, 2
""")


@dataclass(frozen=True)
class LlmAccount:
    """One project's account, by its id. Raises TemporaryError where PostgreSQL is away."""

    engine: Engine
    project: str

    def allow(self, run: str, at_most: int) -> None:
        """Say what a run may spend, in millionths of a US dollar."""
        LlmLedger(self.engine).allow(run, at_most)

    def spent(self, runs: Sequence[str] | None = None) -> Spent:
        """Sum up all calls, or those of some runs."""
        values = {"project": self.project, "runs": list(runs or ()), "all": runs is None}
        with reading(self.engine) as connection:
            return _spent(connection.execute(_TOTAL, values).one())

    def costs(self, by: By, limit: int | None = None) -> Iterator[CostRow]:
        """Stream what calls came to, by one thing or another, the most expensive first."""
        with reading(self.engine) as connection:
            may_idle(connection)
            values = {"project": self.project, "limit": limit}
            for row in connection.execute(
                _QUESTIONS[by], values, execution_options={"yield_per": STREAM_ROWS}
            ):
                yield CostRow(row.what, row.others, _spent(row))

    def answered(
        self, first: Mapping[str, Sequence[Question]]
    ) -> Mapping[str, Mapping[StageName, int]]:
        """Count the answers that are kept to questions about contents, by stage; of contents that
        have one to one of those questions, which begin what is asked about them.
        """
        asked = {
            (question.model, question.hash): content
            for content, questions in first.items()
            for each in questions
            for question in attempts_at(each)
        }
        if not asked:
            return {}
        models, hashes = zip(*asked, strict=True)
        with reading(self.engine) as connection:
            there = connection.execute(_KEPT, {"models": list(models), "hashes": list(hashes)})
            begun = {asked[row.model, row.request_hash] for row in there}
            known: dict[str, dict[StageName, int]] = {content: {} for content in begun}
            values = {"contents": sorted(begun), "models": sorted(set(models))}
            for row in connection.execute(_ANSWERED, values):
                known[row.content][StageName(row.stage)] = row.answers
        return known


def _spent(row: Any) -> Spent:
    usage = Usage(
        tokens_in=row.tokens_in, tokens_out=row.tokens_out, tokens_cached=row.tokens_cached
    )
    return Spent(
        calls=row.calls, failed=row.failed, lost=row.lost, under_way=row.under_way, usage=usage,
        cost=row.cost, set_aside=row.set_aside,
    )  # fmt: skip
