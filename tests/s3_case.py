"""An S3 server that tests start, kill, pause and start again at the same address."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("s3_server.py")
START_SECONDS = 60
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class S3Server:
    """A process that serves S3. `objects` (bucket → key → bytes) are there whenever it starts;
    what clients write is lost when it is killed.
    """

    def __init__(self, folder: Path, objects: dict[str, dict[str, bytes]]) -> None:
        self._file = folder / "s3.json"
        self._process: subprocess.Popen[bytes] | None = None
        self.objects = objects
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until its port is open."""
        written = {
            bucket: {key: base64.b64encode(data).decode() for key, data in objects.items()}
            for bucket, objects in self.objects.items()
        }
        self._file.write_text(json.dumps(written))
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER), str(self.port), str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        late = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, "the S3 server ended"
            assert time.monotonic() < late, "the S3 server does not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )


@contextmanager
def serving(folder: Path, objects: dict[str, dict[str, bytes]]) -> Iterator[S3Server]:
    """Serve objects; the process is ended also when a test fails."""
    server = S3Server(folder, objects)
    try:
        server.start()
        yield server
    finally:
        server.kill()
