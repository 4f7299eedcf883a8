"""What is written down of a process: JSON, whom it is about, and neither secrets nor words."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline import logs
from pipeline.errors import UnavailableError
from pipeline.settings import Settings, load_settings

OURS = logging.getLogger("pipeline.somewhere")
ANOTHER = logging.getLogger("a.library")
WORD, SECRET = "Wolpertinger", 'pass"wörd-1234'


@contextmanager
def written(path: Path, level: str = "INFO", **more: Any) -> Iterator[list[dict[str, Any]]]:
    """Log into a file within the block; its lines are there when that is over."""
    lines: list[dict[str, Any]] = []
    handler = logs.begin(Settings(log={"level": level, "file": path}, **more), run="r", stage="ocr")
    try:
        yield lines
    finally:
        logs.end(handler)
        logging.getLogger().setLevel(logging.WARNING)
        for name in logs.OURS:
            logging.getLogger(name).setLevel(logging.NOTSET)
    lines += [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_when_where_and_whom_it_is_about(tmp_path: Path) -> None:
    with written(tmp_path / "new" / "log") as lines:
        with logs.about(**logs.about_documents(["d1"])):
            OURS.info("one %s", "thing")
        with logs.about(**logs.about_documents([f"d{number}" for number in range(20)])):
            OURS.warning("many", extra={"stage": "relate", "error": "no"})
        OURS.debug("not at this level")
    one, many = lines
    assert one.items() >= {
        "level": "INFO", "message": "one thing", "run": "r", "stage": "ocr", "document": "d1",
        "logger": "pipeline.somewhere",
    }.items()  # fmt: skip
    assert one["at"].endswith("+00:00")
    assert (many["stage"], many["error"], len(many["documents"])) == ("relate", "no", 8)
    assert "document" not in many


def test_words_of_exceptions_and_of_other_libraries_are_not_written(tmp_path: Path) -> None:
    def fail() -> None:
        try:
            {}[WORD]
        except KeyError as error:
            raise ValueError(f"no number: {WORD}") from error

    with written(tmp_path / "log") as lines:
        try:
            fail()
        except ValueError:
            OURS.exception("it went wrong")
        ANOTHER.warning("cannot parse %r", WORD)
        ANOTHER.info("sent %r", WORD)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(WORD, stacklevel=1)
    assert WORD not in (tmp_path / "log").read_text()
    mine, other, warned = lines
    assert (mine["raised"], mine["because"]) == ("builtins.ValueError", "builtins.KeyError")
    assert any(where.endswith(" fail") for where in mine["where"])
    assert (other["logger"], warned["logger"]) == ("a.library", "py.warnings")


def test_debug_may_show_them(tmp_path: Path) -> None:
    with written(tmp_path / "log", "DEBUG") as lines:
        ANOTHER.warning("cannot parse %r", WORD)
        OURS.debug("more")
    assert [line["message"] for line in lines] == [f"cannot parse {WORD!r}", "more"]


def test_no_secret_is_written_whoever_says_it(tmp_path: Path) -> None:
    secrets = {
        "database_url": "postgresql://u:s3cret-one@h/d",
        "redis_url": "redis://:s3cret-two@h",
        "object_store_url": "s3://key:s3cret-three@bucket/prefix",
        "ocr": {"pdf_password": SECRET},
        "llm": {"key": "sk-s3cret-four"},
    }
    with written(tmp_path / "log", "DEBUG", **secrets) as lines:
        OURS.info("%s %s %s %s", *list(secrets.values())[:3], SECRET)
        ANOTHER.warning("Bearer sk-s3cret-four")
        OURS.info("s3cret-one s3cret-two")
    text = (tmp_path / "log").read_text()
    assert "s3cret" not in text
    assert "rd-1234" not in text
    assert len(lines) == 3
    assert lines[2]["message"] == "*** ***"


def test_a_password_is_hidden_as_its_url_has_it_and_as_it_is_meant(tmp_path: Path) -> None:
    urls = {
        "database_url": "postgresql://u:one%2Fs3%20cret@h/d",
        "redis_url": "redis://h:6379/0?password=two%2fs3%3Fcret&ssl_cert_reqs=none",
        "s3_endpoint_url": "https://u:three%40s3%3acret@h",
    }
    with written(tmp_path / "log", **urls) as lines:
        OURS.info("one%2Fs3%20cret two%2fs3%3Fcret three%40s3%3acret")
        OURS.info("one/s3 cret two/s3?cret three@s3:cret")
    assert [line["message"] for line in lines] == ["*** *** ***"] * 2


@pytest.mark.parametrize("taken", ["file/log", "folder"])
def test_a_file_that_cannot_be_written_is_named_before_anything_is_logged(
    tmp_path: Path, taken: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    before = list(logging.getLogger().handlers)
    settings = Settings(log={"file": tmp_path / taken})
    with pytest.raises(UnavailableError, match=f"cannot be written to {tmp_path / taken} "):
        logs.begin(settings, run="r")
    with pytest.raises(UnavailableError), logs.kept(settings, run="r"):
        pass
    assert logging.getLogger().handlers == before


def test_a_command_says_warnings_as_ever_and_writes_them_down_where_a_file_is_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEGRAPH_LOG__FILE", "log")
    level = logging.getLogger().level
    with logs.kept(load_settings(), run="r"):
        OURS.warning("look at this")
    logging.getLogger().setLevel(level)
    assert capsys.readouterr().err.splitlines().count("look at this") == 1
    assert json.loads((tmp_path / "log").read_text())["run"] == "r"


def test_a_command_says_neither_secrets_nor_what_other_libraries_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEGRAPH_DATABASE_URL", "postgresql://u:s3cret-five@h/d")
    key = 'pass"word\\-1234'
    monkeypatch.setenv("CASEGRAPH_LLM__KEY", key)
    with logs.kept(load_settings(), run="r"):
        OURS.warning("s3cret-five")
        OURS.warning("the key is %s", key)
        try:
            {}[WORD]
        except KeyError:
            OURS.exception("it ends")
        ANOTHER.warning("Bearer s3cret-four in: %s", WORD)
    told = capsys.readouterr().err
    assert f"{logs.HIDDEN}\n" in told
    assert f"WARNING of a.library: {logs.SILENCED}\n" in told
    assert "s3cret" not in told
    assert f"the key is {logs.HIDDEN}\n" in told
    assert "it ends (builtins.KeyError)\n" in told
    assert WORD not in told
