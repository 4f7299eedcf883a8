"""What a stage gives may change only together with its version."""

import json

import pytest
from golden_case import FOLDER, content_of, outputs

from pipeline.stage import STAGES

AGAIN = "write the golden files anew with `python tests/golden_case.py` and read the difference"


@pytest.fixture(scope="module")
def made():
    return outputs()


@pytest.mark.parametrize("stage", STAGES)
def test_an_output_changes_only_with_its_stages_version(made, stage):
    version, payload = made.versions[stage], made.document[stage]
    golden = json.loads((FOLDER / f"{stage}.json").read_text("utf-8"))
    content = json.loads(json.dumps(content_of(payload)))
    if content != golden["output"]:
        assert version != golden["version"], (
            f"the output of {stage} changed, its version did not: raise the version, then {AGAIN}"
        )
    assert version == golden["version"], f"the version of {stage} changed: {AGAIN}"
    assert content == golden["output"]


def test_no_output_of_the_corpus_changes_while_versions_stay(made):
    golden = json.loads((FOLDER / "corpus.json").read_text("utf-8"))
    assert golden["versions"] == made.versions, f"a version changed: {AGAIN}"
    assert golden["files"].keys() == made.corpus.keys()
    changed = {
        # What comes after changes with it.
        next(stage for stage in STAGES if hashes[stage] != golden["files"][path][stage]): path
        for path, hashes in made.corpus.items()
        if hashes != golden["files"][path]
    }
    assert not changed, f"outputs changed (a stage and a file: {changed}); raise the version"


def test_the_corpus_holds_every_kind_of_file_that_is_read_without_ocr(made):
    kinds = {path.rpartition(".")[2] for path in made.corpus}
    assert kinds >= {"txt", "md", "html", "eml", "msg", "docx", "xlsx", "pptx", "csv", "pdf"}
