"""Answers of language models and what they cost, as PostgreSQL keeps them: before a question is
asked, and before its answer is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pipeline import codec
from pipeline.errors import PermanentError, UnavailableError
from pipeline.llm.asking import Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge, over_budget
from pipeline.stores.postgres import alone, transaction

_PROJECT = text("SELECT 1 FROM projects WHERE id = CAST(:project AS uuid)")

_FIND = text("""
SELECT request_hash, response FROM llm_responses
WHERE model = :model AND request_hash = ANY(CAST(:hashes AS text[]))
""")

# Two that ask the same at once wait for each other here: the second finds no place.
_CLAIM = text("""
INSERT INTO llm_calls (project_id, content_id, run_id, stage, model, request_hash, state, cost,
                       until)
SELECT id, (SELECT id FROM contents WHERE id = CAST(:content AS uuid)), CAST(:run AS uuid), :stage,
       :model, :hash, 'asked', :most, now() + :seconds * interval '1 s'
FROM projects WHERE id = CAST(:project AS uuid)
ON CONFLICT (model, request_hash) WHERE state = 'asked' DO NOTHING
RETURNING id, content_id IS NOT NULL AS of_content
""")

# What a run asked that is over is answered to nobody. An actor that died over a question is waited
# for until its time is up.
_LOSE = text("""
UPDATE llm_calls c SET state = 'lost'
WHERE model = :model AND request_hash = :hash AND state = 'asked'
  AND (until < now() OR EXISTS (
      SELECT 1 FROM runs r
      WHERE r.id = c.run_id AND (r.ended_at IS NOT NULL OR r.lease_until < now())))
RETURNING id
""")

_USE = text("""
INSERT INTO llm_uses (content_id, model, request_hash, project_id)
SELECT CAST(:content AS uuid), r.model, r.request_hash, p.id
FROM llm_responses r, projects p
WHERE r.model = :model AND r.request_hash = ANY(CAST(:hashes AS text[]))
  AND p.id = CAST(:project AS uuid)
ON CONFLICT DO NOTHING
""")

_RENEW = text("""
UPDATE llm_calls SET until = now() + :seconds * interval '1 s'
WHERE id = ANY(CAST(:calls AS bigint[])) AND state = 'asked'
""")

_DROP = text("DELETE FROM llm_calls WHERE id = :call")

# A run without a row here may spend whatever it comes to.
_RESERVE = text("""
UPDATE llm_budgets SET spent = spent + :most
WHERE run_id = CAST(:run AS uuid) AND spent + :most <= at_most RETURNING spent
""")

# In one moment: whoever settles gives back what was set aside in the same transaction.
_BUDGET = text("""
SELECT at_most, spent, spent + :most <= at_most OR EXISTS (
           SELECT 1 FROM llm_calls c WHERE c.state = 'asked' AND c.until >= now()
           AND c.id <> :call AND c.run_id = b.run_id) AS may_wait
FROM llm_budgets b WHERE run_id = CAST(:run AS uuid)
""")

_SETTLE = text("""
WITH call AS (
    UPDATE llm_calls SET state = :state, code = :code, tokens_in = :tokens_in,
           tokens_out = :tokens_out, tokens_cached = :tokens_cached, cost = :cost,
           seconds = extract(epoch FROM clock_timestamp() - asked_at)
    FROM (SELECT id AS mine, cost AS most FROM llm_calls WHERE id = :call FOR UPDATE) AS before
    WHERE id = mine RETURNING run_id, most
)
UPDATE llm_budgets b SET spent = spent - call.most + :cost FROM call WHERE b.run_id = call.run_id
""")

# A call goes with its project, and names no content that is gone. Whoever forgets waits here, and
# then finds the answer.
_THERE = text("""
SELECT c.content_id IS NOT NULL AS of_content
FROM projects p JOIN llm_calls c ON c.project_id = p.id WHERE c.id = :call
FOR KEY SHARE OF p FOR UPDATE OF c
""")

_KEEP = text("""
INSERT INTO llm_responses (model, request_hash, response, tokens_in, tokens_out, tokens_cached,
                           project_id)
VALUES (:model, :hash, :response, :tokens_in, :tokens_out, :tokens_cached,
        (SELECT id FROM projects WHERE id = CAST(:project AS uuid)))
ON CONFLICT (model, request_hash) DO NOTHING
""")

_ALLOW = text("""
INSERT INTO llm_budgets (run_id, at_most) VALUES (CAST(:run AS uuid), :at_most)
ON CONFLICT (run_id) DO UPDATE SET at_most = excluded.at_most
""")


@dataclass(frozen=True)
class LlmLedger:
    """One database's answers and their cost. Each method is one transaction.

    All raise TemporaryError where PostgreSQL does not answer.
    """

    engine: Engine

    def find(self, questions: Sequence[Question]) -> Reply | None:
        """Read the answer that was paid for to the first of these, of one model, that has one. What
        cannot be read is as good as none.
        """
        known = self.look_up(questions)
        return known[1] if known else None

    def look_up(self, questions: Sequence[Question]) -> tuple[Question, Reply] | None:
        """Do as `find`, and say whose answer it is."""
        with alone(self.engine) as connection:
            return _found(connection, questions)

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """Note for which content the answers to these were found: it holds words of theirs too."""
        with transaction(self.engine, "llm-use") as connection:
            _use(connection, questions, charge)

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        """Take it on to ask a question, for at most `seconds`, setting aside the `most` that it may
        cost; give the answer if there is one, and None while somebody else asks, or while others
        have set aside what is needed, of which most is there again when they have their answers.

        Raises OverBudgetError if less than `most` is left of what the run may spend, and
        UnavailableError for a project that is not there any more.
        """
        values = {
            "model": question.model, "hash": question.hash, "most": most, "seconds": seconds,
            **charge._asdict(),
        }  # fmt: skip
        with transaction(self.engine, "llm-ask") as connection:
            claimed = connection.execute(_CLAIM, values).one_or_none()
            if claimed is None and connection.scalar(_LOSE, values) is not None:
                claimed = connection.execute(_CLAIM, values).one_or_none()
            if claimed is None:
                _see_project(connection, charge)
                return None
            call = claimed.id
            # Whoever was before us may have answered just before our row found its place.
            if (known := _found(connection, [question])) is not None:
                connection.execute(_DROP, {"call": call})
                _use(connection, [question], charge)
                return known[1]
            if charge.run is not None and connection.scalar(_RESERVE, values) is None:
                budget = connection.execute(_BUDGET, {**values, "call": call}).one_or_none()
                if budget is not None and budget.may_wait:
                    connection.execute(_DROP, {"call": call})
                    return None
                if budget is not None:
                    raise over_budget(budget.at_most, budget.spent, most)
            return Asked(call, most, claimed.of_content)

    def renew(self, calls: Sequence[int], seconds: float) -> None:
        """Give questions that are being asked `seconds` more, from now on."""
        with transaction(self.engine, "llm-renew") as connection:
            connection.execute(_RENEW, {"calls": list(calls), "seconds": seconds})

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        """Keep an answer, and what it cost. One that has words of what was forgotten meanwhile is
        not kept: then say no.
        """
        usage = reply.usage.model_dump()
        with transaction(self.engine, "llm-keep") as connection:
            there = connection.execute(_THERE, {"call": asked.call}).one_or_none()
            kept = there is not None and there.of_content >= asked.of_content
            if kept:
                connection.execute(
                    _KEEP,
                    {
                        "model": question.model,
                        "hash": question.hash,
                        "response": codec.encode(reply),
                        "project": charge.project,
                        **usage,
                    },
                )
                _use(connection, [question], charge)
            _settle(connection, asked, "answered", None, reply.usage, cost)
        return kept

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """Note that a question has no answer that can be used, and what that cost."""
        with transaction(self.engine, "llm-fail") as connection:
            _settle(connection, asked, "failed", code, usage, cost)

    def allow(self, run: str, at_most: int) -> None:
        """Say what a run may spend."""
        with transaction(self.engine, "llm-allow") as connection:
            connection.execute(_ALLOW, {"run": run, "at_most": at_most})


def _see_project(connection: Connection, charge: Charge) -> None:
    """See that there is somebody to ask for."""
    if connection.scalar(_PROJECT, {"project": charge.project}) is None:
        raise UnavailableError(
            "the project was deleted while its documents were worked on; run again to make it anew"
        )


def _settle(
    connection: Connection, asked: Asked, state: str, code: str | None, usage: Usage, cost: int
) -> None:
    """Write what came of a call, and give back what was set aside and not needed."""
    values = {"call": asked.call, "state": state, "code": code, "cost": cost, **usage.model_dump()}
    connection.execute(_SETTLE, values)


def _use(connection: Connection, questions: Sequence[Question], charge: Charge) -> None:
    if charge.content is not None:
        hashes = [question.hash for question in questions]
        values = {"model": questions[0].model, "hashes": hashes, **charge._asdict()}
        connection.execute(_USE, values)


def _found(connection: Connection, questions: Sequence[Question]) -> tuple[Question, Reply] | None:
    hashes = [question.hash for question in questions]
    values = {"model": questions[0].model, "hashes": hashes}
    stored = {row.request_hash: row.response for row in connection.execute(_FIND, values)}
    for question, hash_ in zip(questions, hashes, strict=True):
        if hash_ in stored:
            with suppress(PermanentError):
                return question, codec.decode(Reply, bytes(stored[hash_]))
    return None
