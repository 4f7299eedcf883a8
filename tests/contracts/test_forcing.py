"""Forcing stages to run again, and saying beforehand what a run would do, on real PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from pipeline import generations
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.forecast import stage_counts
from pipeline.stage import STAGES
from pipeline.stores import postgres
from tests.ledger_case import LedgerCase, plan_of, sha_of


@pytest.fixture
def case(migrated_url: str) -> Iterator[LedgerCase]:
    engine = postgres.connect(migrated_url)
    yield LedgerCase(engine)
    engine.dispose()


def everything(case: LedgerCase) -> dict[str, list]:
    tables = case.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        table: case.rows(f"SELECT x.*::text, x.xmin::text FROM {table} x ORDER BY 1")
        for (table,) in tables
    }


@pytest.mark.parametrize("stage", STAGES)
def test_from_a_stage_leaves_the_chain_before_it_and_lasts(case, stage):
    case.publish("a", "Ann Lee met Bob Ray.", "Ann Lee", "Bob Ray")
    opened = case.ledger.open_project(case.name, case.plan, from_stage=stage)
    assert opened.plan == generations.raised(case.plan, stage)
    assert case.status("a.txt")[0] == "pending"
    assert case.status("a.txt")[2] is not None  # readers see the old content meanwhile
    # A run without the option goes on with what was forced, and does not force it again.
    again = case.ledger.open_project(case.name, case.plan)
    assert again.plan == opened.plan
    run = case.run()
    case.ledger.claim(run, 10)
    work = case.identify(run, again.plan, a="Ann Lee met Bob Ray.")[case.document("a.txt")]
    assert [link.stage for link in work.chain.links] == list(STAGES[: STAGES.index(stage)])


def test_from_does_not_take_other_settings_by_itself_and_goes_with_reconfigure(case):
    case.publish("a", "Jane Roe.", "Jane Roe")
    other = plan_of(relate="2")
    with pytest.raises(UsageError, match=r"relate .version '1' → '2'.*--reconfigure"):
        case.ledger.open_project(case.name, other, from_stage=StageName.CHUNK)
    assert case.ledger.open_project(case.name, case.plan).plan == case.plan
    both = case.ledger.open_project(
        case.name, other, reconfigure=True, from_stage=StageName.CHUNK
    ).plan
    assert both == generations.raised(other, StageName.CHUNK)
    # Other settings later do not take back what was forced.
    later = case.ledger.open_project(case.name, case.plan, reconfigure=True).plan
    assert later == generations.raised(case.plan, StageName.CHUNK)


def test_a_new_project_has_nothing_to_force(case):
    assert case.ledger.open_project("new", case.plan, from_stage=StageName.OCR).plan == case.plan


def test_a_run_beside_one_that_forces_ends_with_one_line_and_its_documents_go_on(case):
    old = case.run()
    case.claimed(old, "a.txt")
    forced = case.ledger.open_project(case.name, case.plan, from_stage=StageName.EXTRACT).plan
    with pytest.raises(UsageError, match="given other settings while this run was at work"):
        case.identify(old, a="Ann Lee slept.")
    case.ledger.end_run(old, "failed", {})
    new = case.run()
    assert [c.document_id for c in case.ledger.claim(new, 10)] == [case.document("a.txt")]
    assert case.identify(new, forced, a="Ann Lee slept.")


def test_a_forecast_tells_each_kind_and_writes_nothing(case):
    for name in ("same", "changed", "gone"):
        case.publish(name, f"{name} text")
    case.ledger.record_documents(case.project, [case.found("waiting.txt")])
    with case.engine.begin() as connection:
        connection.execute(
            text("UPDATE documents SET status = 'failed' WHERE id = CAST(:id AS uuid)"),
            {"id": case.document("changed.txt")},
        )
    case.publish("failed", "failed text")
    with case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET status = 'failed' WHERE uri LIKE '%failed%'"))
    case.ledger.record_documents(case.project, [case.found("waiting.txt", stamp="0")])
    before = everything(case)
    with case.ledger.forecasting(case.project) as forecasting:
        forecasting.found([case.found("same.txt"), case.found("same.txt")])
        forecasting.found([case.found("changed.txt", stamp="2"), case.found("new.txt")])
        forecasting.found([case.found("failed.txt")])
        forecasting.found([case.found("huge.txt", size=1000)], left_out=True)
        assert forecasting.counts() == {
            "unchanged": 1, "changed": 1, "new": 1, "failed": 1, "left_out": 1,
            "pending": 1, "elsewhere": 1,
        }  # fmt: skip
        assert forecasting.not_found([case.uri("")]) == 2
        assert forecasting.unread() == 3
        known = list(forecasting.known())
    assert {(x.sha256, x.waiting) for x in known} == {
        (sha_of("same text"), False),
        (sha_of("gone text"), False),
    }
    assert set(stage_counts(case.plan, 0, known).values()) == {0}
    relate = stage_counts(generations.raised(case.plan, StageName.RESOLVE), 3, known)
    assert list(relate.values()) == [3, 3, 3, 5, 5]
    assert everything(case) == before
