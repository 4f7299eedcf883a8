"""A whole run, as anybody starts it, over files that are malformed: what it opens, and who dies."""

from __future__ import annotations

import ipaddress
import json
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from faults.local_run import ONE_EACH
from malformed import malformed, real_files

from pipeline.stores import embedded_postgres, embedded_valkey
from tests.acceptance.conftest import Casegraph, clean_environment

FILES, SEED = 18, 8
PATIENT = 480.0
ERRORS = {"archive_bomb", "damaged", "empty_file", "encrypted", "parser_memory", "unsafe_xml",
          "unsupported_type"}  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home of the test's own, with a path that is short enough for sockets."""
    made = Path(tempfile.mkdtemp(prefix="casegraph-safe-"))
    yield made
    shutil.rmtree(made)


class Watched:
    """All processes that a run starts, what they listen on, and who works on documents."""

    def __init__(self, run: subprocess.Popen[str], home: Path) -> None:
        self._run, self._home = psutil.Process(run.pid), home
        self.listening: dict[str, set[str]] = defaultdict(set)
        self.stage_actors: set[int] = set()

    def look(self) -> None:
        """Note what there is now; what has gone meanwhile is passed over."""
        services = (embedded_postgres.running(self._home), embedded_valkey.running(self._home))
        for first in (self._run, *services):
            if first is None:
                continue
            with suppress(psutil.Error):
                for process in (first, *first.children(recursive=True)):
                    with suppress(psutil.Error):
                        self._note(process)

    def _note(self, process: psutil.Process) -> None:
        if not (words := process.cmdline()):
            return  # it has just ended
        name = words[0]
        if name.startswith("ray::StageActor"):
            self.stage_actors.add(process.pid)
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN or not connection.raddr:
                self.listening[connection.laddr.ip].add(name)


def is_loopback(place: str) -> bool:
    """Say whether only this machine reaches an address, also one of IPv4 that IPv6 writes."""
    address = ipaddress.ip_address(place)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def test_a_run_over_malformed_files_listens_to_nobody_else_and_loses_no_process(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, data in malformed(SEED, FILES):
        (folder / name).write_bytes(data)
    (folder / "good.txt").write_bytes(real_files()["votel-statement-on-keating.txt"])
    casegraph = Casegraph(
        clean_environment(
            CASEGRAPH_HOME=str(home),
            CASEGRAPH_RUN__ACTORS=json.dumps(ONE_EACH),
            CASEGRAPH_OCR__DPI="72",
        ),
        tmp_path,
    )
    try:
        with casegraph.start("run", str(folder), "--project", "p", "--json") as run:
            watched = Watched(run, home)
            try:
                late = time.monotonic() + PATIENT
                while run.poll() is None:
                    assert time.monotonic() < late, "the run does not end"
                    watched.look()
                    time.sleep(1)
                out, err = run.communicate()
            finally:
                run.kill()
        assert run.returncode == 3, err
        documents = json.loads(out)["documents"]
        failures = casegraph.json_lines("failures", "--project", "p")
    finally:
        casegraph("services", "stop")

    assert documents["completed"] >= 1
    assert sum(documents.values()) == documents["completed"] + documents["failed"]
    assert documents["failed"] == len(failures) > 0
    assert {row["error"] for row in failures} <= ERRORS, failures
    assert {row["attempts"] for row in failures} == {1}
    # One that died would have been started again, as another process.
    assert len(watched.stage_actors) == sum(ONE_EACH.values())

    assert watched.listening, "nothing was seen"
    assert {place for place in watched.listening if not is_loopback(place)} == set()
