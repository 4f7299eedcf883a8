"""The same documents, in three orders, with one extract actor and with four: one digest."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.conftest import CORPUS, Casegraph

pytestmark = pytest.mark.long

KINDS = {".txt", ".md", ".html", ".eml", ".mbox", ".csv", ".docx"}


def test_no_order_and_no_number_of_actors_changes_the_digest(
    casegraph: Casegraph, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    files = sorted(path for path in CORPUS.rglob("*") if path.suffix in KINDS)
    digests = {}
    for number, extractors in enumerate((1, 4, 4)):
        order = files if number == 0 else list(reversed(files))
        if number == 2:
            random.Random(seed).shuffle(order)
        folder = tmp_path / f"order-{number}"
        folder.mkdir()
        for place, path in enumerate(order):
            shutil.copyfile(path, folder / f"{place:03}{path.suffix}")
        with_actors = {"CASEGRAPH_RUN__ACTORS": f'{{"extract": {extractors}}}'}
        here = replace(casegraph, environment=casegraph.environment | with_actors)
        project = ("--project", f"order-{number}")
        result = here.json("run", str(folder), *project)
        assert result["documents"]["completed"] >= len(files)
        assert (result["outcome"], result["behind"]) == ("finished", "")
        assert here.json("status", *project)["changes"] == 0
        here("verify", *project)
        digests[number] = here("digest", *project).stdout.split()[0]
    assert len(set(digests.values())) == 1, (seed, digests)
