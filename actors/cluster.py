"""Starts Ray on this machine, quietly and on purpose.

`RAY_AUTH_MODE` is set before `import ray`: Ray turns token authentication on by itself once it
finds a token, and then half of a cluster refuses the other. Each local run gets a token of its own
that is never written down, and is forgotten with it.
"""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import TextIOBase
from typing import Any

from actors.memory import available_bytes
from actors.topology import Node
from pipeline.errors import UnavailableError

MEMORY_SHARE = 0.6
"""How much of the free memory of a machine the stages may take."""
OBJECT_STORE_BYTES = 80 << 20
LONGEST_FOLDER = 30
SHORT_FOLDER = "/tmp/ray"  # noqa: S108 - Ray's own default, with its own rights

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
ENVIRONMENT = QUIET | {
    "RAY_AUTH_MODE": "token",
    # Off, Ray takes the loopback address for its own; else its servers listen on every interface.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # What computes is lower by `work_thread.LOWER_BY`; 19 is the lowest there is.
    "RAY_worker_niceness": "5",
    # One thread a process: there are as many busy processes as cores.
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}

NOT_HERE = ("start_api_server", "start_monitor", "start_log_monitor")
"""What starts processes of Ray's, as the methods of its nodes are called."""

logger = logging.getLogger(__name__)


class _ToLog(TextIOBase):
    """A stream whose words go to the log."""

    def write(self, words: str) -> int:
        """Log what is more than a line's end."""
        if words.strip():
            logger.info("Ray says: %s", words.strip())
        return len(words)


@contextmanager
def local_ray(cpus: int) -> Iterator[Any]:
    """Start Ray here for the length of the block; it is this process's own and ends with it.

    What is printed meanwhile goes to the log: Ray's listener prints a death of a worker on standard
    output, whatever it is told, and what it held back of a second one as it shuts down; that stream
    is for our one JSON object.
    """
    with environment(ENVIRONMENT, {"RAY_AUTH_TOKEN": secrets.token_hex(16)}):
        ray = imported()
        with begun(ray, lambda: _start(ray, cpus)):
            yield ray


@contextmanager
def begun(ray: Any, begin: Callable[[], None]) -> Iterator[None]:
    """Use Ray, once it has begun, for the length of the block; what it prints goes to the log."""
    # Ray writes down the command line, and does not start where a path in it is no text.
    ray._private.utils.get_entrypoint_name = lambda: "casegraph"
    with redirect_stdout(_ToLog()):
        try:
            begin()
            yield
        finally:
            ray.shutdown()


def _start(ray: Any, cpus: int) -> None:
    """Start Ray. Raises UnavailableError with Ray's first line."""
    try:
        with _bare(ray):
            _init(ray, cpus)
    except Exception as error:  # Ray's own is a plain one where its start takes too long
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UnavailableError(f"Ray does not start here: {reason}") from error


def _init(ray: Any, cpus: int) -> None:
    ray.init(
        address="local",
        num_cpus=cpus,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        _memory=int(available_bytes() * MEMORY_SHARE),
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=False,
        _temp_dir=_folder(),
    )


@contextmanager
def _bare(ray: Any) -> Iterator[None]:
    """Start for the length of the block no more of Ray than a run on one machine has a use for: no
    dashboard, whose answer `ray.init` would wait for also where it is told to include none, no
    autoscaler, and nobody who reads the workers' logs to print them. Ray has no public way to say
    so.
    """
    node = ray._private.node.Node
    before = {name: getattr(node, name) for name in NOT_HERE}
    for name in NOT_HERE:
        setattr(node, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name, start in before.items():
            setattr(node, name, start)


def alive_nodes() -> list[Node]:
    """Name the nodes that stages may run on: those that have cores to give. Ray tells the memory
    that each had when it joined.
    """
    import ray

    return [
        Node(
            id=row["NodeID"],
            cpus=row["Resources"]["CPU"],
            memory=int(row["Resources"].get("memory", 0)),
            gpus=int(row["Resources"].get("GPU", 0)),
            labels=row.get("Labels") or {},
        )
        for row in ray.nodes()  # type: ignore[no-untyped-call]
        if row["Alive"] and row["Resources"].get("CPU")
    ]


@contextmanager
def environment(
    defaults: Mapping[str, str], own: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Set what the environment has not, and what is one's `own`, for the length of the block: what
    is for one Ray must not reach the next one.
    """
    wanted = {name: os.environ.get(name, value) for name, value in defaults.items()}
    wanted.update(own or {})
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def imported() -> Any:
    """Import Ray, and have it read its environment, which an earlier import may have done."""
    import ray

    compiled: Any = ray._raylet
    compiled.Config.initialize("")
    compiled.AuthenticationTokenLoader.instance().reset_cache()
    return ray


def log_folder(ray: Any) -> str:
    """Say where the processes of the Ray that runs here write their logs, which stay."""
    folder: str = ray._private.worker._global_node.get_logs_dir_path()
    return folder


def _folder() -> str | None:
    """Choose where Ray keeps its sockets, whose paths the system limits to some 100 characters.

    None is Ray's own choice; a long TMPDIR gives way to the system's short one.
    """
    return None if len(tempfile.gettempdir()) <= LONGEST_FOLDER else SHORT_FOLDER
