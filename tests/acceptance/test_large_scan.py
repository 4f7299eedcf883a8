"""A scan of large pages is read whole; what it takes in memory is in `benchmarks/large_scan.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from stored_objects import stored_objects

ROOT = Path(__file__).parents[2]
PAGES = 8


@pytest.mark.long
def test_a_scan_of_30_mb_is_searchable_to_its_last_page(casegraph, tmp_path: Path) -> None:
    script = str(ROOT / "benchmarks" / "large_scan.py")
    path = tmp_path / "scan.pdf"
    written = subprocess.run(
        [sys.executable, script, "--write", str(path), "--pages", str(PAGES)],
        env=casegraph.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    scan = json.loads(written.stdout)
    assert scan["bytes"] == path.stat().st_size > 25_000_000

    result = casegraph.json("run", str(path), "--project", "p")
    assert result["documents"]["completed"] == 1

    document = casegraph.json("show", "scan.pdf", "--project", "p")
    assert document["pages"] == PAGES
    for words, page in ((scan["first_words"], 1), (scan["last_words"], PAGES)):
        plain = [word for word in words.split() if word.isalpha() and len(word) > 4]
        hits = casegraph.json_lines("search", " ".join(plain[:4]), "--project", "p")
        assert page in {hit["page"] for hit in hits}, plain

    # No picture of a page is in any store: all of them together are small beside the file.
    client = redis.Redis.from_url(casegraph.environment["CASEGRAPH_REDIS_URL"])
    kept = sum(client.memory_usage(key, samples=0) or 0 for key in client.scan_iter())
    client.close()
    [folder] = (tmp_path / "home").rglob("objects")
    objects = stored_objects(folder)
    assert kept < scan["bytes"] / 20
    assert objects == []


CALL = """
import sys
import large_scan
from measuring.growth import Peak, compare

grown = int(sys.argv[1]) << 20
before, after = Peak(0, 1 << 20), Peak(0, (1 << 20) + grown)
rows = compare({"ray::StageActor": before}, {"ray::StageActor": after})
large_scan.judge(rows)
"""


@pytest.mark.parametrize(("grown", "status"), [(128, 0), (129, 1)])
def test_the_benchmark_fails_over_its_target(grown: int, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, str(grown)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == status
    said = "over the target of 128 MiB: ray::StageActor grew by 129 MiB\n" if status else ""
    assert done.stderr == said
