"""What the embedded servers have in common: how one is started, found again and ended."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from pipeline.errors import UnavailableError

DETACH = Path(__file__).with_name("detach.py")
ACCOUNTS = ("pgserver", "postgres", "nobody")
POLL_SECONDS = 0.02
LOG_TAIL, EXPLANATION = 2_000, 400
ORPHAN_SECONDS = 30.0


def account() -> tuple[int, int] | None:
    """Choose the (uid, gid) that PostgreSQL runs as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise UnavailableError(
        "PostgreSQL does not run as root, and this system has no account 'nobody' to run it as; "
        "run casegraph as an ordinary user, or set CASEGRAPH_DATABASE_URL"
    )


def give(folder: Path, to: tuple[int, int] | None) -> None:
    """Make a folder private (0700), and hand it to an account."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if to is not None:
        os.chown(folder, *to)


def _launcher(to: tuple[int, int] | None, log: Path | None, command: Sequence[str]) -> list[str]:
    options = ["--account", f"{to[0]}:{to[1]}"] if to else []
    options += ["--log", str(log)] if log else []
    return [sys.executable, "-I", "-S", str(DETACH), *options, "--", *command]


def run(command: Sequence[str], folder: Path, to: tuple[int, int] | None) -> None:
    """Run a command to its end in `folder`. Raises UnavailableError with what it said."""
    result = subprocess.run(
        _launcher(to, None, command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=clean_environment(),
    )
    if result.returncode:
        said = explain(result.stderr or result.stdout)
        raise UnavailableError(f"{Path(command[0]).name} failed in {folder}: {said}")


def launch(
    command: Sequence[str], folder: Path, log: Path, to: tuple[int, int] | None
) -> psutil.Process:
    """Start a server that outlives this process, its output appended to `log`."""
    if log.exists() and log.stat().st_size > 10 << 20:
        log.replace(log.with_suffix(".old"))
    result = subprocess.run(
        _launcher(to, log, command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    try:
        return psutil.Process(int(result.stdout))
    except (ValueError, psutil.NoSuchProcess) as error:
        said = explain(result.stderr or tail(log))
        raise UnavailableError(f"{Path(command[0]).name} did not start: {said}") from error


def clean_environment() -> dict[str, str]:
    """Keep what a server needs and nothing that redirects or reveals (PG…, LD_…, passwords)."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def found(pid_file: Path, folder: Path) -> psutil.Process | None:
    """Find the live server that wrote `pid_file` and works in `folder`.

    The number alone proves nothing: after a crash it may be another program's, and in a copied
    home it is the original's. The server's working folder decides.
    """
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if _works_in(process, folder) else None


def wait_for_orphans(folder: Path) -> None:
    """Wait until no process works in `folder` any more.

    When a server is killed, its children may go on for a moment, and a second server beside them
    would destroy the data. Raises UnavailableError if one stays.
    """
    deadline = time.monotonic() + ORPHAN_SECONDS
    while left := [process for process in psutil.process_iter() if _works_in(process, folder)]:
        if time.monotonic() > deadline:
            numbers = ", ".join(str(process.pid) for process in left)
            raise UnavailableError(
                f"processes of a server that was killed still use {folder}: {numbers}; "
                "end them and try again"
            )
        time.sleep(POLL_SECONDS)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return alive(process) and Path(process.cwd()).samefile(folder)
    except psutil.AccessDenied:
        return _seems_to_work_in(process, folder)
    except (OSError, psutil.Error):
        return False


def _seems_to_work_in(process: psutil.Process, folder: Path) -> bool:
    """Judge by the command line where the working folder is hidden.

    So it is in a container whose root may not look into PostgreSQL's processes. A child of a
    server that was killed names no folder; any such child is taken for one of ours.
    """
    try:
        owner = account()
        if owner is None or process.uids().real != owner[0] or process.name() != "postgres":
            return False
        words = process.cmdline()
        if "-D" in words:
            return bool(words[words.index("-D") + 1] == str(folder))
        parent = process.parent()
        return bool(parent is None or parent.name() != "postgres")
    except (IndexError, psutil.Error):
        return False


def alive(process: psutil.Process) -> bool:
    """Say whether a process runs; a zombie that waits to be reaped does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(
    ready: Callable[[], bool], process: psutil.Process, log: Path, seconds: float
) -> None:
    """Wait until a server answers. Raises UnavailableError with the end of its log if it ends
    first, or never does.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        gone = not alive(process)
        if gone or time.monotonic() > deadline:
            how = "ended while starting" if gone else f"did not answer within {seconds:.0f} s"
            raise UnavailableError(f"the server {how}: {explain(tail(log))} (log: {log})")
        time.sleep(POLL_SECONDS)


def end(process: psutil.Process, signal_number: int, seconds: float) -> None:
    """Ask a server to end and wait for it. Raises UnavailableError if it does not; it is never
    killed, since that could cost what it has not written yet.
    """
    try:
        process.send_signal(signal_number)
    except psutil.NoSuchProcess:
        return
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"process {process.pid} has not ended within {seconds:.0f} s; "
                "end what is still connected to it and try again"
            )
        time.sleep(POLL_SECONDS)


def tail(log: Path) -> str:
    """Read the end of a log; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def explain(said: str) -> str:
    """Say in one line what a server's last words mean."""
    if "No space left" in said:
        return "the disk is full; free some space, or set CASEGRAPH_HOME to a folder on another"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "rror", "PANIC"))]
    if not lines:
        return "it said nothing"
    first = lines.index(telling[-1]) if telling else -1
    return " ".join(lines[first:])[:EXPLANATION]
