"""Runs with a stage that asks a language model over HTTP: side by side, ended, gone on with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from scripted_llm import Asked, Exchange, Script, ScriptedLlm, always, failing, hanging
from waiting import until

from actors import driver, reading
from actors.dry_run import priced
from actors.on_ray import CarryOut
from actors.report import Report
from actors.request import Request
from actors.run_result import OVER_BUDGET
from actors.stop import Stop
from actors.workplace import HostStage
from faults import asking_stages, small_stages
from faults.asking_stages import MODEL, naming
from faults.local_run import ONE_EACH, in_threads
from pipeline import assembly
from pipeline.documents import Source, StageName
from pipeline.errors import UsageError
from pipeline.llm.asking import Price
from pipeline.llm.charging import MILLIONTHS, Charge
from pipeline.llm.estimating import Estimate
from pipeline.llm.settings import LlmSettings
from pipeline.process import Stages, process
from pipeline.settings import Settings
from pipeline.stage import STAGES, Plan
from pipeline.stores import postgres
from pipeline.stores.embedded import ServiceUrls
from pipeline.walking import Selection, Walk

DOCUMENTS = 16
PROJECT = "p"


@dataclass
class Meeting:
    """Holds all that is asked until so many are there, or until it is let go."""

    count: int
    released: threading.Event

    def __call__(self, exchange: Exchange, asked: Asked) -> None:
        server = exchange.server.owner
        while not self.released.is_set() and not server.closing.is_set():
            if server.at_once >= self.count:
                self.released.set()
            self.released.wait(0.01)
        naming(exchange, asked)


@dataclass(frozen=True)
class Asking:
    """A project of small documents, whose names a scripted model finds."""

    settings: Settings
    folder: Path
    server: ScriptedLlm
    host: HostStage = asking_stages.host
    extractors: int = 1

    def run(self, stop: Stop | None = None, **request: object) -> Report:
        """Run once; raises what `driver.run` raises."""
        return driver.run(
            self.settings,
            self.request(**request),
            lambda _snapshot: None,
            stop or Stop(),
            plan_of=small_stages.plan,
            host=self.host,
            rules=small_stages.SmallRules,
            waits_of=asking_stages.waits,
            carry_out=self.carry_out,
        )

    def priced(self, plan: Plan | None = None, **request: object) -> Estimate:
        """Say what a run would cost."""
        return priced(
            self.settings,
            self.request(**request),
            lambda _snapshot: None,
            Stop(),
            plan_of=lambda *_: plan or small_stages.plan(),
            ways_of=asking_stages.ways,
            read=partial(reading.read, host=self.host, carry_out=self.carry_out),
        )

    def request(self, **more: object) -> Request:
        return Request([str(self.folder)], PROJECT, Walk(Selection()), **more)  # type: ignore[arg-type]

    @property
    def carry_out(self) -> CarryOut:
        return partial(in_threads, actors=ONE_EACH | {StageName.EXTRACT: self.extractors})

    def rows(self, question: str) -> list[tuple[object, ...]]:
        assert self.settings.database_url is not None
        engine = postgres.engine_of(self.settings.database_url.get_secret_value(), pool_size=1)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(question)]
        finally:
            engine.dispose()


def write(folder: Path, count: int = DOCUMENTS, lines: int = 1) -> Path:
    folder.mkdir()
    for number in range(count):
        said = [f"Ann Lee met Bob Ray on day {number}, hour {line}." for line in range(lines)]
        (folder / f"{number:02}.txt").write_text("\n".join(said))
    return folder


@pytest.fixture
def served() -> Iterator[Callable[[Script], ScriptedLlm]]:
    servers: list[ScriptedLlm] = []

    def serve(script: Script) -> ScriptedLlm:
        servers.append(ScriptedLlm(script))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def asking(settings: Settings, served: Callable[[Script], ScriptedLlm], tmp_path: Path) -> Asking:
    server = served(always(naming))
    llm = LlmSettings(base_url=server.url, model=MODEL, concurrency=DOCUMENTS, tries=1)
    with_model = settings.model_copy(update={"llm": llm})
    return Asking(with_model, write(tmp_path / "documents"), server)


UNBLAMED = "SELECT status, attempts FROM documents WHERE status <> 'completed'"
BLAMES = "SELECT count(*) FROM failures"


@pytest.mark.parametrize("acceleration", ["on", "off"])
def test_documents_wait_for_the_model_side_by_side_and_nothing_is_asked_twice(
    acceleration: str, asking: Asking
) -> None:
    settings = asking.settings.model_copy(update={"acceleration": acceleration})
    asking = replace(asking, settings=settings)
    asking.server.script = always(Meeting(DOCUMENTS, threading.Event()))

    report = asking.run()

    # All of them are there at once, or none was answered.
    assert asking.server.most_at_once == DOCUMENTS
    assert report.documents["completed"] == DOCUMENTS
    assert len(asking.server.asked) == DOCUMENTS
    charged = asking.rows("SELECT DISTINCT content_id, stage, run_id, state FROM llm_calls")
    assert len(charged) == DOCUMENTS
    assert {row[1:] for row in charged} == {("extract", charged[0][2], "answered")}
    assert charged[0][2] is not None
    [(entities,)] = asking.rows("SELECT count(*) FROM mentions")
    assert entities == 2 * DOCUMENTS

    again = asking.run(from_stage=StageName.EXTRACT)
    assert again.stage_calls[StageName.EXTRACT] == DOCUMENTS
    assert len(asking.server.asked) == DOCUMENTS


def test_a_wrong_key_ends_the_run_in_one_line_and_nobody_is_to_blame(asking: Asking) -> None:
    asking.server.script = always(failing(401, "Incorrect API key provided"))

    report = asking.run()

    assert report.outcome == "failed"
    assert "key" in report.reason
    assert "\n" not in report.reason
    assert asking.rows(UNBLAMED) == [("pending", 0)] * DOCUMENTS
    assert asking.rows(BLAMES) == [(0,)]
    # What comes before the model is kept.
    [(chunked,)] = asking.rows("SELECT count(*) FROM stage_results WHERE stage = 'chunk'")
    assert chunked > 0

    asking.server.script = always(naming)
    report = asking.run()
    assert (report.outcome, report.documents["completed"]) == ("finished", DOCUMENTS)
    assert report.stage_calls[StageName.CHUNK] == DOCUMENTS - chunked
    assert {row[0] for row in asking.rows("SELECT attempts FROM documents")} == {1}


def test_a_run_that_is_stopped_keeps_what_is_answered_soon_and_waits_for_no_more(
    asking: Asking,
) -> None:
    held, stop = threading.Event(), Stop()

    def some_hang(exchange: Exchange, asked: Asked) -> None:
        if asked.number % 2:
            hanging(exchange, asked)
        else:
            held.wait(30)
            naming(exchange, asked)

    asking.server.script = always(some_hang)
    reports: list[Report] = []
    running = threading.Thread(target=lambda: reports.append(asking.run(stop)))
    running.start()
    until(lambda: asking.server.at_once == DOCUMENTS)
    stop.asked = True
    held.set()
    # Those that hang would do so for two minutes.
    running.join(30)
    assert not running.is_alive()

    [report] = reports
    assert (report.outcome, report.reason) == ("stopped", "")
    assert asking.rows("SELECT count(*) FROM llm_responses") == [(DOCUMENTS // 2,)]
    assert set(asking.rows(UNBLAMED)) == {("pending", 0)}
    assert asking.rows(BLAMES) == [(0,)]

    asking.server.script = always(naming)
    assert asking.run().documents["completed"] == DOCUMENTS
    assert len(asking.server.asked) == DOCUMENTS + DOCUMENTS // 2


PRICE = Price(input=1_000.0, output=10_000.0)
"""So high that a question costs cents: the amounts of the tests are read by people."""


def dear(asking: Asking, concurrency: int = DOCUMENTS) -> Asking:
    llm = asking.settings.llm.model_copy(
        update={"prices": {MODEL: PRICE}, "concurrency": concurrency}
    )
    return replace(asking, settings=asking.settings.model_copy(update={"llm": llm}))


def test_what_a_run_may_spend_is_never_exceeded_and_a_later_run_goes_on(asking: Asking) -> None:
    asking = replace(dear(asking), extractors=2)
    # Each question can cost $1.02 and costs some cents.
    at_most = 3 * MILLIONTHS

    report = asking.run(max_cost=at_most)

    assert report.outcome == OVER_BUDGET
    assert "\n" not in report.reason
    assert "of the $3.00 that this run may spend are spent" in report.reason
    answered = len(asking.rows("SELECT 1 FROM llm_calls WHERE state = 'answered'"))
    assert 0 < answered < DOCUMENTS
    assert len(asking.server.asked) == answered
    # What others only set aside is waited for: it stops where no other question has room.
    assert at_most - 1.02 * MILLIONTHS < report.models.cost <= at_most
    assert asking.rows("SELECT spent FROM llm_budgets") == [(report.models.cost,)]
    assert set(asking.rows(UNBLAMED)) == {("pending", 0)}
    assert asking.rows(BLAMES) == [(0,)]
    extracted = "SELECT count(*) FROM stage_results WHERE stage = 'extract'"
    assert asking.rows(extracted) == [(answered,)]

    runs = 0
    while asking.run(max_cost=at_most).outcome == OVER_BUDGET:
        runs += 1
        assert runs < DOCUMENTS
    assert len(asking.server.asked) == DOCUMENTS
    assert asking.rows(UNBLAMED) == []
    [(over,)] = asking.rows("SELECT count(*) FROM llm_budgets WHERE spent > at_most")
    assert over == 0


def test_a_cost_is_bounded_only_where_it_is_known(asking: Asking) -> None:
    with pytest.raises(UsageError) as raised:
        asking.run(max_cost=MILLIONTHS)
    said = str(raised.value)
    assert """CASEGRAPH_LLM__PRICES='{"small": {"input": 0.15, "output": 0.6}}'""" in said
    assert '[llm.prices."small"]' in said
    assert asking.server.asked == []


def test_a_price_is_told_before_anything_is_asked_and_what_was_read_is_kept(
    asking: Asking,
) -> None:
    said = asking.priced()

    assert (said.documents, said.chunks, said.questions) == (DOCUMENTS, DOCUMENTS, DOCUMENTS)
    assert (said.unread, said.kept) == (0, 0)
    assert asking.server.asked == []
    assert asking.rows("SELECT stage, count(*) FROM stage_results GROUP BY 1 ORDER BY 1") == [
        ("chunk", DOCUMENTS), ("ocr", DOCUMENTS),
    ]  # fmt: skip
    assert asking.rows(UNBLAMED) == [("pending", 0)] * DOCUMENTS
    assert asking.priced() == said

    report = asking.run()
    assert report.documents["completed"] == DOCUMENTS
    assert report.stage_calls[StageName.CHUNK] == 0
    # Tokens are counted by characters here as there.
    told = report.models.usage
    assert told.tokens_in <= said.usage.tokens_in < 1.5 * told.tokens_in
    assert told.tokens_out / 2 < said.usage.tokens_out < 2 * told.tokens_out
    done = asking.priced()
    assert (done.documents, done.questions, done.kept) == (0, 0, 0)


def test_what_has_an_answer_is_not_in_the_price(asking: Asking) -> None:
    asking = replace(dear(asking), extractors=2)
    assert asking.run(max_cost=3 * MILLIONTHS).outcome == OVER_BUDGET
    answered = len(asking.server.asked)

    # What was answered is extracted; asked for again it would cost nothing.
    assert asking.priced().questions == DOCUMENTS - answered
    again = asking.priced(from_stage=StageName.EXTRACT)
    assert (again.questions, again.kept) == (DOCUMENTS - answered, answered)


def test_a_project_that_was_made_without_a_model_keeps_its_settings_when_it_is_priced(
    asking: Asking,
) -> None:
    quiet = replace(asking, host=small_stages.host)
    quiet.run()
    (asking.folder / "new.txt").write_text("Cleo Old met Dan Moss.")
    plan = small_stages.plan()
    other = plan.model_copy(
        update={
            "identities": tuple(
                x.model_copy(update={"version": "asking"}) if x.stage is StageName.EXTRACT else x
                for x in plan.identities
            )
        }
    )
    said = asking.priced(other)
    # Also what is done would be asked about anew.
    assert (said.documents, said.questions) == (DOCUMENTS + 1, DOCUMENTS + 1)
    assert len(asking.rows("SELECT 1 FROM documents WHERE status = 'completed'")) == DOCUMENTS
    quiet.run()
    assert asking.rows("SELECT status, count(*) FROM documents GROUP BY 1") == [
        ("completed", DOCUMENTS + 1)
    ]

    rechunked = plan.model_copy(
        update={
            "identities": tuple(
                x.model_copy(update={"version": "finer"}) if x.stage is StageName.CHUNK else x
                for x in plan.identities
            )
        }
    )
    with pytest.raises(UsageError, match="by other settings"):
        asking.priced(rechunked)


def test_one_document_in_this_process_is_charged_to_whom_its_caller_says(
    asking: Asking, tmp_path: Path
) -> None:
    asking.run()
    [(project,)] = asking.rows("SELECT id::text FROM projects")
    assert asking.settings.database_url
    assert asking.settings.redis_url
    urls = ServiceUrls(
        database_url=asking.settings.database_url.get_secret_value(),
        redis_url=asking.settings.redis_url.get_secret_value(),
    )
    stores = assembly.open_stores(asking.settings, urls)
    hosted = {stage: asking.host(stage, asking.settings, stores) for stage in STAGES}
    path = tmp_path / "one.txt"
    path.write_text("Cleo Old met Dan Moss.")
    source = Source(
        path=str(path), name="one.txt", sha256="0" * 64, media_type="text/plain", size=1
    )
    stages = Stages(**{stage.value: hosted[stage].stage for stage in STAGES})
    try:
        with pytest.raises(LookupError):
            process(source, stages)
        record = process(source, stages, Charge(str(project)))
    finally:
        close = hosted[StageName.EXTRACT].close
        assert close is not None
        close()
    assert [mention.text for mention in record.mentions.mentions] == ["Cleo Old", "Dan Moss"]
    assert asking.rows("SELECT count(*) FROM llm_calls WHERE run_id IS NULL") == [(1,)]
