"""What the parser's child may read: what it is made of, wherever that is installed, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from malformed import real_files
from reading_case import request_for

import pipeline
from pipeline.documents import Pages
from pipeline.engines.parser import Parser
from pipeline.engines.parser_folder import ParserFolder
from pipeline.engines.parser_start import environment
from pipeline.settings import Limits

BESIDE = """
import sys
from pathlib import Path
from pipeline.engines import parser_child, sandbox
from pipeline.engines.parse_request import ChildLimits, ParseRequest
from pipeline.settings import Limits
own = Path(sys.argv[1])
sandbox.enter(ChildLimits.of(Limits()), own, own)
request = ParseRequest(path=str(own / "a.html"), name="a.html", media_type="text/html", folder="")
failure = parser_child.parse(request, print)
print(failure.error, failure.message)
"""


FOUND = "raise ImportError('the one beside was found')"


def page_read_beside(folder: Path, own: Path, library: str = FOUND) -> str:
    """Read a page by a copy of the package in `folder`, with a library of its own beside it."""
    (folder / "pipeline").symlink_to(Path(pipeline.__file__).parent)
    (folder / "inscriptis.py").write_text(library)
    (own / "a.html").write_text("<p>Ann Lee met Bob Ray.</p>")
    done = subprocess.run(
        [sys.executable, "-P", "-c", BESIDE, str(own)],
        env={"PATH": os.defpath, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("where", ["lib/site-packages", "lib/dist-packages", "vendored"])
def test_libraries_that_are_installed_beside_the_package_are_read(
    tmp_path: Path, where: str
) -> None:
    folder = tmp_path / where
    folder.mkdir(parents=True)
    if where == "vendored":
        (folder / "casegraph-0.1.0.dist-info").mkdir()
    (tmp_path / "own").mkdir()
    said = page_read_beside(folder, tmp_path / "own")
    assert said.startswith("parser_library ")
    assert "the one beside was found" in said


def test_a_library_that_is_closed_to_the_child_is_no_damaged_file(tmp_path: Path) -> None:
    """A working copy is closed, and what is put into it with it."""
    (tmp_path / "own").mkdir()
    said = page_read_beside(tmp_path, tmp_path / "own")
    assert said.startswith("parser_library ")
    assert "Permission denied" in said


def test_a_library_that_lacks_a_file_of_its_own_is_no_damaged_file(tmp_path: Path) -> None:
    folder, own = tmp_path / "site-packages", tmp_path / "own"
    folder.mkdir()
    own.mkdir()
    said = page_read_beside(folder, own, "open('/nonexistent/table')")
    assert said.startswith("parser_library ")
    assert "/nonexistent/table" in said


@pytest.fixture
def working_folder(tmp_path: Path) -> Path:
    """Give a folder with settings and a virtual environment of the packages that are here."""
    folder = tmp_path / "working"
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "here.pth").write_text(sysconfig.get_path("purelib"))
    (folder / "share").symlink_to(Path(sys.prefix) / "share")
    (folder / "casegraph.toml").write_text("here = 'settings'")
    return folder


def test_all_formats_are_read_by_a_virtual_environment_in_a_working_folder(
    working_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(working_folder / "bin" / "python"))
    with Parser(Limits()) as parser:
        for name, data in real_files().items():
            path = tmp_path / name
            path.write_bytes(data)
            members = tmp_path / f"{name}-members"
            members.mkdir()
            answer = parser.parse(request_for(path, members))
            assert isinstance(answer, Pages), (name, answer)
            assert answer.text.strip() or answer.members, name


TRIED = """
import sys
from pathlib import Path
from pipeline.engines import sandbox
from pipeline.engines.parse_request import ChildLimits
from pipeline.settings import Limits
assert Path(sys.prefix) == Path(sys.argv[1])
own = Path(sys.argv[2])
sandbox.enter(ChildLimits.of(Limits()), own, own)
working = Path(sys.prefix)
for action in ((working / "casegraph.toml").read_text, lambda: list(working.iterdir())):
    try:
        print(action() and "read")
    except PermissionError:
        print("closed")
"""


def test_what_lies_beside_a_virtual_environment_is_closed(working_folder: Path) -> None:
    folder = ParserFolder()
    done = subprocess.run(
        [working_folder / "bin" / "python", "-c", TRIED, working_folder, folder.arguments[1]],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    folder.close()
    assert done.stdout.split() == ["closed", "closed"], done.stderr
