"""A run on a cluster that is there: by its address, as its job, and told in one line why not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actors.jobs import JOB_SERVER
from cluster.on_cluster import OnCluster
from cluster.ray_cluster import PATIENT, RAY, ROOT, RayCluster, cluster

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

RUN = ("run", "in", "--json", "--project")
SAY_VERSION = """
import json, sys
from ray._raylet import GcsClient
cluster = GcsClient(address=sys.argv[1])
known = json.loads(cluster.internal_kv_get(b"CLUSTER_METADATA", b"cluster"))
said = json.dumps(known | {"ray_version": sys.argv[2]}).encode()
cluster.internal_kv_put(b"CLUSTER_METADATA", said, True, b"cluster")
print(known["ray_version"])
"""


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Give the one line that says what is wrong; above it is only the progress."""
    *above, last = done.stderr.strip().splitlines()
    assert all(" documents" in line or line == "starting services" for line in above), above
    assert last.startswith("casegraph: ")
    return last


def say_version(own: RayCluster, version: str) -> str:
    """Have a cluster say that it is of another version of Ray, and give what it said before."""
    return subprocess.run(
        [sys.executable, "-c", SAY_VERSION, own.address, version],
        env=own.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENT,
    ).stdout.strip()


def digest(on_cluster: OnCluster, project: str) -> str:
    return on_cluster("digest", "--project", project).stdout


def test_a_run_on_a_cluster_is_the_run_on_one_machine(on_cluster: OnCluster) -> None:
    on_cluster.documents(12)
    done = on_cluster(*RUN, "joined", "--address", on_cluster.cluster.address)
    assert json.loads(done.stdout)["documents"]["completed"] == 12

    # Its documents were read from copies, which nodes that have no such file see, too.
    copies = on_cluster.rows(
        "SELECT DISTINCT blob FROM documents d JOIN projects p ON d.project_id = p.id"
        " WHERE p.name = 'joined'"
    )
    kept = on_cluster.s3.client().list_objects_v2(Bucket="store", Prefix="objects/")["Contents"]
    there = [one["Key"] for one in kept]
    assert len(copies) == 12
    assert all(any(key.endswith(blob) for key in there) for [blob] in copies)

    again = on_cluster(*RUN, "joined", "--address", on_cluster.cluster.address)
    assert set(json.loads(again.stdout)["stage_calls"].values()) == {0}
    on_cluster(*RUN, "alone", without=("RAY_AUTH_TOKEN",))
    assert digest(on_cluster, "joined") == digest(on_cluster, "alone")


def test_a_job_uses_its_own_cluster_and_says_nothing_secret(on_cluster: OnCluster) -> None:
    working = on_cluster.folder / "working"
    working.mkdir()
    (working / "in").symlink_to(on_cluster.documents(4, "job"))
    before = {one.pid for one in on_cluster.cluster.processes if "gcs_server" in one.name()}
    submitted = subprocess.run(
        [
            RAY, "job", "submit", "--address", on_cluster.cluster.jobs,
            "--submission-id", "run-1", "--working-dir", str(working), "--",
            sys.executable, "-m", "faults.small_cli", "run", "in", "--project", "job", "--json",
        ],
        env=on_cluster.cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT,
    )  # fmt: skip
    assert submitted.returncode == 0, submitted.stdout + submitted.stderr
    assert '"completed": 4' in submitted.stdout
    after = {one.pid for one in on_cluster.cluster.processes if "gcs_server" in one.name()}
    assert after == before  # no second Ray was started inside

    asked = f"""
import json, ray
from ray.job_submission import JobSubmissionClient
from ray.util.state import list_actors, list_tasks
ray.init("{on_cluster.cluster.address}", logging_level="ERROR", log_to_driver=False)
jobs = JobSubmissionClient("{on_cluster.cluster.jobs}").list_jobs()
print(jobs, list_actors(detail=True), list_tasks(detail=True))
"""
    shown = subprocess.run(
        [sys.executable, "-c", asked],
        env=on_cluster.cluster.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENT,
    ).stdout
    assert "RunCoordinator" in shown
    logs = [path for path in on_cluster.cluster.folder.rglob("*") if path.is_file()]
    said = shown.encode() + b"".join(path.read_bytes() for path in logs)
    for endpoint in (on_cluster.database_url, on_cluster.endpoints["CASEGRAPH_REDIS_URL"]):
        assert endpoint.encode() not in said

    twice = subprocess.run(
        [
            RAY, "job", "submit", "--address", on_cluster.cluster.jobs,
            "--submission-id", "run-1", "--", "true",
        ],
        env=on_cluster.cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT,
    )  # fmt: skip
    assert twice.returncode != 0
    assert "run-1 already exists" in twice.stdout + twice.stderr


@pytest.mark.parametrize(
    "document", ["README.md", pytest.param("docs/operations.md", marks=pytest.mark.slow)]
)
def test_a_job_is_submitted_as_the_documents_say(
    on_cluster: OnCluster, tmp_path: Path, document: str
) -> None:
    """The machine that submits is no node: it knows the job server, and its token."""
    words = (ROOT / document).read_text("utf-8")
    [line] = re.findall(r"^\$ (.*ray job submit .*)$", words, re.MULTILINE)
    assert JOB_SERVER in line  # where none is named, Ray finds a cluster of this very machine
    s3 = on_cluster.s3.client()
    s3.create_bucket(Bucket="cases")
    s3.put_object(Bucket="cases", Key="acme/a.txt", Body=b"Alice Moreno met Bob Ray in Paris.")
    submitted = subprocess.run(
        ["bash", "-c", line.replace(JOB_SERVER, on_cluster.cluster.jobs)],
        env=on_cluster.cluster.environment | {"RAY_TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT,
    )
    assert submitted.returncode == 0, submitted.stdout + submitted.stderr
    assert "1 document" in submitted.stdout


def test_what_a_cluster_cannot_take_is_said_in_one_line(
    on_cluster: OnCluster, tmp_path: Path
) -> None:
    on_cluster.documents(1)
    joined = on_cluster.cluster
    here = (*RUN, "refused", "--address", joined.address)
    without = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")

    for more, kept in (
        ({"RAY_AUTH_TOKEN": "0" * 32}, ()),
        ({"RAY_AUTH_MODE": "disabled"}, ()),
        ({"HOME": str(tmp_path)}, without),  # Ray would go by ~/.ray/auth_token
        ({"HOME": str(tmp_path)}, without[1:]),
    ):
        words = last_line(on_cluster(*here, status=1, without=kept, **more))
        assert f"at {joined.address} refuses the token" in words
        assert "RAY_AUTH_TOKEN" in words

    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text(joined.token)
    on_cluster(*here, without=without, HOME=str(tmp_path))

    for port in (1, joined.jobs_port):
        wrong = f"127.0.0.1:{port}"
        words = last_line(on_cluster(*RUN, "wrong", "--address", wrong, status=1))
        assert f"no Ray cluster answers at {wrong}" in words

    words = last_line(on_cluster(*RUN, "x", "--address", "ray://head:10001", status=2))
    assert "ray job submit" in words
    embedded = tuple(name for name in on_cluster.endpoints if name.startswith("CASEGRAPH_"))
    words = last_line(on_cluster(*here, status=2, without=embedded))
    assert "CASEGRAPH_DATABASE_URL" in words


def test_a_node_that_knows_other_places_ends_the_run_with_its_name(on_cluster: OnCluster) -> None:
    on_cluster.documents(1)
    here = (*RUN, "elsewhere", "--address", on_cluster.cluster.address)
    other = on_cluster.endpoints["CASEGRAPH_REDIS_URL"].replace("db=15", "db=14")
    words = last_line(on_cluster(*here, status=1, CASEGRAPH_REDIS_URL=other))
    assert "has another CASEGRAPH_REDIS_URL than the run was started with" in words

    words = last_line(on_cluster(*here, status=1, CASEGRAPH_OCR__PDF_PASSWORD="secret"))
    assert "has no CASEGRAPH_OCR__PDF_PASSWORD" in words
    assert "secret" not in words.replace("secrets", "")


def test_auto_is_the_cluster_of_this_machine_and_held_to_the_same(
    on_cluster: OnCluster, tmp_path: Path
) -> None:
    on_cluster.documents(2)
    joined = on_cluster.cluster
    done = on_cluster(*RUN, "auto", "--address", "auto")
    assert json.loads(done.stdout)["documents"]["completed"] == 2

    auto = (*RUN, "nowhere", "--address", "auto")
    words = last_line(on_cluster(*auto, status=1, RAY_AUTH_TOKEN="0" * 32))
    assert f":{joined.port} refuses the token" in words
    without = {"HOME": str(tmp_path)}
    words = last_line(on_cluster(*auto, status=1, without=("RAY_AUTH_TOKEN",), **without))
    assert f":{joined.port} refuses the token" in words

    # Another folder of Ray's, where no cluster was ever started, and where one is gone.
    there = {"RAY_TMPDIR": str(tmp_path)}
    file = tmp_path / "ray" / "ray_current_cluster"
    words = last_line(on_cluster(*auto, status=1, **there))
    assert "no Ray cluster is known on this machine" in words
    assert str(file) in words
    assert "--address HOST:PORT" in words
    file.parent.mkdir()
    file.write_text("127.0.0.1:1")
    for named in (auto, auto[:-2]):
        words = last_line(on_cluster(*named, status=1, RAY_ADDRESS="auto", **there))
        assert "no Ray cluster answers at 127.0.0.1:1, as `ray start` wrote down" in words


@pytest.mark.long
def test_a_cluster_that_goes_away_or_is_of_another_version_is_said(on_cluster: OnCluster) -> None:
    """On a cluster of its own, which is spoilt and then killed."""
    on_cluster.documents(300, "many")
    with cluster(on_cluster.endpoints) as own:
        more = {"RAY_AUTH_TOKEN": own.token, "RAY_TMPDIR": str(own.folder)}
        arguments = ("run", "many", "--json", "--project", "away", "--address", own.address)
        before = say_version(own, "2.59.0")
        words = last_line(on_cluster(*arguments, status=1, **more))
        assert "is of another version; install the same" in words
        assert "2.59.0" in words
        say_version(own, before)

        running = on_cluster.start(*arguments, **more)
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("running"):
                break
        own.kill()
        out, err = running.communicate(timeout=120)
        assert running.returncode == 1, out + err
        assert err.strip().splitlines()[-1].startswith("casegraph: the Ray cluster at")
        assert "run again" in err

    done = on_cluster(*arguments[:-1], on_cluster.cluster.address)
    assert json.loads(done.stdout)["documents"]["completed"] == 300
