"""The figures of the benchmarks of scale are what they say, of runs that are written down here.

The benchmarks set their process's environment when they are imported, so each is asked in another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from faults import small_stages

from pipeline.documents import Page, Pages, StageName

ROOT = Path(__file__).parents[2]


def told(code: str, *given: Any) -> Any:
    """Give what an expression of the benchmarks comes to; `given` is what it is about."""
    program = f"""
import json, sys
from measuring import model, ranges_seen, scale_report, story, watched
given = json.loads(sys.argv[1])
print(json.dumps({code}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(given)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


STORY = """(lambda s: [s.seconds_per_document(), s.memory("coordinator"), s.most_under_way()])(
    story.Story([story.Shown(*x) for x in given[0]], [watched.Look(*x) for x in given[1]], 10))"""


def test_a_document_costs_what_a_run_takes_once_it_is_going() -> None:
    # Ten documents; two are made after 2 s, all after 10 s, persisted two seconds later. Before
    # that an actor loads, and a process that has ended is in the sums still.
    shown = [(at, min(at, 10), max(min(at - 2, 10), 0), at % 5) for at in range(13)]
    looks = [
        (
            at,
            {
                "stage actors": 50 + 3 * at if at >= 2 else 28 * at,
                "persistence": 0 if at < 4 else at - 4,
                "ended": 7,
            },
            {"coordinator": 100 if at < 2 else 200 + at},
        )
        for at in range(13)
    ]
    costs, memory, under_way = told(STORY, shown, looks)
    # From the second at which two are made, or persisted, to the end.
    assert costs["stage actors"] == pytest.approx(30 / 8)
    assert costs["persistence"] == pytest.approx(8 / 8)
    assert costs["ended"] == 0
    assert memory[0] == 202
    assert memory[-1] == 210
    assert under_way == 4


def test_a_run_that_is_seen_twice_only_has_its_moments_in_between() -> None:
    shown = [(0, 0, 0, 0), (10, 10, 10, 3)]
    looks = [(0, {"Valkey": 0.0}, {"coordinator": 0}), (10, {"Valkey": 5.0}, {"coordinator": 10})]
    costs, memory, _ = told(STORY, shown, looks)
    assert costs["Valkey"] == pytest.approx(4 / 8)
    assert (memory[0], memory[-1]) == (2, 10)


def test_the_snapshots_of_a_run_are_read_from_its_first_call_on() -> None:
    lines = [
        json.dumps({"at": 1.0, "seconds": 0.0, "done": {}, "queued": {}, "completed": 0}),
        json.dumps(
            {
                "at": 2.0,
                "seconds": 0.5,
                "done": {"ocr": 9, "chunk": 4, "extract": 3, "resolve": 2, "relate": 2},
                "queued": {"ocr": 30, "chunk": 5},
                "completed": 1,
            }
        ),
    ]
    code = "[[x.at, x.made, x.persisted, x.under_way] for x in story.read_shown(given[0])]"
    assert told(code, lines) == [[2.0, 4.0, 1, 37]]


def test_what_a_run_takes_while_it_stands_still_is_a_share_of_a_core() -> None:
    looks = [[0, {"Ray": 9.0}, {}], [10, {"Ray": 10.0, "coordinator": 5.0}, {}]]
    looks += [
        [30, {"Ray": 14.0, "coordinator": 5.0}, {}],
        [40, {"Ray": 99.0, "coordinator": 9.0}, {}],
    ]
    code = "story.shares([watched.Look(*x) for x in given[0]], 10, 30)"
    assert told(code, looks) == {"Ray": 0.2, "coordinator": 0.0}


def test_what_rays_layer_takes_is_what_the_same_stages_do_not_take_without_it() -> None:
    costs = {"stage actors": 0.52, "coordinator": 0.01, "Ray": 0.01, "PostgreSQL": 0.3}
    layer = told("story.layer(given[0], 0.505, 0.5)", costs)
    assert layer["seconds_per_document"] == pytest.approx(0.035)
    assert layer["share_of_work"] == pytest.approx(0.07)


def test_processes_are_told_by_what_they_do() -> None:
    seen = {
        "coordinator": ("ray::RunCoordinator", ["ray::RunCoordinator.run"]),
        "stage actors": ("ray::StageActor", ["ray::StageActor"]),
        "persistence": ("ray::PersistenceActor", ["ray::PersistenceActor.drain"]),
        "registry": ("ray::RegistryActor", ["ray::RegistryActor"]),
        "idle worker of Ray": ("python3", ["python3", "/x/ray/_private/workers/default_worker.py"]),
        "Ray": ("gcs_server", ["/x/ray/core/src/ray/gcs/gcs_server"]),
        "PostgreSQL": ("postgres", ["postgres: idle"]),
        "Valkey": ("valkey-server", ["valkey-server unixsocket:/x"]),
        "command": ("python3", ["python3", "-m", "faults.ray_run", "folder"]),
        "other": ("bash", ["bash"]),
    }
    code = "[watched.role_of(name, line) for name, line in given[0]]"
    assert told(code, list(seen.values())) == list(seen)
    parser = ("python3", ["python3", "-m", "pipeline.engines.parser_child"])
    monitor = ("python3", ["python3", "/x/ray/_private/log_monitor.py"])
    assert told(code, [parser, monitor]) == ["stage actors", "Ray"]


def measured(**changed: float) -> dict[str, Any]:
    known = {
        "efficiency": 0.9, "share": 0.05, "many": 1.1, "grown": 16 << 20, "wide": 228 << 20,
        "in_flight": 100,
    } | changed  # fmt: skip
    case = {"kind": "heavy", "cores": 2, "raylets": 1}
    flat = {"coordinator_bytes_over_time": [0] * 8}
    grown = {"coordinator_bytes_over_time": [0, 0, 0, 0, 0, 0, known["grown"], known["grown"]]}
    return {
        "text": {"efficiency": known["efficiency"]},
        "cases": [
            case | {"ray_layer": {"share_of_work": known["share"]}},
            case | {"kind": "light", "ray_layer": {"share_of_work": 3.0}},
        ],
        "length": [
            flat | {"documents": 1_000, "cpu_seconds_per_document": 1.0},
            grown | {"documents": 20_000, "cpu_seconds_per_document": known["many"]},
        ],
        "window": [
            {"window": 20, "highest_bytes": 100 << 20, "under_way_at_once": 20},
            {
                "window": 128,
                "highest_bytes": known["wide"],
                "under_way_at_once": known["in_flight"],
            },
        ],
    }


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, []),
        ({"efficiency": 0.89}, [0]),
        ({"share": 0.06}, [1]),
        ({"many": 1.11}, [2]),
        ({"grown": (16 << 20) + 1}, [3]),
        ({"in_flight": 99}, [4]),
        ({"wide": (228 << 20) + 1}, [5]),
    ],
)
def test_each_target_is_missed_by_what_is_over_it_alone(
    changed: dict[str, float], missed: list[int]
) -> None:
    verdicts = told("scale_report.verdicts(given[0])", measured(**changed))
    assert len(verdicts) == 6
    assert [n for n, verdict in enumerate(verdicts) if not verdict["reached"]] == missed


def test_what_was_left_out_has_no_verdict() -> None:
    assert told("scale_report.verdicts({})") == []


RESULTS = {
    "scale": {
        "idle": {"coordinator": 0.04, "Ray": 0.08, "Valkey": 0.5},
        "text": {
            "corpus": {"characters": 6_000, "documents": 1},
            "run": {
                "documents_per_second": 4.0,
                "cpu_seconds_per_document_by_role": {
                    "stage actors": 0.48, "Ray": 0.04, "coordinator": 0.015, "persistence": 0.002,
                    "Valkey": 0.001, "PostgreSQL": 0.004,
                }
            },
        }
    },
    "persistence": {
        "corpus": {"characters": 30_000, "documents": 10},
        "rounds": [
            {
                "rows": {"names": 100, "mentions": 400},
                "persistence": {"rows_per_second": 30_000},
                "copy": {"rows_per_second": 60_000},
            }
        ],
    },
    "volume": {"steps": [{"redis_bytes_per_document": 10_000}]},
    "resolution": {
        "one_document_more": {"settled_a_document": 40.0},
        "cost_of_a_name_microseconds": [100.0, 200.0],
    },
    "large_scan": {
        "machine": {"cores": 2},
        "runs": {"small": {"pages": 4, "seconds": 10}, "large": {"pages": 54, "seconds": 110}},
    },
}  # fmt: skip


def test_the_model_reckons_what_is_full_first() -> None:
    code = """(lambda m: [m.seconds, m.seconds_a_page, m.rate(100), m.first.what,
        {x.what: [x.rate, x.cores(m.seconds)] for x in m.limits}])(model.reckon(given[0]))"""
    seconds, page, rate, first, limits = told(code, RESULTS)
    assert seconds == pytest.approx(0.5)
    assert page == pytest.approx(4.0)
    assert rate == pytest.approx(200)
    # 40 names of 200 µs are 8 ms, more than the coordinator's 15 ms less the 10 ms that it takes,
    # at four documents a second, of which none is for them.
    assert first == "the registry of a project"
    assert limits[first] == pytest.approx([125, 62.5])
    assert limits["the coordinator of a run"] == pytest.approx([192, 96])
    assert limits["Valkey"][0] == pytest.approx(500_000)
    # Its texts are twice as long as those whose rows were counted: 100 rows.
    assert limits["rows through one persistence actor"] == pytest.approx([300, 150])
    assert limits["the line to Redis, 10 Gbit/s"][0] == pytest.approx(1.25e9 / 80_000)


@pytest.fixture
def scale(tmp_path: Path):
    for name, result in RESULTS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(result))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        script = str(ROOT / "benchmarks" / "scale.py")
        return subprocess.run(
            [sys.executable, script, "--output", str(tmp_path / "scale.json"), *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_model_is_printed_and_put_into_its_place(scale, tmp_path: Path) -> None:
    done = scale("--model")
    assert done.returncode == 0, done.stderr
    assert "| 100 | 200 | 17,280,000 | 25 | 0.8 | the limit: 125 a second |" in done.stdout
    document = tmp_path / "operations.md"
    marks = (
        "<!-- made by benchmarks/scale.py --model -->",
        "<!-- until here -->",
    )
    document.write_text(f"before\n{marks[0]}\nof last time\n{marks[1]}\nafter\n")
    for _ in range(2):
        assert scale("--model", str(document)).returncode == 0
        assert document.read_text() == (
            f"before\n{marks[0]}\n\n{done.stdout.strip()}\n\n{marks[1]}\nafter\n"
        )
    document.write_text("no place\n")
    assert "has no place for it" in scale("--model", str(document)).stderr
    assert document.read_text() == "no place\n"


def test_the_model_says_what_was_not_measured(scale, tmp_path: Path) -> None:
    (tmp_path / "volume.json").unlink()
    done = scale("--model")
    assert done.returncode == 1
    assert done.stderr == f"measure first what is not in {tmp_path}: volume\n"


def test_the_operations_page_has_a_place_for_the_model() -> None:
    words = (ROOT / "docs" / "operations.md").read_text()
    begin, end = told("[model.BEGIN, model.END]")
    assert words.count(begin) == words.count(end) == 1
    assert words.index(begin) < words.index(end)


def pages(numbers: list[str]) -> tuple[str, list[dict[str, int]]]:
    text, places = "", []
    for number, said in enumerate(numbers, start=1):
        start = len(text)
        text += f"Page {said} of the\nreport."
        places.append({"number": number, "start": start, "end": len(text)})
        text += "\n\n"
    return text, places


ONE, TWO, THREE = ("zero zero zero " + digit for digit in ("one", "two", "three"))
JOINED = "ranges_seen.joined(*given[0], 3)"


def test_a_page_is_looked_for_at_its_offsets() -> None:
    good = told(JOINED, pages([ONE, TWO, THREE]))
    assert good == {"pages": 3, "read": 3, "elsewhere": 0, "out_of_place": 0}
    misread = told(JOINED, pages([ONE, "zero zero zero twa", THREE]))
    assert misread == {"pages": 3, "read": 2, "elsewhere": 0, "out_of_place": 0}
    swapped = told(JOINED, pages([TWO, ONE, THREE]))
    assert swapped == {"pages": 3, "read": 1, "elsewhere": 2, "out_of_place": 0}
    text, places = pages([ONE, TWO, THREE])
    over = told(JOINED, (text, [places[0], places[1] | {"start": 0}, places[2]]))
    assert over["out_of_place"] == 1


RUN = {
    "pages": 3, "parts": [[1, 2], [3, 3]], "readers": 2, "seconds_of_readers": [1.0, 0.5],
    "joined": {"pages": 3, "read": 3, "elsewhere": 0, "out_of_place": 0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"seconds_of_readers": [1.5, 0.0]}, ["1 of 2 readers read"]),
        ({"parts": [[1, 2]]}, ["1 ranges do not cover 3 pages once"]),
        ({"parts": [[1, 2], [2, 3]]}, ["2 ranges do not cover 3 pages once"]),
        (
            {"joined": {"pages": 3, "read": 2, "elsewhere": 1, "out_of_place": 0}},
            ["the words of 1 pages stand elsewhere", "only 2 of 3 pages say their number"],
        ),
    ],
)
def test_what_is_wrong_with_a_scan_in_ranges_is_said(
    changed: dict[str, Any], said: list[str]
) -> None:
    assert told("ranges_seen.faults(given[0])", RUN | changed) == said


def test_a_small_stage_burns_what_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ann Lee met Bob Moss."
    given = Pages(text=text, pages=(Page(number=1, start=0, end=len(text)),))
    stage = small_stages.SmallStage(StageName.CHUNK, small_stages.cut)
    monkeypatch.setenv(small_stages.BURNS, "0.05")
    began = time.thread_time()
    assert len(stage([given, given])) == 2
    assert time.thread_time() - began >= 0.1
