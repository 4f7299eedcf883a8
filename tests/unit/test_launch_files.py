"""The files that launch clusters say what Ray, and KubeRay, understand, and nothing secret."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from psycopg2.extensions import parse_dsn
from ray._private.label_utils import validate_node_label_syntax
from ray.autoscaler._private.commands import warn_about_bad_start_command
from ray.autoscaler._private.util import prepare_config, validate_config

from actors.cluster import ENVIRONMENT as LOCAL
from actors.node_settings import SECRETS, variable
from actors.topology import GPU_LABEL, Node, placed
from pipeline.settings import Settings
from pipeline.stage import STAGES

ROOT = Path(__file__).parents[2]
LAUNCHERS = ("cluster.yaml", "cluster.local.yaml")
ENVIRONMENT = ROOT / "deploy" / "cluster.env"
RAYJOB = yaml.safe_load((ROOT / "tests/data/kuberay/rayjob.yaml").read_text("utf-8"))


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def checked(config: dict[str, Any]) -> dict[str, Any]:
    """Check a launcher's file as `ray up` does, before it asks any cloud."""
    prepared: dict[str, Any] = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    return prepared


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_launcher_understands_it(name: str) -> None:
    prepared = checked(read(name))
    assert prepared["head_node_type"] in prepared["available_node_types"]
    assert prepared["max_workers"] >= 2


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_launcher_would_see_an_error(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError, match="max_workerss"):
        checked(read(name) | {"max_workerss": 2})


@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_node_is_given_endpoints_and_token_outside_of_any_job(name: str) -> None:
    config = read(name)
    assert set(config["file_mounts"]) == {"~/casegraph", "~/casegraph.env", "~/.ray/auth_token"}
    for kind in ("head_start_ray_commands", "worker_start_ray_commands"):
        *_, start = config[kind]
        before, _, after = start.partition("ray start")
        assert "set -a; . ~/casegraph.env; RAY_AUTH_MODE=token;" in before
        assert ("--head" in after) == kind.startswith("head")


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_head_starts_workers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = checked(read(name))["head_start_ray_commands"]
    warn_about_bad_start_command(commands)
    assert "will not" not in "".join(capsys.readouterr())
    warn_about_bad_start_command([one.partition("--autoscaling-config")[0] for one in commands])
    assert "will not launch any workers" in "".join(capsys.readouterr())


def test_all_machines_that_are_named_become_workers_and_the_head_can_reach_them() -> None:
    config = checked(read("cluster.local.yaml"))
    [machines] = config["available_node_types"].values()
    assert machines["min_workers"] == len(config["provider"]["worker_ips"])
    # Ray's other autoscaler takes the head for one of them.
    [start] = config["head_start_ray_commands"]
    assert "RAY_enable_autoscaler_v2=0; " in start.partition("set +a")[0]
    assert config["auth"]["ssh_private_key"].startswith("~/.casegraph/")


def test_no_other_ray_of_a_machine_is_stopped() -> None:
    assert "ray stop" not in (ROOT / "cluster.local.yaml").read_text("utf-8")


def test_heads_do_no_documents_work() -> None:
    aws = checked(read("cluster.yaml"))["available_node_types"]
    assert aws["head"]["resources"] == {"CPU": 0}
    assert aws["cpu"]["min_workers"] > 0
    [start] = read("cluster.local.yaml")["head_start_ray_commands"]
    assert "--num-cpus=0" in start
    head = read("deploy/kuberay.yaml")["spec"]["rayClusterSpec"]["headGroupSpec"]
    assert head["rayStartParams"]["num-cpus"] == "0"


def test_labels_are_such_as_ray_takes() -> None:
    types = read("cluster.yaml")["available_node_types"].values()
    groups = read("deploy/kuberay.yaml")["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    labels = [one["labels"] for one in (*types, *groups) if "labels" in one]
    assert {key for one in labels for key in one} == {GPU_LABEL}
    for one in labels:
        validate_node_label_syntax(one)


def test_the_operator_understands_the_job() -> None:
    jsonschema.validate(read("deploy/kuberay.yaml"), RAYJOB)


def test_the_operator_would_see_an_error() -> None:
    job = read("deploy/kuberay.yaml")
    job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]["replica"] = 2
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        jsonschema.validate(job, RAYJOB)


def test_secrets_of_pods_come_from_secrets_of_the_cluster() -> None:
    spec = read("deploy/kuberay.yaml")["spec"]
    assert spec["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    assert not {"runtimeEnvYAML", "metadata"} & spec.keys()
    for group in (
        spec["rayClusterSpec"]["headGroupSpec"],
        *spec["rayClusterSpec"]["workerGroupSpecs"],
    ):
        [container] = group["template"]["spec"]["containers"]
        plain = {one["name"] for one in container["env"] if "value" in one}
        assert plain == {"CASEGRAPH_OBJECT_STORE_URL"}
        named = {one["name"] for one in container["env"]}
        assert {"CASEGRAPH_DATABASE_URL", "CASEGRAPH_REDIS_URL"} <= named
        assert {"readinessProbe", "livenessProbe", "resources"} <= container.keys()


def test_the_environment_names_settings_that_there_are() -> None:
    names = re.findall(r"^(?:# )?(CASEGRAPH_\w+)=", ENVIRONMENT.read_text("utf-8"), re.MULTILINE)
    known = {variable(name) for name in Settings.model_fields} | {
        variable(name) for name in (*SECRETS, "llm.base_url")
    }
    assert {"CASEGRAPH_DATABASE_URL", "CASEGRAPH_REDIS_URL"} <= set(names) <= known


def test_the_server_of_the_database_is_checked_by_cas_that_a_node_has() -> None:
    """Without `sslrootcert` libpq wants a file in the home, and refuses where there is none."""
    [url] = re.findall(
        r"^CASEGRAPH_DATABASE_URL='(.*)'$", ENVIRONMENT.read_text("utf-8"), re.MULTILINE
    )
    options = parse_dsn(url)
    assert options["sslmode"] == "verify-full"
    # `system` is what the machine that built psycopg2's libpq has.
    assert options["sslrootcert"] == "/etc/ssl/certs/ca-certificates.crt"


def test_all_types_of_a_cloud_name_an_image_and_what_gives_them_rights() -> None:
    """Ray gives a profile of its own to the head alone."""
    for type_ in checked(read("cluster.yaml"))["available_node_types"].values():
        assert type_["node_config"]["ImageId"].startswith("ami-")
        assert type_["node_config"]["IamInstanceProfile"].keys() == {"Name"}


def test_pods_take_their_rights_from_one_account() -> None:
    spec = read("deploy/kuberay.yaml")["spec"]["rayClusterSpec"]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert group["template"]["spec"]["serviceAccountName"] == "casegraph"


def test_workers_do_all_that_there_is_to_do() -> None:
    """A label that keeps a node for one stage would leave the others without."""
    types = read("cluster.yaml")["available_node_types"]
    cpu = Node(id="cpu", cpus=16, memory=1 << 36, labels=types["cpu"].get("labels", {}))
    gpu = Node(id="gpu", cpus=16, memory=1 << 36, labels=types["gpu"]["labels"])
    placement = placed([cpu, gpu], 10_000)
    assert {stage for stage, node in placement if node == "cpu"} == set(STAGES)


def test_a_pod_runs_as_a_number_that_is_not_root() -> None:
    words = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    assert re.search(r"^USER [1-9]\d*$", words, re.MULTILINE)
    assert "runAsUser: 1000" in (ROOT / "deploy/kuberay.yaml").read_text("utf-8")


def test_nodes_compute_as_a_run_on_one_machine_does() -> None:
    theirs = ENVIRONMENT.read_text("utf-8"), (ROOT / "deploy/Dockerfile").read_text("utf-8")
    for name in (
        "OMP_NUM_THREADS",
        "OMP_THREAD_LIMIT",
        "MKL_NUM_THREADS",
        "TOKENIZERS_PARALLELISM",
    ):
        assert all(f"{name}={LOCAL[name]}" in words for words in theirs), name
