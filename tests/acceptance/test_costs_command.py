"""`--max-cost`, `casegraph costs`, and where else one reads what language models cost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from faults import asking_stages, small_stages
from faults.asking_stages import MODEL, naming
from faults.local_run import in_threads
from faults.small_cli import ASKS
from scripted_llm import Asked, Exchange, ScriptedLlm, always, saying

from actors import dry_run, reading
from pipeline import assembly
from pipeline.explore import open_project
from pipeline.settings import Settings

DOCUMENTS = 4
PRICES = {MODEL: {"input": 1_000.0, "output": 10_000.0}}
"""So high that a question costs cents."""


def mostly(exchange: Exchange, asked: Asked) -> None:
    """Answer badly once."""
    (saying("{") if asked.number == 1 else naming)(exchange, asked)


@pytest.fixture
def server() -> Iterator[ScriptedLlm]:
    server = ScriptedLlm(always(mostly))
    yield server
    server.close()


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    return str(folder)


@pytest.fixture
def asking(small, server: ScriptedLlm):
    return replace(
        small,
        environment=small.environment
        | {
            ASKS: "1",
            "CASEGRAPH_LLM__BASE_URL": server.url,
            "CASEGRAPH_LLM__MODEL": MODEL,
            "CASEGRAPH_LLM__TRIES": "1",
            "CASEGRAPH_LLM__CONCURRENCY": "1",
            "CASEGRAPH_LLM__PRICES": json.dumps(PRICES),
        },
    )


def test_a_run_stops_at_what_it_may_spend_and_everybody_is_told_what_was(
    asking, corpus: str, settings: Settings
) -> None:
    run = "run", corpus, "--project", "p"
    free = replace(asking, environment=asking.environment | {"CASEGRAPH_LLM__PRICES": "{}"})
    refused = free(*run, "--max-cost", "1.60", status=2)
    assert "CASEGRAPH_LLM__PRICES=" in refused.stderr
    assert "is no amount" in asking(*run, "--max-cost", "much", status=2).stderr
    nothing = asking(*run, "--max-cost", "0", status=4)
    assert "$0.00 of the $0.00 that this run may spend" in nothing.stderr

    stopped = asking(*run, "--max-cost", "$1.60", status=4)

    assert re.search(r"p: stopped at what it may spend with \d documents? to go", stopped.stdout)
    assert re.search(
        r"Language models: \d calls \(1 failed\), \d+ tokens in .*, \d+ out, \$0\.\d\d",
        " ".join(stopped.stdout.split()),
    )
    assert "Go on with: casegraph run" in " ".join(stopped.stdout.split())
    *_, last = stopped.stderr.splitlines()
    assert re.fullmatch(
        r"casegraph: \$[01]\.\d\d of the \$1\.60 that this run may spend are spent, .*", last
    )

    done = asking.json(*run, "--max-cost", "5")
    assert done["documents"]["completed"] == DOCUMENTS
    total = asking.json("costs", "--project", "p")
    assert total["calls"] == DOCUMENTS + 1
    assert total["failed"] == {"llm_invalid_json": 1}
    assert 0 < done["language_models"]["cost"] < total["cost"]
    [model] = total["models"]
    assert (model["what"], model["cost"]) == (MODEL, total["cost"])

    rows = asking.json_lines("costs", "--project", "p", "--by", "document")
    assert {Path(row["what"]).name for row in rows} == {f"{x}.txt" for x in range(DOCUMENTS)}
    assert sum(row["cost"] for row in rows) == pytest.approx(total["cost"])
    runs = asking.json_lines("costs", "--project", "p", "--by", "run")
    assert len(runs) == 2
    shown = asking("costs", "--project", "p", "--by", "document")
    assert re.search(rf"all +{DOCUMENTS + 1} +1 +0 .*\$\d\.\d\d", shown.stdout)
    assert "failed: 1 llm_invalid_json" in shown.stderr
    assert "without a price" not in asking("costs", "--project", "p").stderr

    line = re.search(
        r"^language models: .*", asking("status", "--project", "p").stdout, re.MULTILINE
    )
    assert line
    assert f"{DOCUMENTS + 1} calls (1 failed)" in line.group()
    assert "casegraph costs --project p" in line.group()
    status = asking.json("status", "--project", "p")
    assert status["language_models"]["cost"] == total["cost"]

    project = open_project("p", settings)
    try:
        frame = project.costs()
        assert list(frame["document"]) == [row["what"] for row in rows]
        assert frame["cost"].sum() == pytest.approx(total["cost"])
        assert list(project.costs("stage")["stage"]) == ["extract"]
    finally:
        project.close()


def test_what_was_never_asked_costs_nothing(small, corpus: str) -> None:
    small("run", corpus, "--project", "p", "--max-cost", "1")
    said = small("costs", "--project", "p")
    assert (said.stdout, said.stderr) == ("", "no language model was asked for this project\n")
    assert small.json("costs", "--project", "p")["models"] == []
    assert "language models" not in small("status", "--project", "p").stdout


def test_a_dry_run_tells_the_price_and_asks_nothing(
    asking, corpus: str, server: ScriptedLlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "waits", asking_stages.waits)
    read = partial(reading.read, host=asking_stages.host, carry_out=in_threads)
    told = partial(dry_run.priced, plan_of=small_stages.plan, ways_of=asking_stages.ways, read=read)
    monkeypatch.setattr(dry_run, "priced", told)
    dry = "run", corpus, "--project", "p", "--dry-run"

    said = asking.json(*dry)
    assert said["new"] == DOCUMENTS
    models = said["language_models"]
    assert (models["documents"], models["questions"], models["kept"]) == (DOCUMENTS, DOCUMENTS, 0)
    cost = (models["tokens_in"] * 1_000 + models["tokens_out"] * 10_000) / 1_000_000
    assert models["cost"] == pytest.approx(cost)

    shown = asking(*dry)
    assert (
        f"Language models: {DOCUMENTS} questions about {DOCUMENTS} chunks of {DOCUMENTS} documents"
        in shown.stdout
    )
    assert f"about ${cost:.2f}" in shown.stdout
    assert "the same command without --dry-run goes on from there" in shown.stderr
    assert server.asked == []

    monkeypatch.undo()
    assert asking.json(*dry)["language_models"] is None
