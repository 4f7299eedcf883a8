"""A stage that raises, or takes its process with it, costs the document it was at and no other."""

from pathlib import Path

from faults.small_stages import BREAKS, KILLS


def test_what_kills_or_breaks_a_stage_fails_alone(small_on_ray, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    (folder / "breaks.txt").write_text(f"Bob Ray {BREAKS}.")
    (folder / "kills.txt").write_text(f"Bob Ray {KILLS}.")

    result = small_on_ray.json("run", str(folder), "--project", "p", status=3)

    assert result["documents"]["completed"] == 6
    failures = {
        Path(row["source"]).name: row
        for row in small_on_ray.json_lines("failures", "--project", "p")
    }
    assert failures.keys() == {"breaks.txt", "kills.txt"}
    assert failures["breaks.txt"]["error"] == "stage_raised"
    assert "no such word" in failures["breaks.txt"]["message"]
    assert failures["kills.txt"]["error"] == "worker_died"
    # One time in a call with others, and two alone, each counted before it was begun.
    assert failures["kills.txt"]["attempts"] == 3
    assert {row["stage"] for row in failures.values()} == {"extract"}
