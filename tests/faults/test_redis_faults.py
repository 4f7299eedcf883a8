"""Whatever Redis does while a run is on: it finishes, nothing is lost, the graph is the same.

A whole run with small stages, without Ray, on a PostgreSQL of the session and a Valkey of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis

from actors import driver
from actors.progress import Snapshot
from actors.request import Request
from actors.stop import Stop
from faults import small_stages
from faults.harmed import DOCUMENTS, Harmed
from faults.local_run import in_threads
from faults.proxy import proxy_for
from faults.servers import OwnValkey
from faults.small_run import Outcome, SmallRun
from faults.small_stages import SECONDS
from pipeline.documents import StageName
from pipeline.settings import RunSettings, ServiceSettings, Settings
from pipeline.stores.redis_link import RedisLink
from pipeline.walking import Selection, Walk

RUN = RunSettings(window=8, persist_seconds=0.02, lease_seconds=5)


@dataclass
class Faulty(Harmed):
    """A run whose Redis a test can harm: the server itself, or the line to it."""

    server: OwnValkey


@pytest.fixture
def faulty(
    valkey_server: OwnValkey, folder: Path, migrated_url: str, tmp_path: Path
) -> Iterator[Faulty]:
    if not valkey_server.processes:
        valkey_server.start(empty=True)
    valkey_server.flush()
    valkey_server.limit_memory(1 << 30)
    with proxy_for(valkey_server.url) as line:
        settings = Settings(
            home=tmp_path / "home",
            database_url=migrated_url,  # type: ignore[arg-type]
            redis_url=line.url(valkey_server.url),  # type: ignore[arg-type]
            run=RUN,
            services=ServiceSettings(redis_answer_seconds=0.3),
        )
        run = SmallRun(settings, folder)
        yield Faulty(run, run, line, valkey_server)


def test_undisturbed_it_is_accelerated(faulty: Faulty, quiet: Outcome) -> None:
    [result] = faulty.run.until_done()
    assert (result.mode, result.mode_reason) == ("accelerated", "")
    assert faulty.outcome() == quiet


def test_absent_from_the_start(faulty: Faulty, quiet: Outcome) -> None:
    faulty.line.refuse()
    [result] = faulty.run.until_done()
    assert result.mode == "database"
    assert "Connection refused" in result.mode_reason
    assert faulty.outcome() == quiet


def test_killed_in_the_middle(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        faulty.server.kill()
    assert results[-1].mode == "database"
    assert "does not answer" in results[-1].mode_reason
    assert faulty.outcome() == quiet


def test_killed_and_back_with_what_it_had(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going():
        faulty.server.restart()
    assert faulty.outcome() == quiet


def test_restarted_empty(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going():
        faulty.server.restart(empty=True)
    assert faulty.outcome() == quiet


def test_hanging(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        faulty.line.hang()
    assert results[-1].mode == "database"
    assert "no answer in time" in results[-1].mode_reason
    assert faulty.outcome() == quiet


def test_slow(faulty: Faulty, quiet: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too slow is as good as away, though every answer comes long before it is given up."""
    monkeypatch.setattr("pipeline.stores.redis_link.SLOW_SECONDS", 0.05)
    patient = ServiceSettings(redis_answer_seconds=30)
    settings = faulty.run.settings.model_copy(update={"services": patient})
    slow = replace(faulty, run=replace(faulty.run, settings=settings))
    with slow.going() as results:
        slow.line.delay(0.1)
    assert results[-1].outcome == "finished", results[-1].reason
    assert (results[-1].mode, results[-1].mode_reason) == (
        "database",
        "answers take over 0.05 s",
    )
    assert slow.outcome() == quiet


def test_less_quick_than_usual_it_is_used(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going():
        faulty.line.delay(0.2)
        faulty.after(1)
        faulty.line.heal()
    assert faulty.outcome() == quiet


def test_out_of_memory(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
    try:
        with faulty.going() as results:
            faulty.server.limit_memory(1 << 20)
    finally:
        with faulty.server.client() as client:
            client.config_set("maxmemory-policy", "volatile-lru")
    assert "full" in results[-1].mode_reason
    assert faulty.outcome() == quiet


@pytest.mark.parametrize(
    "forbidden",
    [
        "xadd",
        "mget",
        *(pytest.param(x, marks=pytest.mark.long) for x in ("xreadgroup", "evalsha", "info")),
    ],
)
def test_the_user_may_do_less_from_now_on(faulty: Faulty, quiet: Outcome, forbidden: str) -> None:
    with faulty.server.client() as client, faulty.going() as results:
        client.execute_command("ACL", "SETUSER", "default", f"-{forbidden}")
        # What is looked at once is looked at again after an outage.
        faulty.line.cut()
    with faulty.server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert results[-1].outcome == "finished", results[-1].reason
    assert results[-1].failed == quiet[1]["failed"]
    assert faulty.outcome() == quiet


def test_busy_with_a_script_that_does_not_end(faulty: Faulty, quiet: Outcome) -> None:
    def endless() -> None:
        with faulty.server.client() as client, pytest.raises(redis.ResponseError):
            client.eval("while true do end", 0)

    with faulty.server.client() as client, faulty.going() as results:
        client.config_set("busy-reply-threshold", 20)
        busy = threading.Thread(target=endless)
        busy.start()
        done = faulty.done()
        faulty.until(lambda: faulty.done() > done + 10)
        client.script_kill()
        busy.join()
    assert results[-1].outcome == "finished", results[-1].reason
    assert faulty.outcome() == quiet


def test_one_that_may_drop_what_it_is_given_is_not_used(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going() as results:
        with faulty.server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        faulty.line.refuse()
        faulty.line.cut()
        done = faulty.done()
        faulty.until(lambda: faulty.done() > done + 10)
        faulty.line.heal()
    with faulty.server.client() as client:
        client.config_set("maxmemory-policy", "volatile-lru")
    assert results[0].mode == "database"
    assert faulty.outcome() == quiet


def test_flushed_in_the_middle_again_and_again(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going():
        for share in (3, 2, 1.5):
            faulty.until(lambda share=share: faulty.done() >= DOCUMENTS / share - 30)
            faulty.server.flush()
    assert faulty.outcome() == quiet


def test_flapping(faulty: Faulty, quiet: Outcome) -> None:
    with faulty.going():
        for _ in range(8):
            faulty.line.refuse()
            faulty.line.cut()
            time.sleep(0.1)  # the fault itself: away for so long
            faulty.line.heal()
            done = faulty.done()
            faulty.until(lambda done=done: faulty.done() > done or not faulty.run.left())
    assert faulty.outcome() == quiet


def test_it_comes_back_and_is_used_again(
    faulty: Faulty, quiet: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RedisLink.__init__.__kwdefaults__, "probe_seconds", 0.2)
    monkeypatch.setenv(SECONDS, "0.03")
    with faulty.going() as results:
        faulty.line.refuse()
        faulty.line.cut()
        done = faulty.done()
        faulty.until(lambda: faulty.done() > done + 5)
        faulty.line.heal()
        before = faulty.line.traffic
        faulty.until(lambda: (faulty.line.traffic - before).connections > 2)
        assert faulty.run.left()
    assert [result.mode for result in results] == ["accelerated"]
    assert faulty.outcome() == quiet


def test_back_after_a_stage_had_its_last_document(
    faulty: Faulty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody will ask again says nothing of how the run works."""
    monkeypatch.setenv(SECONDS, "0.05")
    monkeypatch.setitem(RedisLink.__init__.__kwdefaults__, "probe_seconds", 0.2)
    count = 60
    (tmp_path / "documents").mkdir()
    for number in range(count):
        path = tmp_path / "documents" / f"{number}.txt"
        path.write_text(f"Ann Lee met Bob Moss on day {number}.")
    wide = faulty.run.settings.model_copy(
        update={"run": RUN.model_copy(update={"window": 10 * count})}
    )
    run, seen = SmallRun(wide, tmp_path / "documents"), []

    def show(snapshot: Snapshot) -> None:
        # A result whose answer was lost is found again and not counted: no count is ever sure to
        # reach all. Two actors read and one extracts, so the last is read well before the heal.
        if not seen and snapshot.done.get(StageName.OCR, 0) >= count - 12:
            faulty.line.refuse()
            faulty.line.cut()
            seen.append("away")
        elif seen == ["away"] and snapshot.done.get(StageName.EXTRACT, 0) >= 2 * count // 3:
            faulty.line.heal()
            seen.append("back")

    report = driver.run(
        wide,
        Request([str(run.folder)], run.project, Walk(Selection())),
        show,
        Stop(),
        plan_of=small_stages.plan,
        host=small_stages.host,
        rules=small_stages.SmallRules,
        carry_out=in_threads,
    )
    assert seen == ["away", "back"]
    assert (report.outcome, report.mode, report.mode_reason) == ("finished", "accelerated", "")
