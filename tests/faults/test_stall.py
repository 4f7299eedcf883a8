"""A run in which nothing moves says where, to whoever looks, and once in the log."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

import pytest
from scripted_llm import Asked, Exchange, ScriptedLlm, always
from waiting import until

from actors import driver
from actors.progress import Snapshot
from actors.request import Request
from actors.stop import Stop
from faults import asking_stages, small_stages
from faults.asking_stages import MODEL, naming
from faults.local_pools import LocalPools
from faults.local_run import in_threads
from faults.small_run import write_documents
from pipeline.explore import open_project
from pipeline.llm.settings import LlmSettings
from pipeline.settings import Settings
from pipeline.walking import Selection, Walk

DOCUMENTS = 40


def test_the_stage_that_waits_for_a_model_is_named_not_the_one_with_the_longest_queue(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers = threading.Event()

    def held(exchange: Exchange, asked: Asked) -> None:
        answers.wait(120)
        naming(exchange, asked)

    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number:02}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    server = ScriptedLlm(always(held))
    stalling = settings.model_copy(
        update={
            "llm": LlmSettings(base_url=server.url, model=MODEL, concurrency=2, tries=1),
            "run": settings.run.model_copy(update={"stall_seconds": 1.0, "window": 16}),
        }
    )
    shown: list[Snapshot] = []
    told: list[str] = []

    def run() -> None:
        driver.run(
            stalling,
            Request([str(folder)], "p", Walk(Selection())),
            shown.append,
            Stop(),
            plan_of=small_stages.plan,
            host=asking_stages.host,
            rules=small_stages.SmallRules,
            waits_of=asking_stages.waits,
            carry_out=in_threads,
        )

    with caplog.at_level(logging.WARNING, "actors.broadcast"):
        running = threading.Thread(target=run)
        running.start()
        try:
            until(lambda: any("stalled" in record.message for record in caplog.records), 60)
            view = open_project("p", stalling).progress()
            told.append(repr(view))
            waiting = view.stages.loc["extract"]
        finally:
            answers.set()
            running.join(120)
            server.close()

    # Before a model is waited for, a machine that is busy elsewhere may let a second go by.
    stalled = [
        snapshot for snapshot in shown if snapshot.stalled and snapshot.at_work["extract"].calls
    ]
    assert {snapshot.stalled for snapshot in stalled} == {"extract"}
    assert any(snapshot.queued["extract"] == 0 or snapshot.at_work["extract"].calls
               for snapshot in stalled)  # fmt: skip
    [record] = [record for record in caplog.records if "stalled" in record.message]
    assert record.__dict__["stage"] == "extract"
    assert "; extract has " in record.message
    assert view.alive
    assert "nothing has moved for" in told[0]
    assert waiting["calls"] > 0
    assert shown[-1].stalled == ""
    assert shown[-1].completed == DOCUMENTS


@pytest.mark.parametrize(
    ("hangs", "mode", "where", "said"),
    [
        ("identify", "on", "ocr", "ocr works on nothing"),
        ("fill_vectors", "off", "embedding", "vectors are computed, and that does not come to"),
        ("resolve", "on", "registry", "entities are settled, and that does not come to its end"),
    ],
)
def test_what_hangs_beside_the_stages_is_named_too(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hangs: str,
    mode: str,
    where: str,
    said: str,
) -> None:
    write_documents(tmp_path / "documents", DOCUMENTS)
    goes_on, asked = threading.Event(), getattr(LocalPools, hangs)

    async def late(pools: LocalPools, *arguments: object) -> object:
        await asyncio.to_thread(goes_on.wait, 120)
        return await asked(pools, *arguments)

    monkeypatch.setattr(LocalPools, hangs, late)
    soon = settings.run.model_copy(update={"stall_seconds": 1.0})
    shown: list[Snapshot] = []

    def show(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        if snapshot.stalled:
            goes_on.set()

    report = driver.run(
        settings.model_copy(update={"run": soon, "acceleration": mode}),
        Request([str(tmp_path / "documents")], "p", Walk(Selection())),
        show,
        Stop(),
        plan_of=small_stages.plan,
        host=small_stages.host,
        rules=small_stages.SmallRules,
        carry_out=in_threads,
    )

    stalled = [snapshot for snapshot in shown if snapshot.stalled]
    assert {snapshot.stalled for snapshot in stalled} == {where}
    assert said in stalled[0].note
    assert report.outcome == "finished"
    assert shown[-1].stalled == ""
