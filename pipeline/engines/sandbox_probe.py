"""Finds out what a file could do that takes the parser's child over: by trying it in such a child.

`python -m pipeline.engines.sandbox_probe` is that child; it says line by line what it could do.
What a kernel is said to have tells little: containers, policies and libraries decide as well.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.documents import Value
from pipeline.engines import sandbox
from pipeline.engines.parse_request import ChildLimits
from pipeline.engines.parser_folder import ParserFolder
from pipeline.engines.parser_start import COMMAND, environment
from pipeline.errors import UnavailableError
from pipeline.scratch import disk_asked
from pipeline.settings import Limits

PROBE_SECONDS = 120
SECRET = b"what nobody else may read"
READY, OPEN, MISSING = "ready", "open", "missing"
F_SETSIG = 10  # Linux's
STRUCK = "signal other processes through files"
# What reads files there; a layer that is too tight would keep it from loading.
LIBRARIES = (
    "lxml.etree", "PIL.Image", "pypdfium2", "tesserocr", "docx", "pptx", "openpyxl", "oxmsg",
    "inscriptis", "py3langid",
)  # fmt: skip


class Targets(Value):
    """What the child tries to get at. All of it is the probe's own, and no harm is done."""

    secret: str
    outside: str
    given: str
    port: int
    socket: str
    mailbox: str
    own: str
    limits: ChildLimits


class Probe(Value):
    """What it could do, in words that follow "could", and which libraries did not load."""

    doors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def probe(limits: Limits) -> Probe:
    """Start a child as the parser's is started, and see what it can do.

    Raises UnavailableError if it does not start or does not end.
    """
    with ExitStack() as stack:
        folder = ParserFolder()
        stack.callback(folder.close)
        targets = stack.enter_context(laid_out(limits, folder))
        command = [*COMMAND, "pipeline.engines.sandbox_probe", *folder.arguments]
        return said([sys.executable, *command, targets.model_dump_json()], environment(folder))


@contextmanager
def laid_out(limits: Limits, folder: ParserFolder) -> Iterator[Targets]:
    """Make what is to be got at, for as long as the generator is open."""
    with disk_asked(), tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        place = Path(name)
        (place / "secret").write_bytes(SECRET)
        given = folder.readable / "given"
        given.write_bytes(SECRET)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(place / "socket"))
        local.listen()
        mailbox = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        mailbox.bind(str(place / "mailbox"))
        yield Targets(
            secret=str(place / "secret"),
            outside=str(place / "written"),
            given=str(given),
            port=tcp.getsockname()[1],
            socket=str(place / "socket"),
            mailbox=str(place / "mailbox"),
            own=str(folder.writable),
            limits=ChildLimits.of(limits),
        )


def said(command: list[str], variables: dict[str, str]) -> Probe:
    """Run a child that tries, and take what it says and does to a process beside it, whose number
    is its last argument. Raises UnavailableError.
    """
    waiting = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as bystander:  # ends with this process
        probe = _said([*command, str(bystander.pid)], variables)
        bystander.terminate()
        struck = -bystander.wait() in (signal.SIGKILL, signal.SIGIO)
    return probe.model_copy(update={"doors": (*probe.doors, STRUCK)}) if struck else probe


def _said(command: list[str], variables: dict[str, str]) -> Probe:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=variables,
            cwd="/",
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"the parser's child did not end in {PROBE_SECONDS} s") from error
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    if READY not in {kind for kind, _, _ in lines}:
        words = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise UnavailableError(
            f"the parser's child does not start: {words[-1]}; is limits.parse_memory_bytes too "
            "small?"
        )
    return Probe(
        doors=tuple(words for kind, _, words in lines if kind == OPEN),
        missing=tuple(words for kind, _, words in lines if kind == MISSING),
    )


def attempt(targets: Targets, bystander: int) -> None:
    """Try everything and print what could be done, but for what is seen in a process that should
    know nothing of it. Ends the process, if only in another program.
    """
    _say(READY)
    for door in open_doors(targets):
        _say(OPEN, door)
    with suppress(OSError):
        _strike(bystander)
    with suppress(OSError):
        code = f"print('{OPEN} start programs')"
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code])  # noqa: S606
    sys.exit(0)


def open_doors(targets: Targets) -> Iterator[str]:
    """Try all but starting another program in the place of this one; yield what could be done."""
    own = Path(targets.own)
    tried: dict[str, Callable[[], object]] = {
        "read other files": Path(targets.secret).read_bytes,
        "list other folders": lambda: list(Path(targets.secret).parent.iterdir()),
        "write other files": lambda: Path(targets.outside).write_bytes(b"written"),
        "change other files": lambda: Path(targets.secret).chmod(0o600),
        "empty files that it may read": lambda: _empty(targets.given),
        "see the environment of casegraph": Path(f"/proc/{os.getppid()}/environ").read_bytes,
        "connect to the network": lambda: _connect(socket.AF_INET, ("127.0.0.1", targets.port)),
        "connect to programs on this machine": lambda: _connect(socket.AF_UNIX, targets.socket),
        "write to programs on this machine": lambda: _address(targets.mailbox),
        "signal other processes": lambda: os.kill(os.getppid(), 0),
        "start processes": _fork,
        "use more memory than it may": lambda: bytearray(targets.limits.memory_bytes),
        "use memory that nobody counts": lambda: os.close(os.memfd_create("probe")),
        "write larger files than it may": lambda: _write(own, targets.limits.file_bytes + 1),
        "open more files than it may": lambda: _open_files(sandbox.OPEN_FILES + 1),
    }
    for door, action in tried.items():
        with suppress(OSError, MemoryError, AttributeError):  # not every system has every door
            action()
            yield door


def _empty(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))


def _connect(family: socket.AddressFamily, address: tuple[str, int] | str) -> None:
    with socket.socket(family) as connection:
        connection.connect(address)


def _address(path: str) -> None:
    """Send a datagram to a program by one of a pair of sockets, which needs no new socket."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.sendto(b"written", path)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _strike(process: int) -> None:
    """Have the kernel kill a process when a pipe can be read."""
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, process)
    with suppress(OSError):
        fcntl.fcntl(reading, F_SETSIG, signal.SIGKILL)  # else it is another that ends it
    flags = fcntl.fcntl(reading, fcntl.F_GETFL)
    fcntl.fcntl(reading, fcntl.F_SETFL, flags | os.O_ASYNC)
    os.write(writing, b"now")


def _write(folder: Path, size: int) -> None:
    """Make a file so long, without filling a disk."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(size)


def _open_files(count: int) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Path("/dev/null").open("rb"))


def _say(kind: str, words: str = "") -> None:
    print(f"{kind} {words}".rstrip(), flush=True)  # noqa: T201 - to the parent


def main(readable: str, writable: str, text: str, bystander: str) -> None:
    """Do what the parser's child does before its first file, and try."""
    targets = Targets.model_validate_json(text)
    sandbox.enter(targets.limits, Path(readable), Path(writable))
    for library in LIBRARIES:
        try:
            importlib.import_module(library)
        except (ImportError, OSError, MemoryError) as error:
            _say(MISSING, f"{library} ({error})")
    attempt(targets, int(bystander))


if __name__ == "__main__":
    main(*sys.argv[1:])
