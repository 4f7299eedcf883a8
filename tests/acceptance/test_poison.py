"""Documents that kill, hang or exhaust a stage, among innocent ones that share their calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults import poison
from faults.asking_stages import CLAIMED, MODEL, naming
from faults.small_cli import ASKS
from scripted_llm import ScriptedLlm, always
from sqlalchemy import text

from pipeline.documents import StageName
from pipeline.stores import postgres

INNOCENT = 30
DOSES = [
    *((StageName.EXTRACT, kind) for kind in poison.KINDS),
    (StageName.OCR, "exits"),
    (StageName.CHUNK, "crashes"),
    (StageName.RESOLVE, "eats"),
    (StageName.RELATE, "spins"),
]
LIMITS = {
    **{
        f"CASEGRAPH_LIMITS__STAGE_SECONDS__{stage.upper()}": "0.5"
        for stage in StageName
        if stage is not StageName.OCR
    },
    **{
        f"CASEGRAPH_LIMITS__STAGE_MEMORY_BYTES__{stage.upper()}": str(256 << 20)
        for stage in StageName
    },
    "CASEGRAPH_RUN__CPUS": "1",
}


@pytest.fixture
def server() -> Iterator[ScriptedLlm]:
    server = ScriptedLlm(always(naming))
    yield server
    server.close()


def write(folder: Path, doses: list[tuple[StageName, str]]) -> None:
    """Write poisonous documents among innocent ones."""
    folder.mkdir()
    for number in range(INNOCENT):
        (folder / f"{number:02}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    for number, (stage, kind) in enumerate(doses):
        name = f"{number * INNOCENT // len(doses):02}-{stage}-{kind}.txt"
        (folder / name).write_text(f"Cid Fox {poison.dose(stage, kind)}.")


def blameless(casegraph) -> list[int]:
    """Say how often each completed document was tried."""
    engine = postgres.connect(casegraph.environment["CASEGRAPH_DATABASE_URL"])
    with engine.connect() as connection:
        asked = text("SELECT attempts FROM documents WHERE status = 'completed'")
        attempts = list(connection.scalars(asked))
        # Of whom nothing bad was ever told.
        told = connection.scalar(text("SELECT count(*) FROM failures WHERE error <> ''"))
    engine.dispose()
    assert told == len(casegraph.json_lines("failures", "--project", "p"))
    return attempts


def check(casegraph, doses: list[tuple[StageName, str]], in_company: int = 1) -> None:
    """See that exactly the poisonous documents failed, with all that is known of it. Others are
    lost with them so many times in each stage.
    """
    rows = {
        Path(row["source"]).stem.partition("-")[2]: row
        for row in casegraph.json_lines("failures", "--project", "p")
    }
    assert rows.keys() == {f"{stage}-{kind}" for stage, kind in doses}
    for stage, kind in doses:
        row = rows[f"{stage}-{kind}"]
        assert (row["stage"], row["error"]) == (stage, poison.ERRORS[kind]), row
        # Once in company and twice alone; before that others may have taken it along.
        assert row["attempts"] >= 3, row
        assert poison.WORDS[kind] in row["log_tail"], row
        assert "Cid Fox" not in row["log_tail"] + row["message"]
        assert len(row["log_tail"]) <= 4_096
    attempts = blameless(casegraph)
    assert len(attempts) == INNOCENT
    # Never lost alone.
    assert max(attempts) <= 1 + in_company * len({stage for stage, _ in doses})


@pytest.mark.long
def test_exactly_the_poisonous_documents_fail(small_on_ray, small, tmp_path):
    write(tmp_path / "corpus", DOSES)
    casegraph = replace(small_on_ray, environment=small_on_ray.environment | LIMITS)

    casegraph.json("run", str(tmp_path / "corpus"), "--project", "p", status=3)

    check(small, DOSES)
    shown = small("failures", "--project", "p").stdout
    assert "last words of the extract process about" in shown
    assert "re/__init__.py" in shown


@pytest.mark.long
def test_one_that_waits_for_a_language_model_takes_no_other_along(
    small_on_ray, small, server, tmp_path
):
    doses = [(StageName.EXTRACT, kind) for kind in ("raises", "crashes", "backtracks", "eats")]
    write(tmp_path / "corpus", doses)
    asks = {
        ASKS: "1",
        "CASEGRAPH_LLM__BASE_URL": server.url,
        "CASEGRAPH_LLM__MODEL": MODEL,
        "CASEGRAPH_LLM__CONCURRENCY": "8",
        CLAIMED: "2",
    }
    casegraph = replace(small_on_ray, environment=small_on_ray.environment | LIMITS | asks)

    casegraph.json("run", str(tmp_path / "corpus"), "--project", "p", status=3)

    # Of ten at once, of five, and of two.
    check(replace(small, environment=small.environment | asks), doses, in_company=3)
