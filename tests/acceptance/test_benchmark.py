"""The benchmark measures what it says on any machine; how long things take is not judged."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline.stage import STAGES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(tmp_path):
    """Give a way to run the benchmark with a folder of its own for what is temporary.

    Its path is short: Ray's sockets are in it, and paths of sockets are limited.
    """
    temporary = Path(tempfile.mkdtemp(prefix="bench-"))

    def run(*arguments, status=0, name="overhead"):
        output = tmp_path / "out" / f"{name}.json"
        command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *arguments]
        done = subprocess.run(
            [*command, "--output", str(output)],
            env=_environment(TMPDIR=str(temporary)),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == status, done.stderr
        left = [path.name for path in temporary.glob("casegraph-*")]
        assert not left, f"left behind: {left}"
        return done, json.loads(output.read_text()) if output.exists() else None

    yield run
    shutil.rmtree(temporary)


def _environment(**more):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CASEGRAPH_")}
    return kept | more


@pytest.mark.long
def test_the_benchmark_measures_stages_ceiling_and_run(benchmark):
    done, result = benchmark("--documents", "4")
    assert result["corpus"]["documents"] == 4
    assert result["corpus"]["shortest_words"] >= 1_000
    [measured] = result["rounds"]

    stages = measured["stages"]
    assert set(stages["cpu_seconds_per_1000_words"]) == set(STAGES)
    assert set(stages["plain_cpu_seconds_per_1000_words"]) == {"spacy", "embeddings"}
    for kind in ("cpu_seconds_per_1000_words", "plain_cpu_seconds_per_1000_words"):
        assert all(seconds > 0 for seconds in stages[kind].values())
    assert stages["ratio"] == pytest.approx(stages["stages_total"] / stages["plain_total"])
    assert stages["chunks"] > 4
    assert stages["repeated_chunks"] == 0

    before, after = measured["ceilings"]
    assert before["processes"] == after["processes"] > 0
    run = measured["run"]
    mean = (before["seconds"] + after["seconds"]) / 2
    assert measured["ceiling_to_run"] == pytest.approx(mean / run["seconds"])
    assert run["startup_seconds"] > 0
    assert run["documents_per_second"] == pytest.approx(4 / run["seconds"])
    assert run["entities"] > 0
    assert run["relationships"] > 0
    assert run["postgres_bytes_per_document"] > 1_000
    assert set(STAGES) <= set(run["redis_bytes_per_document_by_key"])
    programs = run["memory"]["peak_bytes_by_program"]
    assert run["memory"]["peak_bytes"] == sum(programs.values())
    assert {"postgres", "valkey-server", "raylet", "ray::StageActor"} <= set(programs)

    assert set(result["summary"]) == {"stages_to_plain", "ceiling_to_run"}
    assert "CPU seconds for 1,000 words" in done.stdout
    assert "ceiling / run" in done.stdout


@pytest.mark.long
def test_the_benchmark_takes_a_folder_of_texts_and_leaves_parts_out(benchmark, tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    for number in range(3):
        (texts / f"{number}.txt").write_text(f"Alice Moreno met Peter Cook in Paris. {number}")
    _, result = benchmark(
        "--texts", str(texts), "--documents", "2", "--skip", "run", "--skip", "stages"
    )
    assert result["corpus"] == {
        "source": str(texts), "documents": 2, "words": 16, "shortest_words": 8, "characters": 78
    }  # fmt: skip
    [measured] = result["rounds"]
    assert set(measured) == {"ceilings"}
    assert len(measured["ceilings"]) == 1
    assert result["summary"] == {}


def test_the_benchmark_says_what_is_missing(benchmark, tmp_path):
    done, result = benchmark("--texts", str(tmp_path / "nowhere"), status=1)
    assert "holds no .txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert result is None


@pytest.mark.long
def test_persistence_is_measured_beside_a_copy_of_its_own_rows(benchmark):
    done, result = benchmark(
        "--documents", "4", "--repeat", "1", "--batch", "7", name="persistence"
    )
    [measured] = result["rounds"]
    rows = measured["rows"]
    assert rows["contents"] == rows["documents"] == 4
    assert rows["changes"] == rows["names"] + 4
    assert rows["stage_results"] == 4 * len(STAGES)
    assert min(rows["chunks"], rows["names"], rows["mentions"]) >= 4
    assert measured["batches"] == 3
    total = sum(rows.values())
    for way in ("persistence", "copy"):
        assert measured[way]["rows_per_second"] == pytest.approx(total / measured[way]["seconds"])
    share = measured["copy"]["seconds"] / measured["persistence"]["seconds"]
    assert result["share_of_copy"] == measured["share_of_copy"] == pytest.approx(share)
    assert "share of plain COPY" in done.stdout


@pytest.mark.long
def test_a_project_is_measured_at_a_tenth_and_at_the_whole(benchmark):
    done, result = benchmark("--documents", "20", "--loaded", name="volume")
    small, whole = result["steps"]
    assert (small["documents"], whole["documents"]) == (2, 20)
    for step in (small, whole):
        assert step["postgres_bytes_per_document"] > 1_000
        assert set(STAGES) <= set(step["redis_bytes_per_document_by_key"])
        for name, figures in step["reading"].items():
            assert figures["seconds"] > 0, name
            assert figures["peak_bytes"] > 10_000_000, name
    assert "loaded: names by capitals" in done.stdout


@pytest.mark.long
def test_how_busy_a_model_is_kept_is_counted_at_the_model(benchmark):
    _, result = benchmark("--documents", "12", "--chunks", "2", "--seconds", "0.05", name="llm")
    assert result["documents"]["completed"] == 12
    assert result["calls"] == 24
    assert result["most_at_once"] <= 16
    assert 0 < result["share_of_ideal"] < 1
    assert result["calls_of_a_second_run"] == 0


@pytest.mark.long
def test_scale_is_measured_on_one_raylet_and_on_a_cluster(benchmark):
    done, result = benchmark(
        "--documents", "40", "--many", "60", "--cores", "1", "--raylets", "1", "--raylets", "2",
        "--kind", "light", "--skip", "text", "--skip", "window", name="scale",
    )  # fmt: skip
    assert [case["raylets"] for case in result["cases"]] == [1, 2]
    few, many = result["length"]
    assert (few["documents"], many["documents"]) == (40, 60)
    for run in (few, many, *(case["run"] for case in result["cases"])):
        costs = run["cpu_seconds_per_document_by_role"]
        assert {"stage actors", "coordinator", "persistence", "Ray", "PostgreSQL"} <= set(costs)
        # The work of the five stages at least, and that is the stage actors' alone.
        assert costs["stage actors"] > 0.004 > costs["Valkey"]
        assert run["highest_bytes"] >= max(run["bytes_over_time"])
        assert min(run["coordinator_bytes_over_time"]) > 10_000_000
    for case in result["cases"]:
        mean = sum(case["ceiling_seconds"]) / 2
        assert case["efficiency"] == pytest.approx(mean / case["run"]["seconds"])
        assert case["fused"]["documents"] == 40
        assert case["fused"]["seconds_per_document"] > 0.005
    # What polls takes some of a core, and hardly any of it.
    assert 0 < result["idle"]["coordinator"] < 1
    assert len(result["verdicts"]) == 2
    assert "CPU of a document by role" in done.stdout


@pytest.mark.long
def test_entries_that_are_generated_are_measured_beside_a_few(benchmark):
    done, result = benchmark("--entries", "3000", "--files", "20", name="enumerate")
    for which, entries in (("few", 1_000), ("many", 3_000)):
        run = result[which]
        assert run["entries"] == sum(run["documents"].values()) == entries
        assert 0 < run["seconds"]["to the first completed"] < run["seconds"]["in all"]
        assert run["completed"] >= 1
    assert "entries a second" in done.stdout


@pytest.mark.long
def test_a_scan_is_read_in_ranges_by_two_and_joined(benchmark):
    _, result = benchmark(
        "--paper", "card", "--pages", "120", "--readers", "2", name="large_scan"
    )  # fmt: skip
    run = result["runs"]["large"]
    assert run["parts"] == [[1, 50], [51, 100], [101, 120]]
    assert len(run["seconds_of_readers"]) == 2
    assert run["joined"]["pages"] == 120
    assert run["joined"]["elsewhere"] == run["joined"]["out_of_place"] == 0
