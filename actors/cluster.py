"""Starts Ray on this machine, or joins a cluster, quietly and on purpose.

`RAY_AUTH_MODE` is set before `import ray`: Ray turns token authentication on by itself once it
finds a token, and then half of a cluster refuses the other. Each local run gets a token of its own
that is never written down, and is forgotten with it; a cluster is joined with the cluster's.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import TextIOBase
from pathlib import Path
from typing import Any, NamedTuple

from actors.stop import Stop
from pipeline.errors import UnavailableError, UsageError
from pipeline.settings import Settings

OBJECT_STORE_BYTES = 80 << 20
LONGEST_FOLDER = 30
SHORT_FOLDER = "/tmp/ray"  # noqa: S108 - Ray's own default, with its own rights
ANSWER_SECONDS = 5.0
POLL_SECONDS = 0.5

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
# How a client of gRPC begins, and the type of what a server says first.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS_FRAME = 4

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):[0-9]{1,5}")

logger = logging.getLogger(__name__)


class _ToLog(TextIOBase):
    """A stream whose words go to the log."""

    def write(self, words: str) -> int:
        """Log what is more than a line's end."""
        if words.strip():
            logger.info("Ray says: %s", words.strip())
        return len(words)


def address_of(settings: Settings) -> str | None:
    """Give the address of the cluster that is to do the work: as it was chosen, else as Ray's own
    RAY_ADDRESS says, which it sets for the jobs of a cluster. None for a Ray of the run's own.
    """
    address = settings.run.address or os.environ.get("RAY_ADDRESS")
    return None if address == "local" else address or None


@contextmanager
def local_ray(cpus: int) -> Iterator[Any]:
    """Start Ray here for the length of the block; it is this process's own and ends with it.

    What is printed meanwhile goes to the log: Ray's listener prints a death of a worker on standard
    output, whatever it is told, and what it held back of a second one as it shuts down; that stream
    is for our one JSON object.
    """
    with _environment(ENVIRONMENT, {"RAY_AUTH_TOKEN": secrets.token_hex(16)}):
        ray = _imported()
        # Ray writes down the command line, and does not start where a path in it is no text.
        ray._private.utils.get_entrypoint_name = lambda: "casegraph"
        with redirect_stdout(_ToLog()):
            try:
                _start(ray, cpus)
                yield ray
            finally:
                ray.shutdown()


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """Join a cluster that this machine is a node of, for the length of the block.

    Which token it takes is its own affair: RAY_AUTH_TOKEN, a file that RAY_AUTH_TOKEN_PATH names,
    or ~/.ray/auth_token. Raises UsageError for what is no such address, UnavailableError for a
    cluster that cannot be joined.
    """
    check_address(address)
    if not answers(address):
        raise UnavailableError(
            f"no Ray cluster answers at {address}; see that `ray status` does there, and that "
            "--address or RAY_ADDRESS has the port of `ray start --head`"
        )
    with _environment(QUIET | {"RAY_AUTH_MODE": "token" if _has_token() else "disabled"}):
        ray = _imported()
        _show_token(ray, address)
        ray._private.utils.get_entrypoint_name = lambda: "casegraph"
        with redirect_stdout(_ToLog()):
            try:
                _join(ray, address)
                yield ray
            finally:
                ray.shutdown()


class Size(NamedTuple):
    """What a cluster has for work: cores, and bytes of memory of the nodes that have some."""

    cpus: int
    memory: int


def working_nodes(ray: Any, seconds: float, stop: Stop) -> Size | None:
    """Add up the nodes of a cluster that have cores to work with, and wait so long for the first
    one; None if it is to stop meanwhile. Raises UnavailableError for a cluster without one.
    """
    late = time.monotonic() + seconds
    while not stop.asked:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if nodes := [node for node in nodes if node.get("CPU", 0) >= 1]:
            cpus = sum(node["CPU"] for node in nodes)
            return Size(int(cpus), int(sum(node.get("memory", 0) for node in nodes)))
        if time.monotonic() > late:
            raise UnavailableError(
                "the Ray cluster has no node with a core to work with; start a worker (`ray start "
                "--address=…`), or raise min_workers, and run again"
            )
        time.sleep(POLL_SECONDS)
    return None


def answers(address: str) -> bool:
    """Say whether something that may be a cluster listens at an address; of `auto` that cannot be
    said.
    """
    if address == "auto":
        return True
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS) as link:
            if os.environ.get("RAY_USE_TLS") == "1":
                return True
            link.sendall(GREETING)
            frame = link.recv(SETTINGS_FRAME)
    except (OSError, OverflowError):
        return False
    return len(frame) == SETTINGS_FRAME and frame[-1] == SETTINGS_FRAME


def check_address(address: str) -> None:
    """Refuse what is no address of a cluster. Raises UsageError."""
    if address.startswith("ray://"):
        raise UsageError(
            f"{address} is the address of a Ray client, whose cluster forgets the run when the "
            "connection breaks; submit it instead: ray job submit --address http://HEAD:8265 "
            "-- casegraph run …"
        )
    if address != "auto" and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"{address!r} is no address of a Ray cluster; give HOST:PORT, as `ray start --head` "
            "was given its --port, or `auto` on one of its nodes"
        )


def _show_token(ray: Any, address: str) -> None:
    """See that a cluster takes the token. Raises UnavailableError.

    Ray itself would show it twenty times, and write of each time on standard error.
    """
    try:
        if address != "auto":
            with _standard_error_aside():
                ray._raylet.GcsClient(address=address)
    except ray.exceptions.AuthenticationError as error:
        raise UnavailableError(_refused(address)) from error
    except ray.exceptions.RayError as error:
        raise UnavailableError(_not_joined(address, error)) from error


@contextmanager
def _standard_error_aside() -> Iterator[None]:
    """Keep what is not Python's from writing on standard error for a moment."""
    sys.stderr.flush()
    kept, aside = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(aside, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(aside)


def _join(ray: Any, address: str) -> None:
    """Join. Raises UnavailableError with what Ray says and what to do."""
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
        )
    except ray.exceptions.AuthenticationError as error:
        raise UnavailableError(_refused(address)) from error
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise UnavailableError(_not_joined(address, error)) from error


def _refused(address: str) -> str:
    mode = os.environ["RAY_AUTH_MODE"]
    return (
        f"the Ray cluster at {address} refuses the token (RAY_AUTH_MODE={mode}); set "
        "RAY_AUTH_TOKEN, or put the cluster's token in ~/.ray/auth_token"
    )


def _not_joined(address: str, error: Exception) -> str:
    """Say in one line why a cluster cannot be joined."""
    said = " ".join(str(error).split())
    if "Version mismatch" in said:
        return f"the Ray cluster at {address} is of another version; install the same: {said}"
    return (
        f"the Ray cluster at {address} cannot be joined from here ({said}); run on one of its "
        "nodes, or submit the run: ray job submit --address http://HEAD:8265 -- casegraph run …"
    )


def _start(ray: Any, cpus: int) -> None:
    """Start Ray. Raises UnavailableError with Ray's first line."""
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
            _temp_dir=_folder(),
        )
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UnavailableError(f"Ray does not start here: {reason}") from error


@contextmanager
def _environment(
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


def _imported() -> Any:
    """Import Ray, and have it read its environment, which an earlier import may have done."""
    import ray

    compiled: Any = ray._raylet
    compiled.Config.initialize("")
    compiled.AuthenticationTokenLoader.instance().reset_cache()
    return ray


def _has_token() -> bool:
    """Say whether Ray finds a token for a cluster."""
    names = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    return any(map(os.environ.get, names)) or (Path.home() / ".ray" / "auth_token").is_file()


def log_folder(ray: Any) -> str:
    """Say where the processes of the Ray that runs here write their logs, which stay."""
    folder: str = ray._private.worker._global_node.get_logs_dir_path()
    return folder


def _folder() -> str | None:
    """Choose where Ray keeps its sockets, whose paths the system limits to some 100 characters.

    None is Ray's own choice; a long TMPDIR gives way to the system's short one.
    """
    return None if len(tempfile.gettempdir()) <= LONGEST_FOLDER else SHORT_FOLDER
