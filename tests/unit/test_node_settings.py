"""What a node adds to the settings of a run, and how it is told that it leads elsewhere."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from faults import small_stages
from pydantic import BaseModel, SecretStr

from actors.joining import address_of, check_address
from actors.node_settings import (
    ENDPOINTS,
    SECRETS,
    Marks,
    check_cluster,
    place_of,
    this_machine,
    variable,
    with_own,
    without_own,
)
from actors.workplace import Workplace
from pipeline.errors import UnavailableError, UsageError
from pipeline.settings import Settings, load_settings
from pipeline.stores.embedded import ServiceUrls

SET = {
    "CASEGRAPH_DATABASE_URL": "postgresql://ann:hidden-1@db.lan/graph",
    "CASEGRAPH_REDIS_URL": "rediss://:hidden-2@cache.lan:6380/2",
    "CASEGRAPH_OBJECT_STORE_URL": "s3://bucket/hidden-prefix",
    "CASEGRAPH_S3_ENDPOINT_URL": "https://hidden-endpoint.lan",
    "CASEGRAPH_LLM__KEY": "hidden-3",
    "CASEGRAPH_LLM__BASE_URL": "https://hidden-model.lan/v1",
    "CASEGRAPH_OCR__PDF_PASSWORD": "hidden-4",
}


def settings_of(patch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Settings:
    for name in SET:
        patch.delenv(name, raising=False)
    for name, value in environment.items():
        patch.setenv(name, value)
    return load_settings()


def place(settings: Settings, *, asks: bool = False) -> Workplace:
    urls = ServiceUrls(
        database_url=settings.database_url.get_secret_value(),  # type: ignore[union-attr]
        redis_url=settings.redis_url.get_secret_value(),  # type: ignore[union-attr]
    )
    waits = {stage: 4 for stage in small_stages.plan().identities[:1] for stage in [stage.stage]}
    return Workplace(
        settings, urls, "p", "r", small_stages.plan(), small_stages.host,
        waits=waits if asks else {},
    )  # fmt: skip


def secrets_in(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from secrets_in(kind, f"{above}{name}.")
        elif "SecretStr" in str(kind):
            yield f"{above}{name}"


def test_nothing_that_is_secret_travels_and_a_node_adds_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of(monkeypatch, SET | {"CASEGRAPH_OCR__DPI": "200"})
    sent = pickle.dumps(place(settings).sealed())
    assert b"hidden" not in sent

    # The node's own environment has the places and nothing of what was chosen for the run.
    settings_of(monkeypatch, SET | {"CASEGRAPH_OCR__DPI": "300"})
    opened = pickle.loads(sent).opened()  # noqa: S301 - what Ray does
    assert opened.settings == settings
    assert opened.urls == place(settings).urls
    assert opened.marks is None


def test_every_secret_of_the_settings_is_left_out() -> None:
    assert set(secrets_in(Settings)) <= {*ENDPOINTS, *SECRETS}
    everything = Settings(
        **dict.fromkeys(("database_url", "redis_url"), "x"),
        llm={"key": "x"},
        ocr={"pdf_password": "x"},
    )
    assert "**" not in json.dumps(without_own(everything).model_dump(mode="json"))


@pytest.mark.parametrize(
    ("here", "said"),
    [
        ({"CASEGRAPH_REDIS_URL": None}, "has no CASEGRAPH_REDIS_URL; set"),
        ({"CASEGRAPH_OCR__PDF_PASSWORD": None}, "has no CASEGRAPH_OCR__PDF_PASSWORD; set"),
        (
            {"CASEGRAPH_DATABASE_URL": "postgresql://ann:hidden-1@db2.lan/graph"},
            "has another CASEGRAPH_DATABASE_URL than",
        ),
        (
            {"CASEGRAPH_DATABASE_URL": "postgresql://ann:hidden-1@db.lan/other"},
            "has another CASEGRAPH_DATABASE_URL than",
        ),
        ({"CASEGRAPH_OBJECT_STORE_URL": "s3://bucket/x"}, "has another CASEGRAPH_OBJECT_STORE_URL"),
        ({"CASEGRAPH_RUN__WINDOW": "none"}, "a setting is wrong (run.window"),
    ],
)
def test_a_node_that_leads_elsewhere_is_named_with_the_setting(
    monkeypatch: pytest.MonkeyPatch, here: Mapping[str, str | None], said: str
) -> None:
    sent = place(settings_of(monkeypatch, SET)).sealed()
    changed = {name: value for name, value in (SET | here).items() if value is not None}
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    for name in SET.keys() - changed.keys():
        monkeypatch.delenv(name)

    with pytest.raises(UnavailableError) as raised:
        sent.opened()
    assert said in str(raised.value)
    assert "node " in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_another_user_or_password_leads_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = place(settings_of(monkeypatch, SET)).sealed()
    other = SET | {
        "CASEGRAPH_DATABASE_URL": "postgresql+psycopg2://bob:else@DB.lan:5432/graph",
        "CASEGRAPH_LLM__KEY": "another",
    }
    settings_of(monkeypatch, other)
    assert sent.opened().urls.database_url == other["CASEGRAPH_DATABASE_URL"]


def test_where_a_language_model_is_matters_to_a_run_that_asks_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of(monkeypatch, SET)
    asking, other = place(settings, asks=True).sealed(), place(settings).sealed()
    settings_of(monkeypatch, {k: v for k, v in SET.items() if not k.startswith("CASEGRAPH_LLM")})

    assert other.opened().settings.llm.key is None
    with pytest.raises(UnavailableError, match="has no CASEGRAPH_LLM__KEY;"):
        asking.opened()


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost:6379/0",
        "redis://:pw@127.0.0.1/0",
        "redis://[::1]:6379",
        "unix:///run/valkey.sock?db=2",
        "postgresql:///graph?host=/run/postgres",
        "postgresql://ann@localhost/graph",
    ],
)
def test_what_is_on_a_machine_itself_is_another_on_another_machine(url: str) -> None:
    assert place_of(url, "one") == place_of(url, "one") != place_of(url, "two")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("redis://cache.lan", "redis://user:pw@CACHE.lan:6379"),
        ("postgresql://db.lan/graph", "postgres://ann:pw@db.lan:5432/graph?sslmode=require"),
        ("postgresql://a:1,b:2/graph", "postgresql://ann@a:1,b:2/graph"),
        ("postgresql://u@/graph?host=db.lan", "postgresql://db.lan/graph"),
        ("postgresql://a,b/graph", "postgresql://ann@A:5432,b:5432/graph"),
        ("postgresql://db.lan/graph", "postgresql://db.lan?dbname=graph"),
        ("redis://cache.lan", "rediss://cache.lan/0"),
        ("redis://cache.lan/2", "redis://cache.lan/?db=2"),
        ("redis://[fd00::1]", "redis://[FD00:0::1]:6379"),
        ("https://s3.lan", "https://S3.lan:443/"),
        ("http://llm.lan:80/v1", "http://llm.lan/v1/"),
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
    ],
)
def test_the_same_place_is_the_same_from_everywhere(url: str, same: str) -> None:
    assert place_of(url, "one") == place_of(same, "two")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("redis://localhost", "redis://127.0.0.1:6379/0"),
        ("redis://[::1]/1", "redis://LOCALHOST:6379?db=1"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock?db=0"),
        ("postgresql://ann@127.0.0.1/graph", "postgresql://bob@localhost:5432/graph"),
        ("postgresql:///graph?host=/run/pg", "postgresql://ann@%2Frun%2Fpg:5432/graph"),
        ("http://127.0.0.1:9000", "http://localhost:9000/"),
    ],
)
def test_a_machine_itself_has_one_name(url: str, same: str) -> None:
    assert place_of(url, "one") == place_of(same, "one") != place_of(same, "two")


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("redis://cache.lan/0", "redis://cache.lan/1"),
        ("unix:///run/valkey.sock?db=1", "unix:///run/valkey.sock?db=2"),
        ("postgresql://db.lan/graph", "postgresql://db.lan/other"),
        ("postgresql://db.lan/graph", "postgresql://db.lan:5433/graph"),
        ("postgresql:///graph?host=/run/pg", "postgresql:///graph?host=/run/pg&port=5433"),
        ("https://s3.lan", "http://s3.lan"),
        ("http://localhost:1", "http://localhost:2"),
        ("redis://localhost.lan", "redis://localhost"),
        ("s3://bucket/a", "s3://bucket/b"),
    ],
)
def test_another_place_is_another(url: str, other: str) -> None:
    assert place_of(url, "one") != place_of(other, "one")


def test_marks_tell_nothing_without_their_salt() -> None:
    settings = Settings(database_url=SecretStr("postgresql://db.lan/graph"))
    one, two = (Marks.made(settings, this_machine()) for _ in range(2))
    assert one.of["database_url"] != two.of["database_url"]
    assert one.difference(settings, this_machine(), asks=True) == two.difference(
        settings, this_machine(), asks=True
    )


def test_a_shared_folder_that_a_node_does_not_see_is_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=SecretStr("postgresql://db.lan/graph"))
    marks = Marks.made(settings, "one")
    assert "does not see" in marks.difference(settings, "two", asks=False)
    (tmp_path / "objects").mkdir()
    assert marks.difference(settings, "two", asks=False) == ""


def test_embedded_services_are_refused_on_a_cluster_with_what_to_set() -> None:
    with pytest.raises(UsageError) as raised:
        check_cluster(Settings())
    words = str(raised.value)
    assert "\n" not in words
    for name in ("DATABASE_URL", "REDIS_URL", "ACCELERATION=off", "OBJECT_STORE_URL"):
        assert f"CASEGRAPH_{name}" in words

    database = SecretStr("postgresql://db.lan/graph")
    with pytest.raises(UsageError) as raised:
        check_cluster(Settings(database_url=database, acceleration="off"))
    assert "REDIS" not in str(raised.value)
    check_cluster(
        Settings(database_url=database, acceleration="off", object_store_url="s3://bucket")
    )
    check_cluster(Settings(database_url=database, acceleration="off", run={"shared_files": True}))


def test_variables_are_those_that_the_settings_are_read_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = settings_of(monkeypatch, SET)
    assert {variable(name) for name in (*ENDPOINTS, *SECRETS)} == set(SET)
    assert with_own(without_own(own), own) == own


def test_the_address_is_what_was_chosen_then_what_ray_says(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, other = Settings(run={"address": "head:1"}), Settings()
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert (address_of(chosen), address_of(other)) == ("head:1", None)
    monkeypatch.setenv("RAY_ADDRESS", "head:2")
    assert (address_of(chosen), address_of(other)) == ("head:1", "head:2")
    assert address_of(Settings(run={"address": "local"})) is None
    assert address_of(Settings(run={"address": "auto"})) == "head:2"
    for nowhere in ("", "local", "auto"):
        monkeypatch.setenv("RAY_ADDRESS", nowhere)
        assert address_of(Settings(run={"address": "auto"})) == "auto"


@pytest.mark.parametrize("address", ["auto", "head:6379", "10.0.0.1:6379", "[fd00::1]:6379"])
def test_addresses_of_clusters(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://head:10001", "ray job submit"),
        ("http://head:8265", "HOST:PORT"),
        ("head", "HOST:PORT"),
        ("user@head:6379", "HOST:PORT"),
    ],
)
def test_other_addresses_are_refused(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_address(address)
