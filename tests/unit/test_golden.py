"""What a stage gives may change only together with its version."""

import json

import pytest
from golden_case import FOLDER, content_of, outputs

from pipeline.stage import STAGES


@pytest.fixture(scope="module")
def made():
    return outputs()


@pytest.mark.parametrize("stage", STAGES)
def test_an_output_changes_only_with_its_stages_version(made, stage):
    version, payload = made[stage]
    golden = json.loads((FOLDER / f"{stage}.json").read_text("utf-8"))
    content = json.loads(json.dumps(content_of(payload)))
    if content != golden["output"]:
        assert version != golden["version"], (
            f"the output of {stage} changed and its version did not: raise the version, then write "
            "the golden files anew with `python tests/golden_case.py` and read the difference"
        )
    assert version == golden["version"], (
        f"the version of {stage} changed: write the golden files anew with "
        "`python tests/golden_case.py` and read the difference"
    )
    assert content == golden["output"]
