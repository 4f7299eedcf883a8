"""Neither a document's words nor a secret stand in any log of a run, whatever goes wrong in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults import small_stages
from sqlalchemy import make_url

WORD, SECRET = "Wolpertinger", "s3cret-Tatzelwurm"
MODES = {
    "accelerated": {},
    "database": {"CASEGRAPH_ACCELERATION": "off"},
    "without Redis": {"CASEGRAPH_REDIS_URL": f"redis://:{SECRET}@127.0.0.1:1/0"},
}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Give a folder of Ray's own, short enough for its sockets."""
    folder = Path(tempfile.mkdtemp(prefix="cg-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def corpus_in(folder: Path) -> Path:
    folder.mkdir()
    texts = {
        "good": f"Ann {WORD} met Bob Ray.",
        "bad": f"{WORD} {small_stages.FAILS}",
        "raises": f"Ann {WORD} {small_stages.BREAKS}",
        "dies": f"Ann {WORD} {small_stages.KILLS}",
        "null": f"Ann {WORD} met Bob Ray \x00 and more.",
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


@pytest.mark.parametrize(
    "mode",
    [
        "accelerated",
        pytest.param("database", marks=pytest.mark.long),
        pytest.param("without Redis", marks=pytest.mark.long),
    ],
)
def test_no_log_has_a_documents_words_or_a_secret(
    small_on_ray: Any, tmp_path: Path, short_folder: Path, mode: str
) -> None:
    known = small_on_ray.environment
    url = make_url(known["CASEGRAPH_DATABASE_URL"]).set(password=SECRET)
    canary = replace(
        small_on_ray,
        environment={
            **known,
            "CASEGRAPH_DATABASE_URL": url.render_as_string(hide_password=False),
            "CASEGRAPH_OCR__PDF_PASSWORD": SECRET,
            "CASEGRAPH_LLM__KEY": SECRET,
            "TMPDIR": str(short_folder),
            **MODES[mode],
        },
    )
    if mode == "accelerated":
        canary.environment["CASEGRAPH_LOG__FILE"] = str(tmp_path / "log.jsonl")
    done = canary("run", str(corpus_in(tmp_path / "corpus")), "--project", "p", status=3)

    logs = [path for path in short_folder.rglob("*") if path.is_file()]
    written = {path: path.read_bytes() for path in [*logs, *tmp_path.glob("log.jsonl")]}
    assert any("worker" in path.name for path in written)
    for canary_word in (WORD, SECRET):
        found = [str(path) for path, text in written.items() if canary_word.encode() in text]
        assert not found, (canary_word, found)
        assert canary_word not in done.stderr
    lines = [
        json.loads(line)
        for path, text in written.items()
        if path.suffix in {".err", ".jsonl"}
        for line in text.decode("utf-8", "replace").splitlines()
        if line.startswith('{"at"')
    ]
    failing = [line for line in lines if line["message"].endswith("documents fail")]
    assert {line["error"] for line in failing} >= {"unreadable", "stage_raised", "worker_died"}
    assert all(line["run"] == failing[0]["run"] and line["document"] for line in failing)
    assert {line["stage"] for line in failing} >= {"ocr", "extract"}
    assert any("the run is finished" in line["message"] for line in lines)
