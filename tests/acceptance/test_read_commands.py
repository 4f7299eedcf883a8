"""The reading commands on a real PostgreSQL and Valkey, as a user types them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from faults.proxy import proxy_for
from faults.servers import own_valkey
from ledger_case import LedgerCase
from published_case import NOW, PublishedCase, the_case
from sqlalchemy import func, insert, select

from actors.cli import COMMANDS, main
from pipeline import identity
from pipeline.assembly import open_registry
from pipeline.settings import Settings
from pipeline.stores import keys, migrating, postgres, tables
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Ledger

AWAY = "Redis does not answer (Connection refused)"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def case(migrated_url: str) -> Iterator[PublishedCase]:
    engine = postgres.connect(migrated_url)
    yield the_case(engine)
    engine.dispose()


@pytest.fixture
def run(
    migrated_url: str,
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Give a function that runs `casegraph …` and returns (exit status, stdout, stderr)."""
    monkeypatch.setenv("CASEGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CASEGRAPH_DATABASE_URL", migrated_url)
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", valkey_url)
    monkeypatch.chdir(tmp_path)

    def casegraph(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    return casegraph


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_an_unknown_project_is_one_line_that_lists_the_others(
    run: Run, case: PublishedCase
) -> None:
    for command in (
        ["status"],
        ["failures"],
        ["retry"],
        ["entities"],
        ["show", "x"],
        ["search", "x"],
        ["digest"],
        ["export", "--output", "out"],
    ):
        status, out, err = run(*command, "--project", "nope")

        assert (status, out) == (2, "")
        assert err.strip() == "casegraph: no project named 'nope'; there are: case"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["statsu"], "no such command 'statsu'. Did you mean 'status'? See `casegraph --help`"),
        (["status"], "missing option '--project'; see `casegraph status --help`"),
        (["status", "--projct", "case"], "Did you mean '--project'?"),
        (["search", "board", "--projct", "case", "--project", "case"], "'--projct'"),
        (["search", " ", "--similar", "--project", "case"], "no word to look for"),
        (["show", "--project", "case"], "missing argument 'ENTITY|DOCUMENT'"),
        (["entities", "--project", "case", "--type", "foo"], "'foo' is not one of 'person'"),
        (["entities", "--project", "case", "--limit", "0"], "--limit"),
        (["search", "x", "--project", "case", "--limit", str(10**20)], "--limit"),
        (["show", "\udcff", "--project", "case"], "is called '�'"),
        (["export", "--project", "case", "--format", "xml", "--output", "o"], "'jsonl', 'csv'"),
        (["export", "--project", "case", "--output", ""], "--output needs the path of a folder"),
        (["retry", "--project", "case", "--stage", "orc"], "'orc' is not one of 'ocr'"),
        (["projects", "frob"], "no such command 'frob'; see `casegraph projects --help`"),
        (["digest", "x", "--project", "case"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_one_line_that_leads_to_the_right_one(
    run: Run, case: PublishedCase, arguments: list[str], words: str
) -> None:
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    [line] = err.splitlines()
    assert line.startswith("casegraph: ")
    assert words in line


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_whose_head_is_not_cut(run: Run, command: str) -> None:
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: casegraph {command}")
    assert "..." not in out.replace("[ARGS]...", "")
    listed = next(line for line in run("--help")[1].splitlines() if line.split()[:1] == [command])
    assert listed.endswith(".")
    assert "..." not in listed


def test_an_answer_that_cannot_be_written_is_said(
    run: Run, case: PublishedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails too
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        status, _, err = run("digest", "--project", "case")
    with suppress(OSError):
        full.close()

    assert (status, err) == (1, "casegraph: the system says: No space left on device\n")


def test_status_counts(run: Run, case: PublishedCase, valkey: redis.Redis) -> None:
    case.add_document("bad.pdf", status="failed")
    content = case.content("[X|ORG]")
    for stage in ("ocr", "chunk"):
        case._add(tables.stage_results, content_id=content, stage=stage, fingerprint="f",
                  part="", digest="d", payload=b"x", seconds=1.0)  # fmt: skip
    run_id = identity.run_id()
    case._add(tables.runs, id=run_id, project_id=case.project, lease_until=NOW, ended_at=NOW,
              outcome="completed")  # fmt: skip
    valkey.xadd(keys.WRITE_BEHIND, {"content": "x"})

    status, out, _ = run("status", "--project", "case", "--json")
    (found,) = lines(out)

    assert status == 0
    assert found["documents"] == {
        "pending": 0, "running": 0, "completed": 4, "failed": 1, "skipped": 0,
    }  # fmt: skip
    assert found["stages"] == {"ocr": 1, "chunk": 1, "extract": 0, "resolve": 0, "relate": 0}
    assert (found["queue"], found["mode"]) == (1, "accelerated")
    assert found["flags"]["duplicate"] == 1
    assert found["last_run"]["outcome"] == "completed"
    status, out, _ = run("status", "--project", "case")
    assert status == 0
    assert "casegraph failures --project case" in out


@pytest.mark.parametrize(
    ("asked", "found", "line"),
    [
        (0, 0, None),
        (8, 0, "embedding cache: 0 of 8 found (0%)"),
        (8, 8, "embedding cache: 8 of 8 found (100%)"),
        (3000, 2000, "embedding cache: 2,000 of 3,000 found (67%)"),
    ],
)
def test_status_says_how_often_the_embedding_cache_helped(
    run: Run, case: PublishedCase, asked: int, found: int, line: str | None
) -> None:
    ledger = Ledger(case.engine)
    ledger.end_run(
        ledger.start_run(case.project, 60),
        "finished",
        {"embeddings_asked": asked, "embeddings_found": found},
    )

    status, out, _ = run("status", "--project", "case")

    assert status == 0
    assert [x for x in out.splitlines() if "embedding" in x] == ([line] if line else [])
    assert "last run: finished" in out
    _, out, _ = run("status", "--project", "case", "--json")
    assert json.loads(out)["last_run"]["embeddings"] == {"asked": asked, "found": found}


def settle(case: LedgerCase, url: str) -> None:
    """Apply what the registry has not yet, as the end of a run does."""
    urls = ServiceUrls(database_url=url, redis_url="")
    keeper = open_registry(Settings(acceleration="off"), urls, case.project, engine=case.engine)
    assert keeper.finish().is_done
    keeper.leave()


@pytest.mark.parametrize(("acceleration", "expected"), [("on", 1), ("off", 0)])
def test_verify_says_that_it_could_not_look_at_redis(
    run: Run, migrated_url: str, monkeypatch: pytest.MonkeyPatch, acceleration: str, expected: int
) -> None:
    case = LedgerCase(postgres.connect(migrated_url))
    case.publish("a", "Jane Roe.", "Jane Roe")
    settle(case, migrated_url)
    for (at_work,) in case.rows("SELECT id::text FROM runs"):
        case.ledger.end_run(at_work, "finished", {})
    case.engine.dispose()
    assert run("verify", "--project", "case") == (
        0, "", "looked at 1 contents in PostgreSQL\ncase: nothing is wrong\n",
    )  # fmt: skip
    monkeypatch.setenv("CASEGRAPH_ACCELERATION", acceleration)
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", "redis://127.0.0.1:1/0")

    status, out, err = run("verify", "--project", "case")

    assert (status, out) == (expected, "")
    assert err.splitlines()[-2:] == [
        f"what Redis has was not compared with PostgreSQL: {AWAY}",
        "case: nothing is wrong in what was looked at",
    ]


def test_verify_names_what_nobody_works_on(run: Run, migrated_url: str) -> None:
    case = LedgerCase(postgres.connect(migrated_url))
    case.publish("a", "Jane Roe.", "Jane Roe")
    settle(case, migrated_url)
    case.ledger.record_documents(case.project, [case.found("b.txt")])
    assert run("verify", "--project", "case")[0] == 0, "a run is at work"
    for (at_work,) in case.rows("SELECT id::text FROM runs"):
        case.ledger.end_run(at_work, "stopped", {})
    case.engine.dispose()

    status, out, _ = run("verify", "--project", "case")

    assert status == 1
    assert out == "pending: case: 1 document is not done; `casegraph run` goes on\n"


def test_status_without_redis_is_database_mode(
    run: Run, case: PublishedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", "redis://127.0.0.1:1/0")

    status, out, _ = run("status", "--project", "case", "--json")

    assert status == 0
    told = [(found["queue"], found["mode"], found["mode_reason"]) for found in lines(out)]
    assert told == [(None, "database", AWAY)]


def test_status_says_why_redis_does_not_serve(
    run: Run, case: PublishedCase, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = valkey_url.replace("unix://", "unix://nobody:geheim@")
    monkeypatch.setenv("CASEGRAPH_REDIS_URL", wrong)

    status, out, err = run("status", "--project", "case")

    assert status == 0
    assert "password" in out
    assert "geheim" not in out + err


def test_failures_are_the_last_ones(run: Run, case: PublishedCase) -> None:
    document = case.add_document("bad.pdf", status="failed", attempts=2)
    case.fail(document, 1, stage="ocr", error="crash", message="first")
    case.fail(document, 2, stage="ocr", error="pdf_encrypted", message="needs\na password")
    case.fail(case.add_document("was_bad.pdf"), stage="ocr", error="crash", message="once")
    case.add_document("x.bin", status="skipped", reason="no such format")

    status, out, _ = run("failures", "--project", "case", "--json")

    assert status == 0
    assert lines(out) == [
        {"source": "bad.pdf", "stage": "ocr", "error": "pdf_encrypted",
         "message": "needs\na password", "attempts": 2, "log_tail": ""}
    ]  # fmt: skip
    status, out, _ = run("failures", "--project", "case")
    assert "needs a password" in out
    assert "no such format" in out
    assert "was_bad" not in out


def test_retry_says_how_many_and_what_to_type_next(run: Run, case: PublishedCase) -> None:
    for name, error in (("a.pdf", "pdf_encrypted"), ("b.pdf", "crash"), ("c.pdf", "crash")):
        case.fail(case.add_document(name, status="failed"), stage="ocr", error=error, message="x")
    assert "casegraph retry --project case" in run("failures", "--project", "case")[2]

    status, out, err = run("retry", "--project", "case", "--error", "pdf_encrypted")

    assert (status, out) == (0, "")
    assert "1 document is pending again" in err
    assert "casegraph run SOURCE… --project case" in err
    left = lines(run("failures", "--project", "case", "--json")[1])
    assert [row["source"] for row in left] == ["b.pdf", "c.pdf"]
    status, out, err = run("retry", "--project", "case", "--type", "image/png")
    assert (status, out) == (0, "")
    assert "casegraph failures --project case" in err
    status, out, err = run("retry", "--project", "case", "--json", "--stage", "ocr")
    assert (status, lines(out), err) == (0, [{"project": "case", "retried": 2}], "")
    assert run("failures", "--project", "case", "--json")[1] == ""


def test_entities_lists_who_what_and_where(run: Run, case: PublishedCase) -> None:
    status, out, _ = run("entities", "--project", "case", "--json")
    found = lines(out)

    assert status == 0
    assert {row["type"] for row in found} == {"PERSON", "ORG", "GPE"}
    assert set(found[0]) == {"id", "type", "name", "mentions", "documents", "degree"}
    _, out, _ = run("entities", "--project", "case", "--json", "--type", "money")
    assert [row["name"] for row in lines(out)] == ["$5,000"]
    asked_for = "entities --project case --type DATE"
    assert asked_for not in run("entities", "--project", "case", "--type", "money")[2]
    _, out, err = run("entities", "--project", "case", "--limit", "1", "--match", "smi")
    assert asked_for in err
    assert "John Smith" in out
    assert "Jane Roe" not in out


def test_show_an_entity_with_its_evidence(run: Run, case: PublishedCase) -> None:
    status, out, _ = run("show", "john smith", "--project", "case", "--json")
    (card,) = lines(out)

    assert status == 0
    assert (card["kind"], card["name"], card["mentions"]) == ("entity", "John Smith", 4)
    sued = next(fact for fact in card["relationships"] if fact["predicate"] == "sued")
    # The evidence is the subject's line, as the builder has it.
    assert (sued["object_name"], sued["quote"]) == ("Acme Corporation", "JOHN")
    assert {row["name"] for row in card["co_mentions"]} == {"Boston", "$5,000"}
    for mention in card["occurrences"]:
        start, end = mention["at"]
        assert mention["sentence"][start:end] == mention["text"]
    assert any(m["sentence"].startswith("Smith met") for m in card["occurrences"])
    by_id = lines(run("show", card["id"][:8], "--project", "case", "--json")[1])
    assert by_id == [card]
    _, out, _ = run("show", "JOHN SMITH", "--project", "case")
    assert "letters/first.txt:1" in out
    assert "John Smith — sued → Acme Corporation" in out
    assert "Smith  1 mention: the surname of one person in the document" in out
    assert {row["text"]: row["via"] for row in card["aliases"]}["Smith"] == {"surname": 1}
    _, out, _ = run("show", "Acme Corporation", "--project", "case")
    assert "in the document" not in out


def test_show_a_document(run: Run, case: PublishedCase) -> None:
    mail = identity.document_id(case.project, "file:///mail/complaint.eml")
    case.document("mail/complaint.eml!/note.txt", "[Ann Lee|PERSON]", parent=mail)

    status, out, _ = run("show", "complaint.eml", "--project", "case", "--json")
    (card,) = lines(out)

    assert status == 0
    assert (card["kind"], card["media_type"]) == ("document", "message/rfc822")
    assert card["metadata"]["sender"] == "Roe <roe@example.com>"
    assert [row["source"] for row in card["members"]] == ["mail/complaint.eml!/note.txt"]
    assert [row["predicate"] for row in card["relationships"]] == ["sued", "represents"]
    assert card["entities"][0] == {
        "id": card["relationships"][0]["object"], "type": "ORG", "name": "Acme Corporation",
        "mentions": 2,
    }  # fmt: skip
    _, out, _ = run("show", "mail/complaint.eml", "--project", "case")
    assert "Jane Roe — represents → Acme Corporation" in out


def test_show_asks_when_several_share_a_name(run: Run, case: PublishedCase) -> None:
    case.document("doe2.txt", "[Doe|PERSON] was there.", scoped=["doe"])

    status, out, err = run("show", "doe", "--project", "case", "--json")

    assert status == 2
    assert "ask for one by its id" in err
    candidates = lines(out)[0]["candidates"]
    assert len(candidates) == 2
    status, out, _ = run("show", candidates[0]["id"], "--project", "case")
    assert status == 0
    assert "Doe" in out


def test_show_says_what_is_near_and_why_a_document_has_nothing(
    run: Run, case: PublishedCase
) -> None:
    case.add_document("bad.pdf", status="failed", reason="it is encrypted")

    status, _, err = run("show", "Jon Smith", "--project", "case")
    assert status == 2
    assert "John Smith" in err
    status, _, err = run("show", "bad.pdf", "--project", "case")
    assert status == 2
    assert "failed (it is encrypted)" in err


def test_search_shows_each_hit_in_its_sentence(run: Run, case: PublishedCase) -> None:
    case.document("two.txt", "Nothing here. The [Board|ORG] was suing them, <b>it</b> said. More.")

    status, out, _ = run("search", "sued board", "--project", "case", "--json")
    (hit,) = lines(out)

    assert status == 0
    assert hit["sentence"] == "The Board was suing them, <b>it</b> said."
    assert [hit["sentence"][a:b] for a, b in hit["matches"]] == ["Board", "suing"]
    assert (hit["source"], hit["page"], hit["start"]) == ("two.txt", 1, 14)
    _, out, _ = run("search", "board", "--project", "case")
    assert "The Board was suing them" in out
    for words in (["-harbour", "board"], ["--", "-harbour", "board"]):
        (found,) = lines(run("search", "--json", "--project", "case", *words)[1])
        assert found["sentence"] == hit["sentence"]
    assert lines(run("search", "board", "-suing", "--project", "case", "--json")[1]) == []
    assert len(lines(run("search", "board", "-hello", "--project", "case", "--json")[1])) == 1
    status, _, err = run("search", "the", "--project", "case")
    assert (status, "no word to look for" in err) == (2, True)
    assert run("search", "zebra\udcff", "--project", "case")[0] == 0
    assert run("entities", "--match", "\udcff", "--project", "case")[:2] == (0, "")
    status, out, err = run("search", "zebra", "--project", "case")
    assert (status, out) == (0, "")
    assert "nothing found" in err


def test_similar_says_when_there_are_no_vectors(run: Run, case: PublishedCase) -> None:
    status, _, err = run("search", "anything", "--similar", "--project", "case")

    assert status == 1
    assert "no chunk of this project has a vector yet" in err


def test_digest_prints_one_hash(run: Run, case: PublishedCase) -> None:
    status, out, _ = run("digest", "--project", "case")

    assert (status, len(out.strip())) == (0, 64)
    assert lines(run("digest", "--project", "case", "--json")[1])[0]["digest"] == out.strip()


def test_projects_are_listed_and_deleted(
    run: Run, case: PublishedCase, valkey: redis.Redis
) -> None:
    the_case(case.engine, "other")
    mine = keys.canonicals(case.project)
    content = next(iter(case_contents(case)))
    persisted, waiting = (keys.checkpoint(content, stage, "f") for stage in ("ocr", "chunk"))
    for key in (mine, persisted, "emb:model:x"):
        valkey.set(key, b"x", ex=600)
    valkey.set(waiting, b"x")

    listed = lines(run("projects", "--json")[1])
    assert [row["name"] for row in listed] == ["case", "other"]
    assert all(datetime.fromisoformat(row["created_at"]).tzinfo for row in listed)
    assert all("T" in row["created_at"] for row in listed)
    status, _, err = run("projects", "delete", "case")
    assert (status, "--yes" in err) == (2, True)
    status, out, _ = run("projects", "delete", "case", "--yes", "--json")

    assert (status, lines(out)) == (
        0, [{"project": "case", "deleted": True, "documents": 4, "objects": 0, "kept_objects": 0}],
    )  # fmt: skip
    assert [row["name"] for row in lines(run("projects", "list", "--json")[1])] == ["other"]
    with case.engine.connect() as connection:
        for table in (tables.contents, tables.names, tables.documents):
            rows = connection.scalars(select(table.c.project_id).distinct()).all()
            assert [str(row) for row in rows] == [identity.project_id("other")]
        assert connection.scalar(select(func.count()).select_from(tables.mentions)) == 14
    assert valkey.exists(mine, persisted, waiting) == 0
    assert valkey.exists("emb:model:x") == 1


def test_a_project_is_not_deleted_while_it_runs(run: Run, case: PublishedCase) -> None:
    with case.engine.begin() as connection:
        connection.execute(
            insert(tables.runs).values(
                id=identity.run_id(), project_id=case.project,
                lease_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 10),
            )
        )  # fmt: skip

    status, _, err = run("projects", "delete", "case", "--yes")

    assert status == 2
    assert "going on; stop it first, or wait" in err
    assert int(re.findall(r"wait (\d+) s if it was killed", err)[0]) in range(500, 601)


def case_contents(case: PublishedCase) -> list[str]:
    with case.engine.connect() as connection:
        found = select(tables.contents.c.id).where(tables.contents.c.project_id == case.project)
        return [str(row) for row in connection.scalars(found)]


def test_status_says_what_to_set_where_redis_may_drop_what_it_is_given(
    run: Run, case: PublishedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_valkey() as server:
        with server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        monkeypatch.setenv("CASEGRAPH_REDIS_URL", server.url)

        status, out, _ = run("status", "--project", "case")

    assert status == 0
    assert "mode: database (" in out
    assert "set it to volatile-lru" in " ".join(out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--project", "case"),
        ("failures", "--project", "case"),
        ("projects",),
        ("entities", "--project", "case"),
        ("show", "john smith", "--project", "case"),
        ("show", "complaint.eml", "--project", "case"),
        ("search", "board", "--project", "case"),
        ("digest", "--project", "case"),
        ("export", "--project", "case", "--format", "graphml", "--output", "case.graphml"),
        ("retry", "--project", "case"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_connection_that_is_cut_at_any_question_is_one_line(
    case: PublishedCase,
    run: Run,
    migrated_url: str,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    ends = set()
    with proxy_for(migrated_url) as line:
        url = line.url(migrated_url)
        monkeypatch.setenv("CASEGRAPH_DATABASE_URL", url)
        before = line.traffic
        migrating.migrate(url)
        skip = (line.traffic - before).queries
        while True:
            line.lose("", skip=skip, answered=False)
            status, _, err = run(*arguments)
            if not line.lost:
                break
            line.heal()
            told = [x for x in err.splitlines() if x.startswith("casegraph: ")]
            assert (len(told), "Traceback" in err) == (status, False), err
            assert all("PostgreSQL" in words and "connection" in words for words in told)
            ends.add(status)
            skip += 1
    assert 1 in ends
