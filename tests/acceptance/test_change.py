"""What a folder that changes costs, and what is forgotten, as a person types it."""

from __future__ import annotations

import itertools
import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from faults.small_stages import SECONDS
from sqlalchemy import text
from stored_objects import stored_objects

from actors.commands import verify as verifying
from pipeline import identity
from pipeline.stores import keys, postgres
from pipeline.stores.ledger import Ledger

NAMES = ("Alice Moreno", "Robert Chen", "Dana Whitfield", "Omar Haddad")
TEXT = "{name} works for Acme Corporation in Seattle. {name} met Peter Cook. Number {number}."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write four texts, a copy of one, and an archive with one more."""
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (folder / f"{number}.txt").write_text(TEXT.format(name=name, number=number))
    (folder / "sub" / "copy.txt").write_bytes((folder / "3.txt").read_bytes())
    with zipfile.ZipFile(folder / "box.zip", "w") as archive:
        archive.writestr("letter.txt", "Ingrid Larsen sued Globex Corporation in Boston.")
    return folder


def calls(report: dict[str, Any]) -> set[int]:
    return set(report["stage_calls"].values())


def traces(url: str, word: str) -> list[str]:
    """Name the tables in which a word stands, in whatever column; payloads are read as text."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT EXISTS (SELECT 1 FROM {table} t"
                " WHERE strpos(t::text, %s) > 0 OR strpos(t::text, encode(%s, 'hex')) > 0)",
                (word, word.encode()),
            )
            if cursor.fetchone() == (True,):
                found.append(table)
    connection.close()
    return found


def entities(here: Any) -> set[str]:
    return {row["name"] for row in here.json_lines("entities", "--project", "p")}


def test_cost_follows_the_change_and_what_is_forgotten_leaves_nothing(
    here, corpus, migrated_url, valkey
):
    first = here.json("run", str(corpus), "--project", "p")
    assert first["documents"]["completed"] == 7
    assert calls(first) == {6}, "the copy costs nothing"
    assert valkey.xinfo_consumers(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP) == []
    assert here.json("status", "--project", "p")["flags"]["duplicate"] == 1

    # Changed, added, removed, renamed, and a folder that moved: two contents are new.
    (corpus / "0.txt").write_text("Maria Alvarez sued Acme Corporation in Boston.")
    (corpus / "new.txt").write_text("Northwind Bank acquired Acme Corporation.")
    (corpus / "1.txt").unlink()
    (corpus / "2.txt").rename(corpus / "renamed.txt")
    (corpus / "sub").rename(corpus / "moved")
    again = here.json("run", str(corpus), "--project", "p")
    assert calls(again) == {2}
    assert again["not_found"] == 3
    assert traces(migrated_url, "Alice Moreno") == []
    assert {"Robert Chen", "Dana Whitfield", "Maria Alvarez"} <= entities(here)
    for name in valkey.scan_iter(match="doc:*"):
        assert valkey.ttl(name) > 0, "an old copy in Redis goes by itself"
    assert here("verify", "--project", "p").stdout == ""

    # What is not on disk any more is forgotten by its path; what was renamed keeps its content.
    assert here.json("forget", str(corpus / "2.txt"), "--project", "p") == {
        "project": "p", "dry_run": False, "documents": 1, "members": 0, "contents": 0,
        "mentions": 0, "relationships": 0, "objects": 0, "kept_objects": 0, "kept_contents": 1,
    }  # fmt: skip
    assert "Dana Whitfield" in entities(here)
    forgotten = here("forget", "corpus/1.txt", "corpus/sub", "--project", "p")
    assert forgotten.stderr.startswith("forgot 2 documents; ")
    assert traces(migrated_url, "Robert Chen") == []
    assert "Omar Haddad" in entities(here), "the moved copy keeps what both say"

    dry = here.json("forget", str(corpus / "box.zip"), "--project", "p", "--dry-run")
    assert (dry["documents"], dry["members"]) == (1, 1)
    box = here.json("forget", str(corpus / "box.zip"), "--project", "p")
    assert (box["documents"], box["members"], box["objects"]) == (1, 1, 1)
    assert traces(migrated_url, "Ingrid Larsen") == []
    assert traces(migrated_url, "box.zip") == ["runs"] or traces(migrated_url, "box.zip") == []
    assert stored_objects(corpus.parent / "home" / "objects") == []
    assert here("verify", "--project", "p").stdout == ""

    # The same content comes back later: made anew, since nothing was left of it.
    back = here.json("run", str(corpus), "--project", "p")
    assert calls(back) == {2}
    assert back["not_found"] == 0
    assert "Ingrid Larsen" in entities(here)
    digest = here("digest", "--project", "p").stdout

    # Without its copies in Redis the project is what it was, and a run has nothing to do.
    dropped = here.json("invalidate", "--all", "--project", "p")
    assert dropped["drained"]
    assert dropped["keys"] > 0
    assert list(valkey.scan_iter(match="doc:*")) == []
    assert calls(here.json("run", str(corpus), "--project", "p")) == {0}
    assert here("digest", "--project", "p").stdout == digest
    assert here("verify", "--project", "p").stdout == ""

    # Forgotten as a whole, the corpus gives an empty project; run again, the same graph.
    here("forget", str(corpus), "--project", "p")
    assert entities(here) == set()
    here.json("run", str(corpus), "--project", "p")
    assert here("digest", "--project", "p").stdout == digest


def test_a_renamed_file_is_read_where_it_is_now_and_the_old_path_fails_alone(small, corpus, valkey):
    of = ("--project", "p")
    (corpus / "box.zip").unlink()
    first = small.json("run", str(corpus), *of)
    old = corpus / "0.txt"
    id_ = partial(identity.document_id, identity.project_id("p"))
    # Of two paths the one whose document comes first is read: let that be the old one.
    names = (corpus / f"renamed{number}.txt" for number in itertools.count())
    new = next(path for path in names if id_(path.as_uri()) > id_(old.as_uri()))
    old.rename(new)
    assert calls(small.json("run", str(corpus), *of)) == {0}

    again = small.json("run", str(corpus), *of, "--from", "ocr", status=3)

    assert again["stage_calls"] == first["stage_calls"]
    assert again["documents"] == first["documents"] | {"failed": 1}
    [failed] = small.json_lines("failures", *of)
    assert (failed["source"], failed["error"]) == (str(old), "source_missing")
    small("retry", *of)
    assert calls(small.json("run", str(corpus), *of)) == {0}
    assert small("failures", *of, "--json").stdout == ""


def test_verify_names_what_is_wrong_and_exits_1(here, corpus, migrated_url):
    here.json("run", str(corpus), "--project", "p")
    with psycopg2.connect(migrated_url) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE mentions SET text = 'Nobody' WHERE text = 'Omar Haddad'")
    connection.close()
    done = here("verify", "--project", "p", "--json", status=1)
    checks = {json.loads(line)["check"] for line in done.stdout.splitlines()}
    # What Redis shows of the entity differs too, where it has come to be shown.
    assert checks - {"live"} == {"mention_text", "rebuilt"}
    assert "things are wrong (" in done.stderr
    assert "mention_text" in done.stderr


def test_one_thing_that_is_wrong_is_one(here, corpus, migrated_url):
    here.json("run", str(corpus), "--project", "p")
    with psycopg2.connect(migrated_url) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE documents SET status = 'pending' WHERE source LIKE '%/0.txt'")
    connection.close()

    assert "p: 1 thing is wrong (pending 1)" in here("verify", "--project", "p", status=1).stderr


def test_what_a_run_is_about_to_do_that_began_during_the_walk_is_no_finding(
    here, corpus, migrated_url, valkey, monkeypatch
):
    here.json("run", str(corpus / "0.txt"), "--project", "p")
    engine = postgres.engine_of(migrated_url)

    def walked(line: str) -> None:
        """Begin a run when PostgreSQL has been walked through, which takes long in a large one."""
        said.append(line)
        if not line.startswith("looked at"):
            return
        Ledger(engine).start_run(identity.project_id("p"), 60)
        with engine.begin() as connection:
            connection.execute(text("UPDATE documents SET status = 'pending'"))
        valkey.incrby(keys.UNPERSISTED_BYTES, 5)

    said: list[str] = []
    monkeypatch.setattr(verifying, "say", walked)
    try:
        assert here("verify", "--project", "p").stdout == ""
    finally:
        engine.dispose()
    assert said[1:] == [
        "a run of p was at work: what it explains, in Redis too, was not looked at",
        "p: nothing is wrong",
    ]


def test_of_a_file_that_was_never_read_nothing_is_said_to_be_kept(here, corpus):
    here.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"] = "10"
    here("run", str(corpus / "0.txt"), "--project", "p")

    assert here("forget", str(corpus / "0.txt"), "--project", "p").stderr == "forgot 1 document\n"


def test_usage_that_cannot_be_is_one_line(here, corpus, valkey: redis.Redis):
    here.json("run", str(corpus / "0.txt"), "--project", "p")
    of = ("--project", "p")
    for arguments, words in (
        (("forget", "nowhere.txt", *of), "the project has no document 'nowhere.txt'"),
        (("forget", "", *of), "a document without a name cannot be found"),
        (("forget", *of), "missing argument"),
        (("invalidate", *of), "name the documents whose copies to drop, or give --all"),
        (("invalidate", "x", "--all", *of), "not both"),
        (("invalidate", "nowhere.txt", *of), "has no document 'nowhere.txt'"),
    ):
        done = here(*arguments, status=2)
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    one = here.json("invalidate", str(corpus / "0.txt"), *of)
    assert one["keys"] >= 5
    said = here("invalidate", "--all", *of).stderr
    assert said.endswith("from Redis; PostgreSQL has all that is still needed\n")
    assert not valkey.exists(keys.WRITE_BEHIND) or valkey.xlen(keys.WRITE_BEHIND) == 0


def test_a_run_ends_well_whose_documents_are_forgotten_under_it(small, corpus, migrated_url):
    (corpus / "box.zip").unlink()
    small.environment[SECONDS] = "0.15"
    gone = corpus / "gone"
    gone.mkdir()
    for number in range(30):
        (gone / f"{number}.txt").write_text(TEXT.format(name="Zora Neal", number=number) * 20)
    process = small.start("run", str(corpus), "--project", "p", "--json")
    try:
        with psycopg2.connect(migrated_url) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            begun = 0
            while begun < 5 and process.poll() is None:
                cursor.execute(
                    "SELECT count(*) FROM stage_results r JOIN documents d"
                    " ON d.next_content_id = r.content_id WHERE d.uri LIKE '%/gone/%'"
                )
                [begun] = cursor.fetchone() or (0,)
        connection.close()
        assert begun >= 5, "the run ended before anything could be forgotten"
        forgotten = small.json("forget", str(gone), "--project", "p")
        assert forgotten["documents"] == 30
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, err
    report = json.loads(out)
    assert (report["documents"]["completed"], report["documents"]["failed"]) == (5, 0)
    assert traces(migrated_url, "Zora Neal") == []
    assert small("verify", "--project", "p").stdout == ""
