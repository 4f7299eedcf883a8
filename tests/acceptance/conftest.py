"""`casegraph` as a person runs it: a process of its own, an empty home, real servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "examples" / "corpus"


@dataclass(frozen=True)
class Casegraph:
    """The command line with an environment of its own."""

    environment: Mapping[str, str]
    folder: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "actors.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and hold it to its exit status."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=600)
        finally:
            process.kill()
        done = subprocess.CompletedProcess(arguments, process.returncode, out, err)
        assert done.returncode == status, f"{arguments} ended with {done.returncode}\n{out}\n{err}"
        return done

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with --json and read its one object."""
        return json.loads(self(*arguments, "--json", status=status).stdout)

    def json_lines(self, *arguments: str, status: int = 0) -> list[Any]:
        """Run a command with --json and read its lines."""
        lines = self(*arguments, "--json", status=status).stdout.splitlines()
        return [json.loads(line) for line in lines]


def clean_environment(**more: str) -> dict[str, str]:
    """Make an environment without what the person who runs the tests has set."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CASEGRAPH_")}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"} | more


@pytest.fixture
def casegraph(migrated_url: str, valkey_url: str, tmp_path: Path) -> Casegraph:
    """Give a command line whose stores are this test's own."""
    return Casegraph(
        clean_environment(
            CASEGRAPH_HOME=str(tmp_path / "home"),
            CASEGRAPH_DATABASE_URL=migrated_url,
            CASEGRAPH_REDIS_URL=valkey_url,
        ),
        tmp_path,
    )


@dataclass(frozen=True)
class Demo:
    """The example corpus, run once for all tests that read what comes out."""

    casegraph: Casegraph
    home: Path
    result: Mapping[str, Any]
    progress: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Give the environment in which its graph is found."""
        return self.casegraph.environment


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Run `examples/corpus` as `make demo` does: in an empty home, with embedded services."""
    home = Path(tempfile.mkdtemp(prefix="casegraph-demo-"))
    casegraph = Casegraph(clean_environment(CASEGRAPH_HOME=str(home)), ROOT)
    try:
        done = casegraph("run", "examples/corpus", "--project", "demo", "--json")
        yield Demo(casegraph, home, json.loads(done.stdout), done.stderr)
    finally:
        casegraph("services", "stop")
        shutil.rmtree(home)
