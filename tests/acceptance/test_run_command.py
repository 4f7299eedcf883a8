"""`casegraph run`: what a person with a folder of documents sees."""

import json
import os
import re
import signal
import zipfile
from pathlib import Path

import psutil
import pytest

NAMES = ("Alice Moreno", "Robert Chen", "Dana Whitfield", "Omar Haddad", "Ingrid Larsen")
TEXT = (
    "{name} works for Acme Corporation in Seattle. On March 3, 2021, {name} met Peter Cook, who "
    "is the president of Northwind Bank. Number {number}."
)


LOOPBACK = {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


def listening(pid: int) -> set[str]:
    """Collect the addresses at which a process and all that it started listen."""
    root = psutil.Process(pid)
    addresses = {
        connection.laddr.ip
        for process in (root, *root.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses, "Ray listens somewhere"
    return addresses


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write a dozen small documents in which the same names come back."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(12):
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (folder / f"{number:02}.txt").write_text(text)
    return folder


def test_a_folder_becomes_a_graph_and_a_second_run_does_nothing(casegraph, corpus):
    first = casegraph.json("run", str(corpus), "--project", "p")
    assert first["documents"]["completed"] == 12
    assert first["stage_calls"] == dict.fromkeys(first["stage_calls"], 12)
    assert first["entities"] > 5
    assert first["relationships"] > 12
    assert first["not_found"] == 0
    digest = casegraph("digest", "--project", "p").stdout
    for asked, sentence in (
        ("a job in a firm", " works for Acme Corporation in Seattle."),
        ("somebody ran into the head of a bank", " met Peter Cook, who is the president of North"),
    ):
        [hit] = casegraph.json_lines("search", "--similar", asked, "--project", "p", "--limit", "1")
        assert sentence in hit["sentence"]
        assert len(hit["sentence"]) < len(TEXT)
    similar = casegraph("search", "--similar", "a job in a firm", "--project", "p")
    assert similar.stderr == ""
    second = casegraph.json("run", str(corpus), "--project", "p")
    assert second["documents"] == first["documents"]
    assert set(second["stage_calls"].values()) == {0}
    assert casegraph("digest", "--project", "p").stdout == digest
    status = casegraph.json("status", "--project", "p")
    assert status["queue"] == 0
    assert (status["mode"], status["mode_reason"]) == ("accelerated", "")
    assert status["last_run"]["embeddings"]["asked"] >= 12
    assert status["documents"]["completed"] == 12


def test_a_changed_a_new_and_a_copied_document_cost_what_they_are(casegraph, corpus):
    casegraph.json("run", str(corpus), "--project", "p")
    (corpus / "00.txt").write_text("Maria Alvarez sued Acme Corporation in Boston.")
    (corpus / "new.txt").write_text("Northwind Bank acquired Acme Corporation.")
    (corpus / "copy.txt").write_bytes((corpus / "01.txt").read_bytes())
    (corpus / "02.txt").unlink()
    again = casegraph.json("run", str(corpus), "--project", "p")
    assert again["documents"]["completed"] == 14
    assert again["stage_calls"] == dict.fromkeys(again["stage_calls"], 2)
    names = {row["name"] for row in casegraph.json_lines("entities", "--project", "p")}
    assert "Maria Alvarez" in names
    # What it said before is gone from PostgreSQL, and its checkpoints are still in Redis.
    (corpus / "00.txt").write_text(TEXT.format(name=NAMES[0], number=0))
    back = casegraph.json("run", str(corpus), "--project", "p")
    assert back["documents"]["completed"] == again["documents"]["completed"]
    assert set(back["stage_calls"].values()) == {0}
    names = {row["name"] for row in casegraph.json_lines("entities", "--project", "p")}
    assert "Maria Alvarez" not in names
    assert again["not_found"] == 1
    elsewhere = casegraph.json("run", str(corpus / "03.txt"), "--project", "p")
    assert elsewhere["not_found"] == 0
    summary = " ".join(casegraph("run", str(corpus), "--project", "p").stdout.split())
    assert "1 document of the project was not found in these sources this time" in summary


def test_the_summary_says_what_there_is_and_what_to_type_next(casegraph, corpus):
    (corpus / "empty.txt").touch()
    odd = os.fsencode(corpus) + b"/\xff.txt"  # a name that is no text, as a shell's * gives it
    Path(os.fsdecode(odd)).write_bytes((corpus / "03.txt").read_bytes())
    (corpus / "03.txt").unlink()
    (corpus / "cafe.txt").write_bytes("Alice Moreno met Peter Cook in a café.".encode("cp1252"))
    done = casegraph("run", str(corpus), os.fsdecode(odd), "--project", "p", status=3)
    assert re.search(r"p: 13 documents completed, 1 failed", done.stdout)
    assert re.search(r"1 document with a warning\n.*cafe.txt\n.*not valid UTF-8", done.stdout)
    assert "Acme Corporation" in done.stdout
    assert "empty.txt" in done.stdout
    assert "casegraph show" in done.stdout
    assert "processed" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    next_command = re.search(r"casegraph (show .*)", done.stdout)
    assert next_command is not None


def test_files_over_the_size_limit_are_named_with_what_to_do(casegraph, corpus):
    casegraph.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"] = "100"
    done = casegraph("run", str(corpus), "--project", "p")
    [headline] = [line for line in done.stdout.splitlines() if line.startswith("p: ")]
    assert "nothing to do; 12 documents skipped" in headline
    assert "as it was" not in headline
    assert re.search(r"00.txt\n +\d+ bytes are over the limit of 100; raise limits", done.stdout)
    assert "03.txt" not in done.stdout
    assert "… and 9 more" in done.stdout
    (corpus / "small.txt").write_text("Alice Moreno met Peter Cook.")
    done = casegraph("run", str(corpus), "--project", "p")
    assert re.search(r"p: 1 document completed in .*; 12 documents skipped\n", done.stdout)
    del casegraph.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"]
    done = casegraph("run", str(corpus), "--project", "p")
    assert re.search(r"p: 12 documents completed in .*; in all 13 documents completed", done.stdout)
    assert "skipped" not in done.stdout


def test_what_failed_is_left_alone_until_it_is_retried(casegraph, tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for number in range(2):
            archive.writestr(f"{number}.txt", TEXT.format(name=NAMES[number], number=number))
    casegraph.environment["CASEGRAPH_LIMITS__ARCHIVE"] = '{"max_members": 1}'
    first = casegraph.json("run", "two.zip", "--project", "p", status=3)
    assert first["documents"]["failed"] == 1
    del casegraph.environment["CASEGRAPH_LIMITS__ARCHIVE"]
    again = casegraph.json("run", "two.zip", "--project", "p", status=3)
    assert set(again["stage_calls"].values()) == {0}
    assert casegraph.json("retry", "--project", "p", "--error", "archive_bomb")["retried"] == 1
    last = casegraph.json("run", "two.zip", "--project", "p")
    assert last["documents"]["completed"] == 3
    assert last["documents"]["failed"] == 0


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(casegraph, corpus, migrated_urls):
    for number in range(12, 90):
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (corpus / f"{number:02}.txt").write_text(text * 5)
    process = casegraph.start("run", str(corpus), "--project", "p", "--json")
    for line in process.stderr:
        if line.startswith("running"):
            break
    assert listening(process.pid) <= LOOPBACK
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "again to go on" in err
    stopped = json.loads(out)
    assert stopped["outcome"] == "stopped"
    left = stopped["documents"].get("pending", 0)
    assert left > 0
    assert not stopped["documents"].get("running")
    resumed = casegraph.json("run", str(corpus), "--project", "p")
    assert resumed["documents"]["completed"] == 90
    for stage, count in resumed["stage_calls"].items():
        assert count + stopped["stage_calls"][stage] == 90
    quiet = casegraph.json("run", str(corpus), "--project", "quiet")
    assert quiet["documents"]["completed"] == 90
    assert (
        casegraph("digest", "--project", "p").stdout
        == casegraph("digest", "--project", "quiet").stdout
    )


def test_a_killed_run_and_one_beside_it_end_with_everything_done(casegraph, corpus):
    for number in range(12, 40):
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (corpus / f"{number:02}.txt").write_text(text * 5)
    killed = casegraph.start("run", str(corpus), "--project", "p", "--json")
    for line in killed.stderr:
        if line.startswith("running"):
            break
    killed.kill()
    killed.communicate()
    both = [casegraph.start("run", str(corpus), "--project", "p", "--json") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert json.loads(out)["documents"]["completed"] == 40
        assert sum(json.loads(out)["documents"].values()) == 40


def test_ctrl_c_while_it_waits_for_another_run_is_no_success(casegraph, corpus):
    for number in range(12, 60):  # no more than one run claims at once
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (corpus / f"{number:02}.txt").write_text(text * 40)
    first = casegraph.start("run", str(corpus), "--project", "p", "--json")
    for line in first.stderr:
        if line.startswith("running"):
            break
    second = casegraph.start("run", str(corpus), "--project", "p", "--json")
    for line in second.stderr:
        if line.startswith("waiting for another run"):
            second.send_signal(signal.SIGINT)
            break
    out, err = second.communicate(timeout=120)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=120)
    assert second.returncode == 130, err
    assert json.loads(out)["outcome"] == "stopped"


def test_a_file_that_vanishes_while_the_run_is_on_fails_alone(casegraph, corpus):
    process = casegraph.start("run", str(corpus), "--project", "p", "--json")
    for line in process.stderr:
        if line.startswith("starting Ray"):
            (corpus / "03.txt").unlink()
            break
    out, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    assert json.loads(out)["documents"]["completed"] == 11
    [failure] = casegraph.json_lines("failures", "--project", "p")
    assert failure["error"] == "source_missing"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["run", "nowhere", "--project", "p"], 2, "cannot take 'nowhere': No such file"),
        (["run", "."], 2, "--project"),
        (["run", "--project", "p"], 2, "SOURCE"),
        (["status", "--project", "none"], 2, "no project named 'none'"),
        (["entities", "--project", "none"], 2, "no project named 'none'"),
        (["frobnicate"], 2, "frobnicate"),
        (["run", "", "--project", "p"], 2, "cannot take ''"),
        (["run", ".", "--project", "  "], 2, "needs a name"),
        (["run", ".", "--project", "p", "--include", "*.nomatch"], 2, "--include"),
        (["run", "empty", "--project", "p"], 2, "no file to take in empty"),
    ],
)
def test_wrong_usage_is_said_in_one_line(casegraph, corpus, arguments, status, words):
    (casegraph.folder / "empty").mkdir()
    done = casegraph(*arguments, status=status)
    [line] = done.stderr.splitlines()
    assert line.startswith("casegraph: ")
    assert words in line
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("CASEGRAPH_DATABASE_URL", "mysql://host/db", 1),
        ("CASEGRAPH_DATABASE_URL", "postgresql://me:canary@127.0.0.1:1/db", 1),
        ("CASEGRAPH_REDIS_URL", "http://host", 2),
        ("CASEGRAPH_OCR__DPI", "many", 2),
    ],
)
def test_a_service_or_setting_that_is_wrong_ends_it_at_once(casegraph, corpus, name, value, status):
    casegraph.environment[name] = value
    done = casegraph("run", str(corpus), "--project", "p", status=status)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("casegraph: ")
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
