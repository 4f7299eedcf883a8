"""`casegraph run` over documents in S3, with the object store there too."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from faults.small_stages import SECONDS
from s3_case import CREDENTIALS, S3Server, serving

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

TEXT = "Alice Moreno works for Acme Corporation in Seattle. Number {number}."
ODD = "in/100% sure? #1 – żółć 文書.txt"
WAIT_SECONDS = 120


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("inner/memo.txt", "Robert Chen sued Northwind Bank in Boston.")
    return out.getvalue()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    objects = {f"in/{number:02}.txt": TEXT.format(number=number).encode() for number in range(4)}
    objects |= {
        "in/": b"",
        "in/deep/": b"",
        "in/deep/bundle.zip": archive(),
        "in/deep/.draft.txt": b"hidden",
        "in/deep/left.out": b"left out",
        "in-other/x.txt": b"not under the prefix",
        ODD: b"Ingrid Larsen met Omar Haddad in Paris.",
        "in/empty #2.txt": b"",
    }
    with serving(tmp_path, {"cases": objects, "store": {}}) as server:
        yield server


@pytest.fixture
def in_s3(here, server: S3Server):
    here.environment.update(
        CREDENTIALS,
        CASEGRAPH_S3_ENDPOINT_URL=server.url,
        CASEGRAPH_OBJECT_STORE_URL="s3://store/objects",
    )
    return here


@pytest.mark.parametrize("first", ["here", pytest.param("casegraph", marks=pytest.mark.long)])
def test_a_run_from_s3_follows_what_changes_there(
    request: pytest.FixtureRequest, in_s3, server: S3Server, first: str
) -> None:
    """The first time in this process or on Ray, then in this process."""

    def run(casegraph: Any) -> dict:
        arguments = ("run", "s3://cases/in", "--exclude", "*.out", "--project", "p")
        return casegraph.json(*arguments, status=3)

    client = server.client()
    begun = run(request.getfixturevalue(first))
    assert begun["documents"]["completed"] == 7  # four, the archive and its member, the odd one
    assert begun["documents"]["failed"] == 1
    kept = client.list_objects_v2(Bucket="store", Prefix="objects/")["Contents"]
    assert len(kept) == 2  # the member, and the mark of the store

    [failure] = in_s3.json_lines("failures", "--project", "p")
    assert (failure["source"], failure["error"]) == ("s3://cases/in/empty #2.txt", "empty_file")
    assert "s3://cases/in/empty #2.txt" in in_s3("failures", "--project", "p").stdout
    for asked in (ODD.removeprefix("in/"), f"s3://cases/{ODD}"):
        card = in_s3.json("show", asked, "--project", "p")
        assert card["source"] == f"s3://cases/{ODD}"
    assert f"s3://cases/{ODD}" in in_s3("show", "Ingrid Larsen", "--project", "p").stdout
    member = in_s3.json("show", "inner/memo.txt", "--project", "p")
    assert member["source"] == "s3://cases/in/deep/bundle.zip!/inner/memo.txt"

    second = run(in_s3)
    assert second["documents"] == begun["documents"]
    assert set(second["stage_calls"].values()) == {0}

    client.put_object(Bucket="cases", Key="in/00.txt", Body=b"Dana Whitfield joined Acme Corp.")
    client.delete_object(Bucket="cases", Key="in/01.txt")
    client.delete_object(Bucket="cases", Key="in/empty #2.txt")
    third = run(in_s3)
    assert set(third["stage_calls"].values()) == {1}
    assert third["not_found"] == 2
    names = {row["name"] for row in in_s3.json_lines("entities", "--project", "p")}
    assert "Dana Whitfield" in names
    one = in_s3.json("run", "s3://cases/in/02.txt", "--project", "p", status=3)
    assert (one["not_found"], set(one["stage_calls"].values())) == (0, {0})


def test_what_commands_print_of_odd_keys_can_be_forgotten_and_invalidated(
    in_s3, server: S3Server
) -> None:
    keys = ("a#b.txt", "a%23b.txt", "my folder/Büro + 1.txt", "my folder/deep/2.txt", "plain.txt")
    for number, key in enumerate(keys):
        body = TEXT.format(number=number).encode()
        server.client().put_object(Bucket="cases", Key=f"odd/{key}", Body=body)
    done = in_s3.json("run", "s3://cases/odd", "--project", "p")
    assert done["documents"]["completed"] == len(keys)
    printed = [f"s3://cases/odd/{key}" for key in keys]
    ids = documents(in_s3)
    assert set(ids) == set(printed)

    for name in printed[2:]:
        assert in_s3.json("invalidate", name, "--project", "p")["keys"] > 0
    [line] = in_s3("forget", printed[1], "--project", "p", status=2).stderr.strip().splitlines()
    assert all(f"{name} (id {ids[name]})" in line for name in printed[:2])
    assert set(documents(in_s3)) == set(printed)

    assert in_s3.json("forget", ids[printed[1]], "--project", "p")["documents"] == 1
    assert printed[1] not in documents(in_s3)
    assert in_s3.json("forget", "s3://cases/odd/my folder", "--project", "p")["documents"] == 2
    assert set(documents(in_s3)) == {printed[0], printed[4]}
    assert in_s3.json("forget", printed[0], "--project", "p")["documents"] == 1
    assert set(documents(in_s3)) == {printed[4]}


def test_the_endpoint_of_the_aws_tools_works_too(here, server: S3Server) -> None:
    here.environment.update(CREDENTIALS, AWS_ENDPOINT_URL=server.url)
    done = here.json("run", "s3://cases/in/00.txt", "--project", "p")
    assert done["documents"]["completed"] == 1


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("s3://absent/in", 2, "no such bucket"),
        ("s3://cases/nothing", 2, "no object has this key or prefix"),
        ("s3://", 2, "s3://BUCKET"),
        ("s3://cases/in-other", 1, "does not answer"),
    ],
)
def test_what_cannot_be_taken_is_one_line(in_s3, server: S3Server, source, status, said) -> None:
    if status == 1:
        server.kill()
    done = in_s3("run", source, "--project", "p", status=status)
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("casegraph: ")
    assert said in line


def test_credentials_that_are_missing_are_one_line(in_s3, tmp_path: Path) -> None:
    for name in CREDENTIALS:
        in_s3.environment.pop(name)
    in_s3.environment.update(AWS_EC2_METADATA_DISABLED="true", HOME=str(tmp_path))
    [line] = in_s3("run", "s3://cases/in", "--project", "p", status=1).stderr.splitlines()
    assert "no credentials" in line


def test_doctor_says_which_endpoint_and_whether_it_answers(in_s3, server: S3Server) -> None:
    def findings(status: int) -> dict[str, dict]:
        return {row["check"]: row for row in in_s3.json_lines("doctor", status=status)}

    there = findings(0)["s3"]
    assert there["state"] == "ok"
    assert f"{server.url} answers" in there["seen"]
    server.kill()
    gone = findings(1)
    for check in ("s3", "object store"):
        assert gone[check]["state"] == "fail"
        assert server.url in gone[check]["seen"]
        assert "does not answer" in gone[check]["seen"]


def test_a_server_that_dies_in_the_middle_costs_no_document(in_s3, small, server: S3Server) -> None:
    """The run goes on when it is back, or has ended with one line and the next one goes on."""
    server.kill()
    for number in range(60):
        server.objects["cases"][f"many/{number:02}.txt"] = TEXT.format(number=number).encode()
    server.start()
    small.environment.update(in_s3.environment | {"PYTHONPATH": small.environment["PYTHONPATH"]})
    small.environment.update({SECONDS: "0.05", "CASEGRAPH_RUN__WINDOW": "4"})
    arguments = ("run", "s3://cases/many", "--project", "p")
    process = small.start(*arguments)
    try:
        wait_for(lambda: completed(small) >= 4 or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        server.kill()
        at_death = completed(small)
        assert at_death < 60
        waited = time.monotonic() + 5  # long enough for what was fetched before to be done
        wait_for(lambda: process.poll() is not None or time.monotonic() > waited)
        assert completed(small) < 60
        server.start()
        _, err = process.communicate(timeout=300)
    finally:
        process.kill()
    if process.returncode:
        assert process.returncode == 1, err
        [line] = [line for line in err.splitlines() if line.startswith("casegraph: ")]
        assert "does not answer" in line
        assert "Traceback" not in err
    again = small.json(*arguments)
    assert again["documents"]["completed"] == 60
    assert again["documents"]["failed"] == 0


def documents(casegraph) -> dict[str, str]:
    """Read sources and ids of what a project has, by a look into PostgreSQL."""
    url = casegraph.environment["CASEGRAPH_DATABASE_URL"]
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT source, id::text FROM documents")
        return dict(cursor.fetchall())


def completed(casegraph) -> int:
    """Count the documents that are done, by a look into PostgreSQL."""
    url = casegraph.environment["CASEGRAPH_DATABASE_URL"]
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM documents WHERE status = 'completed'")
        return cursor.fetchone()[0]


def wait_for(condition) -> None:
    late = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < late, "it did not come to pass"
        time.sleep(0.1)
