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


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """Give a folder of secret files, laid out as Kubernetes mounts them."""
    folder = tmp_path / "secrets"
    version = folder / "..2026_01_01"
    version.mkdir(parents=True)
    (folder / "..data").symlink_to(version.name)
    monkeypatch.setenv("CASEGRAPH_SECRETS_DIR", str(folder))

    def put(name, text):
        (version / name).write_text(text)
        (folder / name).symlink_to(f"..data/{name}")

    return put


def test_secret_files_outrank_the_file_and_the_environment_them(secrets, monkeypatch):
    Path("casegraph.toml").write_text('[llm]\nmodel = "of the file"\nkey = "canary"\n')
    secrets("casegraph_llm__key", "of-a-secret-file\n")
    secrets("CASEGRAPH_DATABASE_URL", "postgresql://me:word@db/casegraph\n")
    secrets("casegraph_redis_url", "rediss://canary")
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", "rediss://of-the-environment")
    settings = load_settings()
    assert settings.llm.key.get_secret_value() == "of-a-secret-file"
    assert settings.llm.model == "of the file"
    assert settings.database_url.get_secret_value() == "postgresql://me:word@db/casegraph"
    assert settings.redis_url.get_secret_value() == "rediss://of-the-environment"


@pytest.mark.parametrize("name", ["casegraph_databse_url", "casegraph_llm__kee", "database_url"])
def test_a_misspelt_secret_file_is_refused(secrets, name):
    secrets(name, "canary")
    with pytest.raises(UsageError, match=f"{name} is set, but there is no such") as caught:
        load_settings()
    assert "canary" not in str(caught.value)


def test_what_is_wrong_in_a_secret_file_is_told_and_not_shown(secrets):
    secrets("casegraph_llm__prices", "canary=3")
    with pytest.raises(UsageError, match="a secret file is wrong") as caught:
        load_settings()
    assert "canary" not in str(caught.value)


def test_a_folder_of_secrets_that_cannot_be_read_is_refused(tmp_path, monkeypatch, secrets):
    folder = tmp_path / "secrets"
    (tmp_path / "elsewhere").write_text("canary")
    for make, words in (
        (lambda place: place.symlink_to(tmp_path / "elsewhere"), "no file of the folder"),
        (lambda place: place.mkdir(), "no file of the folder"),
        (lambda place: place.write_bytes(b"\xff\xfe"), "UTF-8"),
    ):
        place = folder / "casegraph_redis_url"
        make(place)
        with pytest.raises(UsageError, match=words):
            load_settings()
        place.rmdir() if place.is_dir() else place.unlink()
    monkeypatch.setenv("CASEGRAPH_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="CASEGRAPH_SECRETS_DIR cannot be read"):
        load_settings()
