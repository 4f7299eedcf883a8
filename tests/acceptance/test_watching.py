"""`casegraph status --watch` and a notebook, beside a run that is at work."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from faults import small_stages
from waiting import until

from pipeline import identity
from pipeline.explore import open_project
from pipeline.settings import Settings
from pipeline.stores import postgres
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.run_progress import RunProgress

DOCUMENTS = 40
PATIENT = 120.0


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number:02}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    return folder


@dataclass(frozen=True)
class Held:
    """A run at work whose stages wait until it is let go."""

    process: Popen[str]
    file: Path

    def let_go(self) -> Any:
        """Let it come to its end, and give what it says."""
        self.file.unlink()
        out, err = self.process.communicate(timeout=PATIENT)
        assert self.process.returncode == 0, err
        return json.loads(out)


@contextmanager
def running(small: Any, corpus: Path, settings: Settings) -> Iterator[Held]:
    """Have a run at work that has said where it is."""
    file = corpus.parent / "held"
    file.touch()
    holding = replace(small, environment=small.environment | {small_stages.HOLDS: str(file)})
    run = holding.start("run", str(corpus), "--project", "p", "--json")
    assert settings.database_url is not None
    engine = postgres.connect(settings.database_url.get_secret_value())
    link = RedisLink(settings.redis_url.get_secret_value()) if settings.redis_url else None
    progress = RunProgress(engine, identity.project_id("p"), link)
    try:
        until(lambda: (told := progress.look()) and (told.said or {}).get("seconds"), PATIENT)
        yield Held(run, file)
    finally:
        file.unlink(missing_ok=True)
        if run.poll() is None:
            run.kill()
            run.communicate(timeout=PATIENT)
        engine.dispose()


@pytest.mark.parametrize("acceleration", ["on", pytest.param("off", marks=pytest.mark.slow)])
def test_a_run_is_watched_until_it_ends_in_whatever_mode(
    small: Any, corpus: Path, settings: Settings, acceleration: str
) -> None:
    small = replace(small, environment=small.environment | {"CASEGRAPH_ACCELERATION": acceleration})
    with running(small, corpus, settings) as run:
        watch = small.start("status", "--watch", "--project", "p", "--json")
        assert watch.stdout is not None
        first = watch.stdout.readline()
        run.let_go()
        out, err = watch.communicate(timeout=PATIENT)
        assert watch.returncode == 0, err
    said = [json.loads(line) for line in (first + out).splitlines()]
    assert len({line["run"] for line in said}) == 1
    assert (said[-1]["alive"], said[-1]["outcome"]) == (False, "finished")
    assert (said[-1]["completed"], said[-1]["total"]) == (DOCUMENTS, DOCUMENTS)
    alive = [line for line in said if line["alive"] and "done" in line]
    assert alive
    assert alive[0]["total"] == DOCUMENTS
    assert alive[-1]["processed"] >= alive[0]["processed"]
    assert {line["mode"] for line in alive} == {
        "accelerated" if acceleration == "on" else "database"
    }

    idle = small("status", "--watch", "--project", "p")
    assert "no run is at work; the last one: finished" in idle.stderr


def test_a_person_sees_lines_and_ctrl_c_ends_the_watching_alone(
    small: Any, corpus: Path, settings: Settings
) -> None:
    with running(small, corpus, settings) as run:
        watch = small.start("status", "--watch", "--project", "p")
        assert watch.stdout is not None
        first = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=PATIENT)
        assert watch.returncode == 130
        assert "Traceback" not in err
        assert run.process.poll() is None
        assert run.let_go()["documents"]["completed"] == DOCUMENTS
    assert first.startswith(f"running: 0/{DOCUMENTS} documents")


def test_a_notebook_reads_the_same_and_follows_it_to_the_end(
    small: Any, corpus: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(small, corpus, settings) as run:
        case = open_project("p", settings)
        try:
            view = case.progress()
            assert view.alive
            assert list(view.stages.index) == ["ocr", "chunk", "extract", "resolve", "relate"]
            assert view.stages.loc["chunk", "calls"] == 1 or view.stages.loc["chunk", "waiting"]
            assert repr(view).startswith(f"running: 0/{DOCUMENTS} documents")
            assert "<table>" in view._repr_html_()
            run.let_go()
            last = view.watch()
        finally:
            case.close()
    assert not last.alive
    assert repr(last) == "finished"
    assert capsys.readouterr().out.splitlines()[-1] == "finished"
