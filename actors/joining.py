"""Joins a Ray cluster that is there, and says in one line why not.

Which token it takes is the cluster's own affair: RAY_AUTH_TOKEN, a file that RAY_AUTH_TOKEN_PATH
names, or ~/.ray/auth_token.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.cluster import QUIET, alive_nodes, begun, environment, imported
from actors.stop import Stop
from actors.topology import Ask
from pipeline.errors import UnavailableError, UsageError
from pipeline.settings import Settings

AUTO = "auto"
ANSWER_SECONDS = 5.0
POLL_SECONDS = 0.5
LOOK_SECONDS, MISSING = 4.0, 4

# How a client of gRPC begins, and the type of what a server says first.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS_FRAME = 4

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):[0-9]{1,5}")


def address_of(settings: Settings) -> str | None:
    """Give the address of the cluster that is to do the work: as it was chosen, else as Ray's own
    RAY_ADDRESS says, which it sets for the jobs of a cluster; that is what `auto` means, too, where
    it names one. None for a Ray of the run's own.
    """
    told = os.environ.get("RAY_ADDRESS")
    address = settings.run.address or told
    if address == AUTO and told and told != "local":
        return told
    return None if address == "local" else address or None


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """Join a cluster that this machine is a node of, for the length of the block.

    Raises UsageError for what is no such address, UnavailableError for a
    cluster that cannot be joined.
    """
    check_address(address)
    with environment(by_token()):
        there = _written_down() if address == AUTO else address
        if not answers(there):
            raise UnavailableError(_no_answer(there, written=address == AUTO))
        if os.environ["RAY_AUTH_MODE"] == "token" and not _has_token():
            raise UnavailableError(_refused(there))  # Ray would end this process.
        ray = imported()
        _show_token(ray, there)
        with begun(ray, lambda: _join(ray, there)):
            yield ray


class Presence:
    """Tells a cluster that goes away, which Ray waits for for minutes, or ends the process."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._missing = 0
        self._next = time.monotonic() + LOOK_SECONDS

    def look(self) -> None:
        """Look whether it is there, from time to time. Raises UnavailableError for one that was
        missing several times in a row: its head may be started again meanwhile.
        """
        if time.monotonic() < self._next:
            return
        self._missing = 0 if self.is_there() else self._missing + 1
        self._next = time.monotonic() + LOOK_SECONDS
        if self._missing == MISSING:
            raise self.gone

    def is_there(self) -> bool:
        """Say whether it answers now."""
        return answers(self._address)

    @property
    def gone(self) -> UnavailableError:
        """Make the error for a cluster that went away."""
        return UnavailableError(
            f"the Ray cluster at {self._address} went away; see why its head ended, start it and "
            "run again: what is done is kept"
        )

    def check(self) -> None:
        """Look at once. Raises UnavailableError for a cluster that is not there."""
        if not self.is_there():
            raise self.gone

    def explain(self, error: UnavailableError) -> UnavailableError:
        """Say instead that the cluster went away, where that is why something failed."""
        return error if self.is_there() else self.gone


def has_nodes(ask: Ask, seconds: float, stop: Stop, waiting: Callable[[str], None]) -> bool:
    """Wait so long for nodes with all that a run needs, and say again and again what is waited for;
    say no if the run is to stop meanwhile. Raises UnavailableError for a cluster without them.
    """
    late = time.monotonic() + seconds
    while not stop.asked:
        if not (lack := ask.lacks(alive_nodes())):
            return True
        if time.monotonic() > late:
            raise UnavailableError(
                f"the Ray cluster has no node with {lack}; see `ray status` for one that is still "
                "being set up, start a worker that has it (`ray start --address=…`), or raise "
                "min_workers, and run again"
            )
        waiting(f"waiting for a node with {lack}")
        time.sleep(POLL_SECONDS)
    return False


def by_token() -> dict[str, str]:
    """Give the environment in which a cluster is asked: it gets a token where there is one."""
    return QUIET | {"RAY_AUTH_MODE": "token" if _has_token() else "disabled"}


def answers(address: str) -> bool:
    """Say whether something that may be a cluster listens at an address."""
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
    if address != AUTO and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"{address!r} is no address of a Ray cluster; give HOST:PORT, as `ray start --head` "
            "was given its --port, or `auto` on one of its nodes"
        )


def _written_down() -> str:
    """Give the address that `ray start` wrote down last on this machine.

    Raises UnavailableError where it wrote none. Ray itself would take any cluster that a process of
    this machine names in its command line, be it another user's, and show the token there.
    """
    from ray._common.utils import get_ray_address_file
    from ray._private.utils import read_ray_address

    try:
        written = read_ray_address() or ""
    except (OSError, UnicodeDecodeError):
        written = ""
    if not _ADDRESS.fullmatch(written):
        file = get_ray_address_file(None)
        raise UnavailableError(
            f"no Ray cluster is known on this machine: `ray start` would have written one down in "
            f"{file}; run on a node of the cluster, or give its --address HOST:PORT"
        )
    return written


def _show_token(ray: Any, address: str) -> None:
    """See that a cluster takes the token. Raises UnavailableError.

    Ray itself would show it twenty times, and write of each time on standard error.
    """
    try:
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


def _no_answer(address: str, *, written: bool) -> str:
    """Say in one line that nobody answers at an address, be it `written` down or given."""
    if written:
        return (
            f"no Ray cluster answers at {address}, as `ray start` wrote down last on this machine; "
            "start it again, or give the --address HOST:PORT of another one"
        )
    return (
        f"no Ray cluster answers at {address}; see that `ray status` does there, and that "
        "--address or RAY_ADDRESS has the port of `ray start --head`"
    )


def _refused(address: str) -> str:
    mode = os.environ.get("RAY_AUTH_MODE")
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


def _has_token() -> bool:
    """Say whether Ray finds a token for a cluster."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    return (Path(named) if named else Path.home() / ".ray" / "auth_token").is_file()
