"""`--reconfigure`, `--from` and `--dry-run` as a person types them, with the real stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STAGES = ("ocr", "chunk", "extract", "resolve", "relate")


def only_from(stage: str, count: int) -> dict[str, int]:
    """Give the calls in which all stages from one on work on `count` contents."""
    return {each: count * (STAGES.index(each) >= STAGES.index(stage)) for each in STAGES}


def test_one_stage_is_configured_anew_and_then_forced(here: Any, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text("Alice Moreno works for Acme Corporation in Seattle.")
    (folder / "b.txt").write_text("Robert Chen met Dana Whitfield in Boston.")
    of = ("run", str(folder), "--project", "p")

    said = here.json(*of, "--dry-run")
    assert (said["dry_run"], said["new"]) == (True, 2)
    assert said["stages"] == dict.fromkeys(STAGES, 2)
    assert here.json(*of)["stage_calls"] == said["stages"]

    # A source that `run` refuses is refused here, too.
    (tmp_path / "empty").mkdir()
    nothing = here("run", str(tmp_path / "empty"), "--project", "p", "--dry-run", status=2)
    assert "there is no file to take in" in nothing.stderr
    here("run", str(tmp_path / "nowhere"), "--project", "p", "--dry-run", status=2)
    wrong = here(*of, "--from", "extraction", status=2)
    assert "'ocr', 'chunk', 'extract', 'resolve', 'relate'" in wrong.stderr

    (tmp_path / "casegraph.toml").write_text("[relate]\nmax_names = 4\n")
    refused = here(*of, status=2)
    assert "--reconfigure" in refused.stderr
    shown = here(*of, "--dry-run")
    assert "A run needs --reconfigure" in " ".join(shown.stderr.split())
    said = here.json(*of, "--dry-run", "--from", "resolve")
    assert (said["needs_reconfigure"], said["unchanged"]) == (True, 2)
    assert "relate" in said["difference"]
    assert said["stages"] == only_from("resolve", 2)
    assert here.json(*of, "--reconfigure")["stage_calls"] == only_from("relate", 2)

    assert here.json(*of, "--from", "extract")["stage_calls"] == only_from("extract", 2)
    assert here.json(*of)["stage_calls"] == dict.fromkeys(STAGES, 0)
    again = here.json(*of, "--dry-run")
    assert (again["stages"], again["unchanged"]) == (dict.fromkeys(STAGES, 0), 2)
