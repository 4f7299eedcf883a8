"""`casegraph run`: what a person with a folder of documents sees."""

import json
import os
import re
import signal
import subprocess
import zipfile
from pathlib import Path

import psutil
import pytest
from faults.small_stages import SECONDS

DOCUMENTS = 6
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
    """Write small documents in which the same names come back: no more than one actor works on."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(DOCUMENTS):
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (folder / f"{number:02}.txt").write_text(text)
    return folder


def test_a_folder_becomes_a_graph_and_a_second_run_does_nothing(here, corpus):
    first = here.json("run", str(corpus), "--project", "p")
    assert first["documents"]["completed"] == DOCUMENTS
    assert first["stage_calls"] == dict.fromkeys(first["stage_calls"], DOCUMENTS)
    assert first["entities"] > 5
    assert first["relationships"] > DOCUMENTS
    assert first["not_found"] == 0
    digest = here("digest", "--project", "p").stdout
    for asked, sentence in (
        ("a job in a firm", " works for Acme Corporation in Seattle."),
        ("somebody ran into the head of a bank", " met Peter Cook, who is the president of North"),
    ):
        said = here("search", "--similar", asked, "--project", "p", "--limit", "1", "--json")
        [hit] = map(json.loads, said.stdout.splitlines())
        assert said.stderr == ""
        assert sentence in hit["sentence"]
        assert len(hit["sentence"]) < len(TEXT)
    second = here.json("run", str(corpus), "--project", "p")
    assert second["documents"] == first["documents"]
    assert set(second["stage_calls"].values()) == {0}
    assert here("digest", "--project", "p").stdout == digest
    status = here.json("status", "--project", "p")
    assert status["queue"] == 0
    assert (status["mode"], status["mode_reason"]) == ("accelerated", "")
    assert status["last_run"]["embeddings"]["asked"] >= DOCUMENTS
    assert status["documents"]["completed"] == DOCUMENTS


def test_a_changed_a_new_and_a_copied_document_cost_what_they_are(here, corpus):
    here.json("run", str(corpus), "--project", "p")
    (corpus / "00.txt").write_text("Maria Alvarez sued Acme Corporation in Boston.")
    (corpus / "new.txt").write_text("Northwind Bank acquired Acme Corporation.")
    (corpus / "copy.txt").write_bytes((corpus / "01.txt").read_bytes())
    (corpus / "02.txt").unlink()
    again = here.json("run", str(corpus), "--project", "p")
    assert again["documents"]["completed"] == DOCUMENTS + 2
    assert again["stage_calls"] == dict.fromkeys(again["stage_calls"], 2)
    names = {row["name"] for row in here.json_lines("entities", "--project", "p")}
    assert "Maria Alvarez" in names
    # What it said before is gone from PostgreSQL, and its checkpoints are still in Redis.
    (corpus / "00.txt").write_text(TEXT.format(name=NAMES[0], number=0))
    back = here.json("run", str(corpus), "--project", "p")
    assert back["documents"]["completed"] == again["documents"]["completed"]
    assert set(back["stage_calls"].values()) == {0}
    names = {row["name"] for row in here.json_lines("entities", "--project", "p")}
    assert "Maria Alvarez" not in names
    assert again["not_found"] == 1
    elsewhere = here.json("run", str(corpus / "03.txt"), "--project", "p")
    assert elsewhere["not_found"] == 0
    summary = " ".join(here("run", str(corpus), "--project", "p").stdout.split())
    assert "1 document of the project was not found in these sources this time" in summary


def test_the_summary_says_what_there_is_and_what_to_type_next(casegraph, here, corpus):
    (corpus / "empty.txt").touch()
    odd = os.fsencode(corpus) + b"/\xff.txt"  # a name that is no text, as a shell's * gives it
    Path(os.fsdecode(odd)).write_bytes((corpus / "03.txt").read_bytes())
    (corpus / "03.txt").unlink()
    (corpus / "cafe.txt").write_bytes("Alice Moreno met Peter Cook in a café.".encode("cp1252"))
    process = casegraph.start("run", str(corpus), os.fsdecode(odd), "--project", "p")
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("starting Ray"):
            (corpus / "05.txt").unlink()  # a file that vanishes while the run is on fails alone
    (out, _), err = process.communicate(), "".join(said)
    assert process.returncode == 3, err
    assert re.search(rf"p: {DOCUMENTS} documents completed, 2 failed", out)
    assert re.search(r"1 document with a warning\n.*cafe.txt\n.*not valid UTF-8", out)
    assert "Acme Corporation" in out
    assert "empty.txt" in out
    assert "casegraph show" in out
    assert "processed" in err
    assert "\x1b" not in out + err
    next_command = re.search(r"casegraph (show .*)", out)
    assert next_command is not None
    failures = {Path(x["source"]).name: x for x in here.json_lines("failures", "--project", "p")}
    assert failures.keys() == {"empty.txt", "05.txt"}
    assert failures["05.txt"]["error"] == "source_missing"


def test_files_over_the_size_limit_are_named_with_what_to_do(here, corpus):
    here.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"] = "100"
    done = here("run", str(corpus), "--project", "p")
    [headline] = [line for line in done.stdout.splitlines() if line.startswith("p: ")]
    assert f"nothing to do; {DOCUMENTS} documents skipped" in headline
    assert "as it was" not in headline
    assert re.search(r"00.txt\n +\d+ bytes are over the limit of 100; raise limits", done.stdout)
    assert "03.txt" not in done.stdout
    assert "… and 3 more" in done.stdout
    (corpus / "small.txt").write_text("Alice Moreno met Peter Cook.")
    done = here("run", str(corpus), "--project", "p")
    skipped = rf"p: 1 document completed in .*; {DOCUMENTS} documents skipped\n"
    assert re.search(skipped, done.stdout)
    del here.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"]
    done = here("run", str(corpus), "--project", "p")
    completed = (
        f"p: {DOCUMENTS} documents completed in .*; in all {DOCUMENTS + 1} documents completed"
    )
    assert re.search(completed, done.stdout)
    assert "skipped" not in done.stdout


def test_what_failed_is_left_alone_until_it_is_retried(here, tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for number in range(2):
            archive.writestr(f"{number}.txt", TEXT.format(name=NAMES[number], number=number))
    here.environment["CASEGRAPH_LIMITS__ARCHIVE"] = '{"max_members": 1}'
    first = here.json("run", "two.zip", "--project", "p", status=3)
    assert first["documents"]["failed"] == 1
    del here.environment["CASEGRAPH_LIMITS__ARCHIVE"]
    again = here.json("run", "two.zip", "--project", "p", status=3)
    assert set(again["stage_calls"].values()) == {0}
    assert here.json("retry", "--project", "p", "--error", "archive_bomb")["retried"] == 1
    last = here.json("run", "two.zip", "--project", "p")
    assert last["documents"]["completed"] == 3
    assert last["documents"]["failed"] == 0


def more(corpus: Path, most: int) -> None:
    """Write so many documents in all."""
    for number in range(DOCUMENTS, most):
        text = TEXT.format(name=NAMES[number % len(NAMES)], number=number)
        (corpus / f"{number:02}.txt").write_text(text)


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read what a run says until a line begins so."""
    for line in process.stderr:
        if line.startswith(words):
            return
    pytest.fail(f"it ended before it said {words!r}")


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(small_on_ray, small, corpus):
    more(corpus, 90)
    small_on_ray.environment[SECONDS] = "0.05"
    process = small_on_ray.start("run", str(corpus), "--project", "p", "--json")
    until(process, "running")
    assert listening(process.pid) <= LOOPBACK
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "goes on from there" in err
    stopped = json.loads(out)
    assert stopped["outcome"] == "stopped"
    left = stopped["documents"].get("pending", 0)
    assert left > 0
    assert not stopped["documents"].get("running")
    resumed = small.json("run", str(corpus), "--project", "p")
    assert resumed["documents"]["completed"] == 90
    for stage, count in resumed["stage_calls"].items():
        assert count + stopped["stage_calls"][stage] == 90
    quiet = small.json("run", str(corpus), "--project", "quiet")
    assert quiet["documents"]["completed"] == 90
    assert small("digest", "--project", "p").stdout == small("digest", "--project", "quiet").stdout


def test_a_killed_run_and_one_beside_it_end_with_everything_done(small_on_ray, small, corpus):
    more(corpus, 40)
    for each in (small_on_ray, small):
        each.environment.update({SECONDS: "0.05", "CASEGRAPH_RUN__LEASE_SECONDS": "2"})
    killed = small_on_ray.start("run", str(corpus), "--project", "p", "--json")
    until(killed, "running")
    killed.kill()
    killed.communicate()
    both = [small.start("run", str(corpus), "--project", "p", "--json") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert json.loads(out)["documents"]["completed"] == 40
        assert sum(json.loads(out)["documents"].values()) == 40


def test_ctrl_c_while_it_waits_for_another_run_is_no_success(small, corpus):
    for path in sorted(corpus.iterdir())[1:]:  # one run has all there is
        path.unlink()
    small.environment[SECONDS] = "8"
    first = small.start("run", str(corpus), "--project", "p", "--json")
    until(first, "running")
    second = small.start("run", str(corpus), "--project", "p", "--json")
    until(second, "waiting for another run")
    second.send_signal(signal.SIGINT)
    out, err = second.communicate(timeout=120)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=120)
    assert second.returncode == 130, err
    assert json.loads(out)["outcome"] == "stopped"


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
def test_wrong_usage_is_said_in_one_line(here, corpus, arguments, status, words):
    (here.folder / "empty").mkdir()
    done = here(*arguments, status=status)
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
def test_a_service_or_setting_that_is_wrong_ends_it_at_once(here, corpus, name, value, status):
    here.environment[name] = value
    done = here("run", str(corpus), "--project", "p", status=status)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("casegraph: ")
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
