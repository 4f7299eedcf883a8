"""`casegraph` as a person runs it: a process of its own, an empty home, real servers."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from faults import small_cli
from faults.local_run import ONE_EACH, in_threads
from faults.small_cli import ON_RAY
from faults.small_stages import SmallRules

from actors import driver
from actors.cli import main
from pipeline.assembly import registries

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "examples" / "corpus"


@dataclass(frozen=True)
class Casegraph:
    """The command line with an environment of its own."""

    environment: dict[str, str]
    folder: Path
    program: str = "actors.cli"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", self.program, *arguments],
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


carried_out = partial(in_threads, actors=ONE_EACH)


class CasegraphHere(Casegraph):
    """The same in this process, and runs without Ray: for what commands do with real stages, of
    which a run of its own needs seconds to start each.
    """

    def __call__(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and hold it to its exit status."""
        out, err = io.StringIO(), io.StringIO()
        with (
            self._as_a_process(*arguments),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
        said = out.getvalue(), err.getvalue()
        assert ended.value.code == status, f"{arguments} ended with {ended.value.code}\n{said}"
        return subprocess.CompletedProcess(arguments, status, *said)

    @contextmanager
    def _as_a_process(self, *arguments: str) -> Iterator[None]:
        """Set what a process would have of its own, for the length of the block."""
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["casegraph", *arguments])
            patch.setattr(driver, "run", partial(driver.run, carry_out=carried_out))
            yield


class SmallHere(CasegraphHere):
    """The same with small stages; what is started and left running is a process as ever."""

    @contextmanager
    def _as_a_process(self, *arguments: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch, super()._as_a_process(*arguments):
            patch.setattr(driver, "run", partial(driver.run, **small_cli.small()))
            patch.setattr(registries, "Rules", SmallRules)
            yield


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


@pytest.fixture
def here(casegraph: Casegraph) -> CasegraphHere:
    """Give the same command line in this process, without Ray."""
    return CasegraphHere(casegraph.environment, casegraph.folder)


@pytest.fixture
def small(casegraph: Casegraph) -> Casegraph:
    """Give a command line whose stages are small, and not on Ray: commands in this process."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = casegraph.environment | {"PYTHONPATH": path}
    return SmallHere(environment, casegraph.folder, "faults.small_cli")


@pytest.fixture
def small_on_ray(small: Casegraph) -> Casegraph:
    """Give a command line whose stages are small, each command a process, on Ray as ever."""
    return Casegraph(small.environment | {ON_RAY: "1"}, small.folder, small.program)


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

    @property
    def here(self) -> CasegraphHere:
        """Give its command line in this process."""
        return CasegraphHere(self.casegraph.environment, self.casegraph.folder)


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
