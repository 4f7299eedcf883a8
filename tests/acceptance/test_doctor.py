"""`doctor` on set-ups that are good and on each kind that is broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from llm_case import KEY
from scripted_llm import Exchange, ScriptedLlm, always, failing
from waiting import until

from actors import diagnosis, service_diagnosis
from actors.diagnosis import Finding, State
from pipeline import assembly
from pipeline.errors import UnavailableError, UsageError
from pipeline.settings import Settings
from pipeline.stores import embedded
from pipeline.stores.redis_connection import check_server, connect, masked

CHECKS = [
    "python", "packages", "native libraries", "spaCy model", "embedding model", "language model",
    "tessdata", "parser isolation", "home folder", "free disk", "shared memory", "postgres",
    "redis", "object store", "s3",
]  # fmt: skip


def doctor(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "actors.cli", "doctor", *arguments],
        env={**os.environ, "CASEGRAPH_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def found(check: str, settings: Settings) -> Finding:
    """Run one of the checks as `diagnose` does."""
    checks = dict(service_diagnosis.CHECKS)
    [finding] = diagnosis.findings([(check, checks[check])], settings)
    return finding


def test_a_fresh_machine_passes_and_nothing_is_left(tmp_path: Path) -> None:
    result = doctor(tmp_path / "home", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    assert [finding["check"] for finding in findings] == CHECKS
    assert "fail" not in {finding["state"] for finding in findings}
    assert all(finding["advice"] for finding in findings if finding["state"] == "warn")
    assert not (tmp_path / "home").exists()


def test_what_is_broken_is_said_without_passwords(tmp_path: Path) -> None:
    result = doctor(
        tmp_path / "home",
        CASEGRAPH_DATABASE_URL="postgresql://me:geheim@127.0.0.1:9/x",
        CASEGRAPH_REDIS_URL="redis://:geheim@127.0.0.1:9/0",
        CASEGRAPH_OBJECT_STORE_URL="ftp://there",
        CASEGRAPH_EMBEDDING_MODEL="no_such_model",
        CASEGRAPH_EXTRACT__MODEL="no_such_extractor",
        CASEGRAPH_OCR__LANGUAGE="eng+xxx",
    )
    assert result.returncode == 1
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    for check, said in {
        "postgres": "127.0.0.1:9",
        "redis": "does not answer",
        "object store": "s3://BUCKET",
        "embedding model": "pip install no_such_model",
        "spaCy model": "pip install no_such_extractor",
        "tessdata": "none for xxx",
    }.items():
        [line] = [line for line in failed if check in line]
        assert said in line
        assert "→" in line
    assert len(failed) == 6
    assert "geheim" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_running_services_are_good(services: embedded.ServiceUrls, services_home: Path) -> None:
    settings = Settings(home=services_home)
    for check, said in {
        "postgres": "writable, with pgvector",
        "redis": "volatile-lru",
        "home folder": str(services_home),
        "object store": "objects",
    }.items():
        finding = found(check, settings)
        assert finding.state is State.OK, finding
        assert said in finding.seen


def test_a_database_that_cannot_be_written_fails(
    postgres_url: str, services: embedded.ServiceUrls
) -> None:
    connection = psycopg2.connect(postgres_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        [name] = cursor.fetchone()
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    connection.close()
    finding = found("postgres", Settings(database_url=postgres_url))
    assert finding.state is State.FAIL
    assert "read-only" in finding.seen


def test_a_wrong_database_url_fails() -> None:
    finding = found("postgres", Settings(database_url="mysql://me:geheim@there/x"))
    assert finding.state is State.FAIL
    assert "geheim" not in finding.seen + finding.advice


@pytest.fixture
def private_valkey(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a Valkey whose configuration a test may change."""
    settings = Settings(home=tmp_path / "private", database_url="postgresql://not/used")
    yield embedded.ensure_services(settings).redis_url
    embedded.stop_services(settings)


def test_a_redis_that_evicts_what_is_not_safe_is_refused(private_valkey: str) -> None:
    client = connect(private_valkey)
    for policy in ("volatile-lru", "volatile-ttl", "noeviction"):
        client.config_set("maxmemory-policy", policy)
        check_server(client)
        assert found("redis", Settings(redis_url=private_valkey)).state is State.OK
    for policy in ("allkeys-lru", "allkeys-lfu", "allkeys-random"):
        client.config_set("maxmemory-policy", policy)
        with pytest.raises(UnavailableError, match="set it to volatile-lru"):
            check_server(client)
    finding = found("redis", Settings(redis_url=private_valkey))
    assert finding.state is State.FAIL
    assert "CONFIG SET maxmemory-policy volatile-lru" in finding.seen + finding.advice
    client.close()


def test_a_run_refuses_a_redis_that_evicts_and_goes_on_without_one_that_is_away(
    private_valkey: str, migrated_url: str, tmp_path: Path
) -> None:
    client = connect(private_valkey)
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.close()
    settings = Settings(home=tmp_path, database_url=migrated_url, redis_url=private_valkey)  # type: ignore[arg-type]
    with pytest.raises(UnavailableError, match="set it to volatile-lru"):
        assembly.open_services(settings)
    away = Settings(home=tmp_path, database_url=migrated_url, redis_url="redis://127.0.0.1:1/0")  # type: ignore[arg-type]
    assert assembly.open_services(away).redis_url == "redis://127.0.0.1:1/0"


def test_a_redis_that_takes_no_writes_fails(private_valkey: str) -> None:
    client = connect(private_valkey)
    client.replicaof("127.0.0.1", "1")
    finding = found("redis", Settings(redis_url=private_valkey))  # type: ignore[arg-type]
    client.replicaof("NO", "ONE")
    client.close()
    assert finding.state is State.FAIL
    assert "read only replica" in finding.seen
    assert "takes writes" in finding.advice


def test_a_redis_whose_disk_fails(private_valkey: str, tmp_path: Path) -> None:
    client = connect(private_valkey)
    client.config_set("save", "3600 1")
    shutil.rmtree(tmp_path / "private" / "valkey")
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    finding = found("redis", Settings(redis_url=private_valkey))
    # Nobody would find it again to end it: what tells it from others is the folder that is gone.
    client.shutdown(nosave=True)
    assert finding.state is State.FAIL
    assert "unable to persist to disk" in finding.seen
    assert "see to its disk" in finding.advice


def test_without_acceleration_redis_is_not_asked() -> None:
    finding = found("redis", Settings(redis_url="redis://127.0.0.1:1", acceleration="off"))  # type: ignore[arg-type]
    assert (finding.state, finding.seen) == (State.OK, "not used: CASEGRAPH_ACCELERATION=off")


def test_a_redis_that_is_nearly_full_is_a_warning(private_valkey: str) -> None:
    client = connect(private_valkey)
    client.config_set("maxmemory", client.info("memory")["used_memory"])
    client.close()
    assert found("redis", Settings(redis_url=private_valkey)).state is State.WARN


def test_a_password_that_is_wrong_is_said_and_not_shown(private_valkey: str) -> None:
    client = connect(private_valkey)
    client.config_set("requirepass", "right")
    client.close()
    with pytest.raises(UnavailableError, match="refuses the user or password") as error:
        connect(private_valkey.replace("unix://", "unix://:geheim@"))
    assert "geheim" not in str(error.value)
    connect(private_valkey.replace("unix://", "unix://:right@")).close()


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://there", "redis://there:port/0"])
def test_what_is_no_redis_url_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="CASEGRAPH_REDIS_URL"):
        connect(url)


def test_a_redis_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    for url in ("redis://127.0.0.1:9", f"unix://{tmp_path}/none.sock", "rediss://127.0.0.1:9"):
        with pytest.raises(UnavailableError, match="does not answer"):
            connect(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:geheim@host:1/0", "redis://:***@host:1/0"),
        ("rediss://me:ge@heim@host/0?db=1", "rediss://me:***@host/0?db=1"),
        ("unix:///a.sock?db=0&password=geheim", "unix:///a.sock?db=0"),
        ("redis://host", "redis://host"),
    ],
)
def test_passwords_are_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


def test_timeouts_are_short_and_answers_are_bytes(valkey_url: str) -> None:
    client = connect(valkey_url)
    told = client.connection_pool.connection_kwargs
    assert (told["socket_connect_timeout"], told["socket_timeout"]) == (1.0, 2.0)
    client.set("a", "b")
    assert client.get("a") == b"b"
    client.close()


def test_a_library_that_does_not_load_is_named_and_the_others_are_tried() -> None:
    finding = diagnosis.native_libraries(Settings(), ("zstandard", "no_such_library", "psycopg2"))
    assert finding.state is State.FAIL
    assert "no_such_library" in finding.seen
    assert "psycopg2" not in finding.seen
    assert diagnosis.native_libraries(Settings(), ("zstandard",)).state is State.OK


def test_little_room_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "not" / "made")
    assert found("free disk", settings).state is not State.FAIL
    monkeypatch.setattr(service_diagnosis, "DISK_LITTLE_BYTES", 1 << 60)
    monkeypatch.setattr(service_diagnosis, "SHARED_MEMORY_BYTES", 1 << 60)
    assert found("free disk", settings).state is State.WARN
    if Path("/dev/shm").is_dir():
        assert "--shm-size" in found("shared memory", settings).advice
    monkeypatch.setattr(embedded, "FREE_BYTES", 1 << 60)
    assert found("free disk", settings).state is State.FAIL


def test_a_home_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(home=tmp_path / "file" / "home")
    assert found("home folder", settings).state is State.FAIL
    assert found("object store", settings).state is State.FAIL


def asked_model(server: ScriptedLlm, extractor: str = "llm", **more: object) -> Finding:
    settings = Settings(
        extract={"extractor": extractor},
        llm={"base_url": server.url, "key": KEY, "model": "small", **more},
    )
    [finding] = diagnosis.findings([("language model", diagnosis.language_model)], settings)
    assert KEY not in finding.model_dump_json()
    return finding


def unauthorized(exchange: Exchange) -> None:
    exchange.send_json(401, {"error": {"message": f"wrong key {KEY}"}})


def test_a_language_model_is_looked_for_and_not_asked() -> None:
    with closing(ScriptedLlm(always(failing(500)))) as server:
        finding = asked_model(server)
        assert (finding.state, finding.seen) == (State.OK, f"small at {server.url}")
        finding = asked_model(server, model="large")
        assert finding.state is State.WARN
        assert "does not list large, but small" in finding.seen
        finding = asked_model(server, model="")
        assert (finding.state, finding.advice) == (State.FAIL, "set CASEGRAPH_LLM__MODEL")
        server.gets = unauthorized
        finding = asked_model(server)
        assert finding.state is State.FAIL
        assert "refuses the key" in finding.seen
        for odd in (b"", b"[]", b'{"data": [7]}', b'{"data": "no"}', b"<html>"):
            server.gets = lambda exchange, odd=odd: exchange.send(200, odd)
            assert "does not say what it serves" in asked_model(server).seen, odd
        server.gets = lambda exchange: exchange.send_json(404, {"error": {"message": "none"}})
        assert asked_model(server).state is State.OK
        assert server.asked == []
    finding = asked_model(server)
    assert finding.state is State.FAIL
    assert "does not answer" in finding.seen
    assert "CASEGRAPH_LLM__BASE_URL" in finding.advice


def test_a_model_is_looked_for_where_it_is_named_or_a_stage_asks_it() -> None:
    [finding] = diagnosis.findings([("language model", diagnosis.language_model)], Settings())
    assert (finding.state, "none is asked" in finding.seen) == (State.OK, True)
    with closing(ScriptedLlm(always(failing(500)))) as server:
        # Which stages ask it may only be said by the options of a run.
        finding = asked_model(server, extractor="spacy", model="large")
    assert "does not list large" in finding.seen


def test_the_parser_is_looked_for_where_others_find_the_names() -> None:
    others = {"extractor": "transformers", "model": "owner/name"}
    assert diagnosis.spacy_model(Settings(extract=others)).state is State.OK


def isolation(settings: Settings) -> Finding:
    [finding] = diagnosis.findings([("parser isolation", diagnosis.isolation)], settings)
    return finding


def test_what_the_parser_could_do_is_found_by_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a system with none of the layers: the child tries, and takes nothing away before."""
    finding = isolation(Settings(limits={"parse_memory_bytes": 64 << 20}))
    assert finding.state is State.FAIL
    assert "limits.parse_memory_bytes" in finding.seen + finding.advice
    code = (
        "import sys; from pipeline.engines import sandbox_probe as p; "
        "p.attempt(p.Targets.model_validate_json(sys.argv[-2]), int(sys.argv[-1]))"
    )
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -I ] || set -- -c "{code}" "$@"\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    finding = isolation(Settings())
    assert finding.state is State.WARN
    assert "could read other files, " in finding.seen
    assert "signal other processes through files" in finding.seen
    assert finding.advice
