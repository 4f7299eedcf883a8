"""What tests on a cluster are given: the cluster, its stores, and the command line there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from s3_case import S3Server

from cluster.ray_cluster import RayCluster


@dataclass(frozen=True)
class OnCluster:
    """A cluster, the stores that its nodes know, and a folder of documents."""

    cluster: RayCluster
    endpoints: Mapping[str, str]
    s3: S3Server
    database_url: str
    folder: Path

    def start(
        self, *arguments: str, without: tuple[str, ...] = (), **more: str
    ) -> subprocess.Popen[str]:
        """Start `casegraph` with small stages on a machine of the cluster, as a person does."""
        environment = self.cluster.environment | self.endpoints | more
        return subprocess.Popen(
            [sys.executable, "-m", "faults.small_cli", *arguments],
            env={name: value for name, value in environment.items() if name not in without},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(
        self, *arguments: str, status: int = 0, without: tuple[str, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and hold it to its exit status."""
        process = self.start(*arguments, without=without, **more)
        try:
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
        assert process.returncode == status, f"{process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, status, out, err)

    def documents(self, count: int, under: str = "in") -> Path:
        """Write documents, each with a name of its own."""
        folder = self.folder / under
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number in range(count):
            words = f"Alice Moreno met Bob Number{number} in Paris."
            (folder / f"{number}.txt").write_text(words)
        return folder

    def rows(self, sql: str) -> list[tuple]:
        with psycopg2.connect(self.database_url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchall()
        connection.close()
        return found
