"""Settings come from the environment and a file, and say what is wrong with them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.errors import UsageError
from pipeline.settings import load_settings


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_environment_outranks_the_file_and_both_the_defaults(monkeypatch):
    Path("casegraph.toml").write_text('home = "/from/file"\n[ocr]\ndpi = 200\nmax_pages = 7\n')
    monkeypatch.setenv("CASEGRAPH_OCR__DPI", "150")
    settings = load_settings()
    assert (str(settings.home), settings.ocr.dpi, settings.ocr.max_pages) == ("/from/file", 150, 7)
    assert settings.chunk.max_tokens == 240


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[ocr]\ndpi = 9\n", "ocr.dpi"),
        ("[ocr]\ndpy = 300\n", "ocr.dpy"),
        ("unknown = 1\n", "unknown"),
        ("this is no toml", "casegraph.toml"),
    ],
)
def test_a_wrong_setting_is_named(content, words):
    Path("casegraph.toml").write_text(content)
    with pytest.raises(UsageError, match=words):
        load_settings()


def test_what_has_parts_and_is_no_json_is_told_of_the_environment_and_not_shown(monkeypatch):
    monkeypatch.setenv("CASEGRAPH_LLM__PRICES", "canary=3")
    with pytest.raises(UsageError, match=r"\"llm\".* CASEGRAPH_LLM__PRICES='\{") as caught:
        load_settings()
    assert "canary" not in str(caught.value)
    assert "casegraph.toml" not in str(caught.value)


@pytest.mark.parametrize("name", ["CASEGRAPH_OCR_DPI", "CASEGRAPH_OCR__DPY", "CASEGRAPH_TYPO"])
def test_a_misspelt_name_in_the_environment_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(UsageError, match=name):
        load_settings()


def test_settings_do_not_change_and_hide_what_is_secret(monkeypatch):
    monkeypatch.setenv("CASEGRAPH_DATABASE_URL", "postgresql://me:canary@db/casegraph")
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.home = Path("/elsewhere")
    assert "canary" not in repr(settings) + settings.model_dump_json()
