"""What a file can do that takes the parser's child over: nothing, layer by layer and in all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from reading_case import request_for

from pipeline.documents import Pages
from pipeline.engines import sandbox_probe
from pipeline.engines.parse_request import ParseFailure, ParseOptions
from pipeline.engines.parser import Parser
from pipeline.engines.parser_folder import ParserFolder
from pipeline.engines.parser_start import environment
from pipeline.engines.sandbox_probe import Targets, laid_out
from pipeline.settings import Limits

READ, LIST, WRITE = "read other files", "list other folders", "write other files"
CHANGE, ENVIRONMENT = "change other files", "see the environment of casegraph"
NETWORK, LOCAL = "connect to the network", "connect to programs on this machine"
SIGNAL, FORK, EXEC = "signal other processes", "start processes", "start programs"
MEMORY, LENGTH = "use more memory than it may", "write larger files than it may"
OPEN, STRIKE = "open more files than it may", "signal other processes through files"
EMPTY = "empty files that it may read"
DATAGRAM, MEMFD = "write to programs on this machine", "use memory that nobody counts"
ALL = {
    READ, LIST, WRITE, CHANGE, ENVIRONMENT, NETWORK, LOCAL, SIGNAL, FORK, EXEC, MEMORY, LENGTH,
    OPEN, STRIKE, DATAGRAM, MEMFD, EMPTY,
}  # fmt: skip

# A system may forbid ordinary accounts to make namespaces; the other layers hold all the same.
NAMESPACES = (
    subprocess.run(["unshare", "-Urn", "true"], capture_output=True, check=False).returncode == 0
)

LAYER = """
import sys
from pathlib import Path
from pipeline.engines import landlock, sandbox, sandbox_probe, syscall_filter
targets = sandbox_probe.Targets.model_validate_json(sys.argv[1])
{}
sandbox_probe.attempt(targets, int(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[ParserFolder]:
    made = ParserFolder()
    yield made
    made.close()


@pytest.fixture
def targets(folder: ParserFolder) -> Iterator[Targets]:
    with laid_out(Limits(), folder) as made:
        yield made


@pytest.mark.parametrize(
    ("layer", "closed"),
    [
        ("", set()),
        (f"assert sandbox.leave_network() == {NAMESPACES}", {NETWORK, ENVIRONMENT}),
        ("sandbox.lower_limits(targets.limits)", {MEMORY, LENGTH, OPEN}),
        (
            (
                "assert landlock.restrict([*sandbox.own_code(), Path(targets.given).parent],"
                " [Path(targets.own), Path('/dev/null')])"
            ),
            {READ, LIST, WRITE, EMPTY, ENVIRONMENT, NETWORK, SIGNAL, EXEC, STRIKE},
        ),
        (
            "assert syscall_filter.refuse_calls()",
            {CHANGE, NETWORK, LOCAL, DATAGRAM, SIGNAL, FORK, EXEC, STRIKE, MEMFD, EMPTY},
        ),
    ],
)
def test_each_layer_closes_its_doors_and_no_other(
    folder: ParserFolder, targets: Targets, layer: str, closed: set[str]
) -> None:
    command = [sys.executable, "-c", LAYER.format(layer), targets.model_dump_json()]
    probe = sandbox_probe.said(command, environment(folder))
    if closed == {NETWORK, ENVIRONMENT} and not NAMESPACES:
        closed = set()
    if closed == {MEMORY, LENGTH, OPEN} and os.getuid():
        closed |= {FORK}  # root may start as many processes as it likes
    assert set(probe.doors) == ALL - closed
    assert probe.missing == ()


def test_all_layers_together_close_all_doors_and_let_the_libraries_load() -> None:
    assert sandbox_probe.probe(Limits()) == sandbox_probe.Probe()


def test_a_system_call_of_another_kind_of_process_is_no_way_out(
    folder: ParserFolder, targets: Targets
) -> None:
    """clone3, and the numbers of the x32 kind, do what fork and socket do."""
    code = (
        "import ctypes, errno\n"
        "from pipeline.engines import syscall_filter\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "assert syscall_filter.refuse_calls()\n"
        "def refused(number, *given):\n"
        "    assert libc.syscall(ctypes.c_long(number), *given) == -1\n"
        "    return errno.errorcode[ctypes.get_errno()]\n"
        "print(refused(435, bytes(88), ctypes.c_long(88)), refused(425, 1, bytes(120)),\n"
        "      refused((1 << 30) + 41, 1, 1, 0), refused(451))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["ENOSYS", "EPERM", "EPERM", "ENOSYS"]


OPENED = """
import ctypes, errno, os, sys
from pipeline.engines import syscall_filter
libc = ctypes.CDLL(None, use_errno=True)
assert syscall_filter.refuse_calls()
path = sys.argv[1].encode()
ways = [(2, path), (257, -100, path)] if os.uname().machine == "x86_64" else [(56, -100, path)]

def told(number, *given):
    answer = libc.syscall(ctypes.c_long(number), *given)
    return errno.errorcode[ctypes.get_errno()] if answer < 0 else os.fstat(answer).st_size

for flags in (os.O_TRUNC, os.O_TRUNC | 3, os.O_TRUNC | os.O_CREAT, 0, os.O_RDWR, 3):
    print(*{told(*way, flags) for way in ways})
print(told(437, -100, path, bytes(24), 24))
for flags in (os.O_TRUNC | os.O_WRONLY, os.O_TRUNC | os.O_RDWR):
    print(*{told(*way, flags) for way in ways})
"""


def test_a_file_that_is_opened_for_reading_or_for_neither_is_not_emptied(
    folder: ParserFolder, targets: Targets
) -> None:
    """Landlock sees to it itself from its third version on; here is only the filter on calls."""
    done = subprocess.run(
        [sys.executable, "-c", OPENED, targets.given],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    size = str(len(sandbox_probe.SECRET))
    assert done.stdout.split() == [*["EPERM"] * 3, *[size] * 3, "ENOSYS", "0", "0"]


@pytest.mark.parametrize(
    "call",
    [
        *(f"fcntl.fcntl(0, {number}, os.getppid())" for number in (8, 10, 15)),
        *(f"fcntl.ioctl(0, {number}, bytes(4))" for number in (0x8901, 0x8902)),
    ],
)
def test_who_gets_the_signals_of_a_file_and_which_cannot_be_set(
    folder: ParserFolder, call: str
) -> None:
    code = (
        "import errno, fcntl, os\n"
        "from pipeline.engines import syscall_filter\n"
        "assert syscall_filter.refuse_calls()\n"
        "fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL))\n"
        f"try:\n    {call}\n"
        "except OSError as error:\n    print(errno.errorcode[error.errno])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["EPERM"]


TAKEN_OVER = """
import json, os, sys
from pathlib import Path
from pipeline.documents import Member, Pages
from pipeline.engines import parser_child, sandbox_probe
from pipeline.engines.formats import reading

def attack(request, progress):
    asked = json.loads(Path(request.path).read_bytes())
    if "pages" in asked:
        progress(1, asked["pages"])
        os._exit(1)
    if "move" in asked:
        return Pages(text="", pages=(), members=(Member(path="a", sha256=asked["move"], size=1),))
    doors = list(sandbox_probe.open_doors(sandbox_probe.Targets.model_validate(asked)))
    try:
        os.execv("/bin/sh", ["/bin/sh", "-c", "exit 7"])
    except OSError as error:
        pass
    for name in ("a-file", "a-folder", "a-link"):
        place = Path(request.folder) / name
        try:
            {"file": place.touch, "folder": place.mkdir,
             "link": lambda: place.symlink_to("/etc/passwd")}[name[2:]]()
        except OSError:
            continue
        doors.append(name)
    return Pages(text=json.dumps([doors, dict(os.environ)]), pages=())

reading.read = attack
sys.exit(parser_child.main(*sys.argv[1:]))
"""


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parser]:
    """Give a parser whose child is started as ever, and does what a file tells it."""
    attack = tmp_path / "attack.py"
    attack.write_text(TAKEN_OVER)
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nwhile [ "$1" != "-m" ]; do shift; done; shift 2\n'
        f'exec {sys.executable} -P -X utf8 {attack} "$@"\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("CASEGRAPH_DATABASE_URL", "postgresql://user:canary@host/db")
    with Parser(Limits()) as parser:
        yield parser


def asked(parser: Parser, tmp_path: Path, what: str) -> Pages | ParseFailure:
    path = tmp_path / "asked.txt"
    path.write_text(what)
    (tmp_path / "members").mkdir()
    return parser.parse(request_for(path, tmp_path / "members"))


def test_a_child_that_is_taken_over_can_only_write_files_of_its_own(
    taken_over: Parser, targets: Targets, tmp_path: Path
) -> None:
    answer = asked(taken_over, tmp_path, targets.model_dump_json())
    assert isinstance(answer, Pages), answer
    doors, variables = json.loads(answer.text)
    assert doors == ["a-file"]
    assert "canary" not in str(variables)
    assert not Path(targets.outside).exists()


def test_a_child_that_is_taken_over_has_nothing_moved_that_is_not_its_own(
    taken_over: Parser, targets: Targets, tmp_path: Path
) -> None:
    answer = asked(taken_over, tmp_path, json.dumps({"move": targets.secret}))
    assert isinstance(answer, Pages), answer
    assert Path(targets.secret).read_bytes() == sandbox_probe.SECRET
    assert list((tmp_path / "members").iterdir()) == []


def test_a_child_that_is_taken_over_has_no_more_pages_asked_for_than_a_file_may_have(
    taken_over: Parser, tmp_path: Path
) -> None:
    most = ParseOptions().max_pages
    answer = asked(taken_over, tmp_path, json.dumps({"pages": most + 1}))
    assert isinstance(answer, ParseFailure)
    assert (answer.error, answer.count) == ("parser_crashed", 0)
    assert "makes no sense" in answer.message


def test_the_child_itself_holds_no_rights(tmp_path: Path) -> None:
    with Parser(Limits()) as parser:
        asked(parser, tmp_path, "words")
        status = Path(f"/proc/{parser.pid}/status").read_text()
        assert psutil.Process(parser.pid).num_threads() == 1
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (facts["Seccomp"], facts["NoNewPrivs"]) == ("2", "1")
    assert {int(facts[f"Cap{kind}"], 16) for kind in ("Prm", "Eff", "Inh", "Amb")} == {0}
